package telemetry

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

// signal is one kind of telemetry, with the names that OTLP has for it.
type signal struct {
	name     string // in log lines
	path     string // of OTLP/HTTP below the base URL
	variable string // the part of OTEL_EXPORTER_OTLP_…_ENDPOINT and the like
}

var (
	traces  = signal{name: "traces", path: "v1/traces", variable: "TRACES"}
	metrics = signal{name: "metrics", path: "v1/metrics", variable: "METRICS"}
	logs    = signal{name: "logs", path: "v1/logs", variable: "LOGS"}
)

// setting returns the signal's own variable, else the one for all signals:
// setting("PROTOCOL") reads OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, then
// OTEL_EXPORTER_OTLP_PROTOCOL.
func (s signal) setting(name string) string {
	return firstVariable("OTEL_EXPORTER_OTLP_"+s.variable+"_"+name, "OTEL_EXPORTER_OTLP_"+name)
}

// protocol is how OTLP travels.
type protocol string

const (
	protocolGRPC protocol = "grpc"
	protocolHTTP protocol = "http/protobuf"
)

// protocolOf returns the signal's protocol. One that is not supported is an
// error beside the nearest one that is.
func protocolOf(s signal) (protocol, error) {
	switch p := protocol(s.setting("PROTOCOL")); p {
	case "", protocolGRPC:
		return protocolGRPC, nil
	case protocolHTTP:
		return protocolHTTP, nil
	case "http/json":
		return protocolHTTP, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL: %s is not supported; %s is used", p, protocolHTTP)
	default:
		return protocolGRPC, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL: unknown protocol %q; known are grpc and http/protobuf", p)
	}
}

// defaultEndpoints are the specification's. Their scheme says: without TLS.
var defaultEndpoints = map[protocol]string{
	protocolGRPC: "http://localhost:4317",
	protocolHTTP: "http://localhost:4318",
}

// endpointOf returns the URL that the signal goes to, for HTTP with its path.
// The error is for the option alone: Start returns it.
func endpointOf(c *config, s signal, p protocol) (*url.URL, error) {
	if c.endpoint != "" {
		if _, err := parseEndpoint(c.endpoint); err != nil {
			return nil, fmt.Errorf("WithEndpoint: %w", err)
		}
	}
	own := variable("OTEL_EXPORTER_OTLP_" + s.variable + "_ENDPOINT")
	base := prefer(c, variable("OTEL_EXPORTER_OTLP_ENDPOINT"), c.endpoint)
	if own != "" && (c.endpoint == "" || !c.withoutGlobals) {
		return endpointFromVariable(own, p)
	}
	u, err := endpointFromVariable(cmp.Or(base, defaultEndpoints[p]), p)
	if err == nil && p == protocolHTTP {
		u = u.JoinPath(s.path)
	}
	return u, err
}

// endpointFromVariable is parseEndpoint, but it lets pass what operators write
// and the specification does not allow: host:port without a scheme, which is
// without TLS on this machine or when OTEL_EXPORTER_OTLP_INSECURE says so.
func endpointFromVariable(text string, p protocol) (*url.URL, error) {
	if p == protocolGRPC && strings.HasPrefix(text, "unix:") {
		return url.Parse(text)
	}
	if !strings.Contains(text, "://") {
		scheme := "https://"
		if variableTrue("OTEL_EXPORTER_OTLP_INSECURE") || isLoopback(text) {
			scheme = "http://"
		}
		text = scheme + text
	}
	return parseEndpoint(text)
}

func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		// The parser's error holds the text, which may hold a password.
		return nil, errors.New("the endpoint is not a URL; write one like http://localhost:4317")
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("endpoint %s: want a URL that starts with http:// or https://", u.Redacted())
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("endpoint %s: the host is missing", u.Redacted())
	}
	return u, nil
}

// isLoopback reports whether host[:port] is this machine.
func isLoopback(hostport string) bool {
	u, err := url.Parse("//" + hostport)
	if err != nil {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return err == nil && addr.IsLoopback()
}

// checkNewRelic returns an error when the endpoint is New Relic's own and the
// api-key header that the exporter will send cannot be accepted there. New
// Relic would answer each export with 401 or 403, for which there is no retry.
func checkNewRelic(s signal, endpoint *url.URL) error {
	if !licensekey.IsNewRelic(endpoint.Host) {
		return nil
	}
	if err := licensekey.Check(headerValue(s.setting("HEADERS"), "api-key"), endpoint.Host); err != nil {
		return fmt.Errorf("%s to %s: %w; set OTEL_EXPORTER_OTLP_HEADERS=api-key=<ingest license key>", s.name, endpoint.Host, err)
	}
	return nil
}

// headerValue returns one header of the list in OTEL_EXPORTER_OTLP_HEADERS:
// name=value pairs between commas, values URL-escaped.
func headerValue(list, name string) string {
	value := ""
	for _, pair := range strings.Split(list, ",") {
		k, v, _ := strings.Cut(pair, "=")
		if !strings.EqualFold(strings.TrimSpace(k), name) {
			continue
		}
		if unescaped, err := url.PathUnescape(v); err == nil {
			value = strings.TrimSpace(unescaped)
		}
	}
	return value
}
