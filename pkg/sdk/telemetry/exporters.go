package telemetry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/internal/chunk"
	"github.com/bragg-tracing/bragg/pkg/sdk/internal/upload"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
	"github.com/bragg-tracing/bragg/pkg/sdk/sigv4"
	"github.com/bragg-tracing/bragg/pkg/sdk/xrayudp"
)

// Exporters that OTEL_TRACES_EXPORTER and WithExporters name; metrics and logs
// have otlp, newrelic and console.
const (
	exporterOTLP     = "otlp"
	exporterXRay     = "xray"
	exporterNewRelic = "newrelic"
	exporterXRayUDP  = "xrayudp"
	exporterConsole  = "console"
	exporterNone     = "none"
)

// exportersOf returns the exporters that a signal can have.
func exportersOf(s signal) []string {
	if s == traces {
		return []string{exporterOTLP, exporterXRay, exporterNewRelic, exporterXRayUDP, exporterConsole, exporterNone}
	}
	return []string{exporterOTLP, exporterNewRelic, exporterConsole, exporterNone}
}

// exporterNames returns the exporters that OTEL_…_EXPORTER or the option names,
// each once, nothing for none. Names that it does not know it returns as
// errors; where it knows none of them the setting is as good as not made:
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#enum
func exporterNames(c *config, s signal) (names []string, errs []error) {
	source := "OTEL_" + s.variable + "_EXPORTER"
	list := variableList(source)
	if s == traces && len(c.exporters) > 0 && (len(list) == 0 || c.withoutGlobals) {
		list, source = c.exporters, "WithExporters"
	}
	if len(list) == 0 {
		list = []string{exporterOTLP}
	}
	known := exportersOf(s)
	for _, name := range list {
		switch {
		case name == exporterNone:
			return nil, nil
		case !slices.Contains(known, name):
			errs = append(errs, fmt.Errorf("%s: unknown exporter %q; known are %s", source, name, strings.Join(known, ", ")))
		case !slices.Contains(names, name):
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		names = []string{exporterOTLP}
		errs = append(errs, fmt.Errorf("%s names no exporter that is known: exporting by %s", source, exporterOTLP))
	}
	return names, errs
}

// newSpanExporter makes one exporter. None connects before the first export.
func newSpanExporter(ctx context.Context, name string, p *plan, c *config, r *resource.Resource) (sdktrace.SpanExporter, error) {
	switch name {
	case exporterXRay:
		return newXRayExporter(c, r)
	case exporterNewRelic:
		return newNewRelicSpanExporter(p.newRelic), nil
	case exporterXRayUDP:
		return xrayudp.New("")
	case exporterConsole:
		return stdouttrace.New(stdouttrace.WithWriter(os.Stdout))
	}
	return newOTLPSpanExporter(ctx, p.traces.destination)
}

// Limits of X-Ray's OTLP endpoint.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html
var xrayLimits = chunk.Limits{Bytes: 5_000_000, Spans: 10_000, SpanBytes: 200_000}

var errNoRegion = errors.New("no region: set AWS_REGION")

// newXRayExporter exports to X-Ray's OTLP endpoint in the region that AWS_REGION
// or the resource names. AWS_ENDPOINT_URL_XRAY puts another base URL in its
// place, as in the AWS SDKs.
func newXRayExporter(c *config, r *resource.Resource) (sdktrace.SpanExporter, error) {
	detected, _ := r.Set().Value("cloud.region")
	region := cmp.Or(sigv4.Region(), detected.AsString())
	if region == "" {
		return nil, errNoRegion
	}
	base := cmp.Or(variable("AWS_ENDPOINT_URL_XRAY"), sigv4.Endpoint("xray", region))
	u, err := parseEndpoint(base)
	if err != nil {
		return nil, fmt.Errorf("AWS_ENDPOINT_URL_XRAY: %w", err)
	}
	return upload.New(upload.Target{
		URL:    u.JoinPath("v1/traces").String(),
		Client: &http.Client{Transport: sigv4.NewTransport(newTransport(), "xray", region, c.awsCredentials())},
		Limits: xrayLimits,
	}), nil
}

// newRelicLimits are those of a POST.
// https://docs.newrelic.com/docs/opentelemetry/best-practices/opentelemetry-otlp/
var newRelicLimits = chunk.Limits{Bytes: 1_000_000}

// newRelic is where exports to New Relic go.
type newRelic struct {
	base string // URL
	key  string // license key
}

// newNewRelic reads the license key and takes the endpoint of its region.
// BRAGG_NEWRELIC_ENDPOINT puts another in its place, such as a local sink's.
func newNewRelic() (newRelic, error) {
	key := variable("NEW_RELIC_LICENSE_KEY")
	base := variable("BRAGG_NEWRELIC_ENDPOINT")
	if base == "" {
		region, _ := licensekey.RegionOf(key)
		base = cmp.Or(licensekey.OTLPEndpoint(region), licensekey.OTLPEndpoint(licensekey.US))
	}
	u, err := parseEndpoint(base)
	if err != nil {
		return newRelic{}, fmt.Errorf("BRAGG_NEWRELIC_ENDPOINT: %w", err)
	}
	if err := licensekey.Check(key, u.Host); err != nil {
		return newRelic{}, fmt.Errorf("exporter newrelic: %w; set NEW_RELIC_LICENSE_KEY=<ingest license key>", err)
	}
	return newRelic{strings.TrimRight(u.String(), "/"), key}, nil
}

// url returns the address of a signal.
func (n newRelic) url(s signal) string { return n.base + "/" + s.path }

func newNewRelicSpanExporter(n newRelic) sdktrace.SpanExporter {
	return upload.New(upload.Target{
		URL:    n.url(traces),
		Header: http.Header{"Api-Key": {n.key}},
		Client: &http.Client{Transport: newTransport()},
		Limits: newRelicLimits,
	})
}

// newTransport returns connections of one exporter's own: they end with it, and
// nobody traces them.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		MaxIdleConns:          4,
		IdleConnTimeout:       time.Minute,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		ForceAttemptHTTP2:     true,
	}
}
