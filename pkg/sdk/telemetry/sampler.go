package telemetry

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/sampling"
	"github.com/bragg-tracing/bragg/pkg/sdk/sigv4"
	"github.com/bragg-tracing/bragg/pkg/sdk/xrayudp"
)

const samplerVariable = "OTEL_TRACES_SAMPLER"

// newSampler returns the sampler that environment and options name. One that
// talks to X-Ray is also returned as remote: the SDK shuts it down.
//
// All samplers honour what an X-Amzn-Trace-Id header says of the decision, see
// the package sampling.
func newSampler(c *config, r *resource.Resource) (s sdktrace.Sampler, remote *sampling.Remote, err error) {
	name := variable(samplerVariable)
	if name == "" || c.withoutGlobals && (c.sampler != nil || c.xraySampling) {
		switch {
		case c.xraySampling:
			return xraySampler(c, r, samplerArgument(c), c.samplingOptions...)
		case c.sampler != nil:
			return sampling.Deferring(c.sampler), nil, nil
		}
		return sampling.ParentBased(sdktrace.AlwaysSample()), nil, nil
	}
	// A remote sampler follows its caller by either name, as those of AWS in
	// other languages do: else it would cut traces apart.
	if name == "xray" || name == "parentbased_xray" {
		return xraySampler(c, r, samplerArgument(c))
	}
	root, problem := namedSampler(strings.TrimPrefix(name, "parentbased_"))
	c.warn(problem)
	if root == nil {
		return sampling.ParentBased(sdktrace.AlwaysSample()), nil, nil
	}
	if strings.HasPrefix(name, "parentbased_") {
		root = sampling.ParentBased(root)
	}
	return root, nil, nil
}

// namedSampler returns one of the specification's samplers, nil for a name
// that it does not know.
func namedSampler(name string) (sdktrace.Sampler, error) {
	switch name {
	case "always_on":
		return sdktrace.AlwaysSample(), nil
	case "always_off":
		return sdktrace.NeverSample(), nil
	case "traceidratio":
		text := variable(samplerVariable + "_ARG")
		ratio, err := strconv.ParseFloat(cmp.Or(text, "1"), 64)
		if err != nil || !(ratio >= 0 && ratio <= 1) {
			return sdktrace.TraceIDRatioBased(1), fmt.Errorf("%s_ARG: %q is not a number from 0 to 1; 1 is used", samplerVariable, text)
		}
		return sdktrace.TraceIDRatioBased(ratio), nil
	}
	return nil, fmt.Errorf("%s: unknown sampler %q; known are always_on, always_off, traceidratio and xray, also with parentbased_ before them; "+
		"parentbased_always_on is used", samplerVariable, name)
}

// xraySampler starts a sampler by X-Ray's rules. It asks, in this order of
// preference, the endpoint of the argument, the daemon of
// AWS_XRAY_DAEMON_ADDRESS, and the collector on this machine; X-Ray itself gets
// signed requests. Options given come after these.
func xraySampler(c *config, r *resource.Resource, argument sampling.Argument, opts ...sampling.Option) (sdktrace.Sampler, *sampling.Remote, error) {
	if argument.Endpoint == "" {
		if tcp, err := xrayudp.TCPAddress(variable("AWS_XRAY_DAEMON_ADDRESS")); err == nil {
			argument.Endpoint = "http://" + tcp
		}
	}
	base := append(argument.Options(), sampling.WithResource(r), sampling.WithLogger(c.logger))
	if region, is := xrayRegion(argument.Endpoint); is {
		transport := sigv4.NewTransport(newTransport(), "xray", region, c.awsCredentials())
		base = append(base, sampling.WithHTTPClient(&http.Client{Transport: transport}))
	}
	remote, err := sampling.NewRemote(append(base, opts...)...)
	if err != nil {
		return nil, nil, err
	}
	return sampling.ParentBased(remote), remote, nil
}

// samplerArgument is the argument of the sampler xray, not another's.
func samplerArgument(c *config) sampling.Argument {
	if name := variable(samplerVariable); name != "" && !strings.HasSuffix(name, "xray") {
		return sampling.Argument{}
	}
	argument, err := sampling.ParseArgument(variable(samplerVariable + "_ARG"))
	if err != nil {
		c.warn(fmt.Errorf("%s_ARG: %w", samplerVariable, err))
	}
	return argument
}

// xrayRegion returns the region of an endpoint of X-Ray's own, such as
// https://xray.eu-west-1.amazonaws.com.
func xrayRegion(endpoint string) (string, bool) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", false
	}
	host, aws := strings.CutSuffix(strings.TrimSuffix(u.Hostname(), ".cn"), ".amazonaws.com")
	_, region, _ := strings.Cut(host, ".")
	return cmp.Or(region, sigv4.Region()), aws
}
