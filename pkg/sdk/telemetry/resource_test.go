package telemetry_test

import (
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

func TestServiceIdentity(t *testing.T) {
	tests := []struct {
		name           string
		withoutGlobals bool
		option         string
		serviceName    string // OTEL_SERVICE_NAME
		attributes     string // OTEL_RESOURCE_ATTRIBUTES
		want           map[attribute.Key]string
	}{
		{name: "nothing", want: map[attribute.Key]string{"service.name": "unknown_service:"}},
		{name: "option", option: "code", want: map[attribute.Key]string{"service.name": "code", "team": "code"}},
		{name: "variable over option", option: "code", serviceName: "env", attributes: "team=env,service.version=9",
			want: map[attribute.Key]string{"service.name": "env", "team": "env", "service.version": "9"}},
		{name: "name over attributes", serviceName: "env", attributes: "service.name=other", want: map[attribute.Key]string{"service.name": "env"}},
		{name: "name in attributes", attributes: "service.name=env", want: map[attribute.Key]string{"service.name": "env"}},
		{name: "option over variable without globals", withoutGlobals: true, option: "code", serviceName: "env", attributes: "team=env,zone=env",
			want: map[attribute.Key]string{"service.name": "code", "team": "code", "zone": "env", "service.version": "1"}},
		{name: "variable fills in without globals", withoutGlobals: true, serviceName: "env", want: map[attribute.Key]string{"service.name": "env"}},
		{name: "malformed attributes", option: "code", attributes: "team", want: map[attribute.Key]string{"service.name": "code"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			t.Setenv("OTEL_SERVICE_NAME", tt.serviceName)
			t.Setenv("OTEL_RESOURCE_ATTRIBUTES", tt.attributes)
			t.Setenv("OTEL_TRACES_EXPORTER", "none")
			var log logBuffer
			opts := []telemetry.Option{telemetry.WithoutMetrics(), telemetry.WithServiceVersion("1"), telemetry.WithLogger(log.logger()), nil}
			if tt.option != "" {
				opts = append(opts, telemetry.WithServiceName(tt.option), telemetry.WithResourceAttributes(attribute.String("team", tt.option)))
			}
			if tt.withoutGlobals {
				opts = append(opts, telemetry.WithoutGlobals())
			}
			sdk, err := telemetry.Start(t.Context(), opts...)
			if err != nil {
				t.Fatal(err)
			}
			defer sdk.Shutdown(t.Context())
			for key, want := range tt.want {
				got, _ := sdk.Resource().Set().Value(key)
				if !strings.HasPrefix(got.AsString(), want) {
					t.Errorf("%s = %q, want %q", key, got.AsString(), want)
				}
			}
			if unnamed := strings.Contains(log.String(), "no name"); unnamed != (tt.name == "nothing") {
				t.Errorf("log:\n%s", &log)
			}
		})
	}
}

func TestEndpointRule(t *testing.T) {
	tests := []struct {
		name           string
		withoutGlobals bool
		base, own      bool // set OTEL_EXPORTER_OTLP_ENDPOINT, …_TRACES_ENDPOINT
		want           string
	}{
		{name: "option", want: "option"},
		{name: "variable", base: true, want: "base"},
		{name: "signal's variable", base: true, own: true, want: "own"},
		{name: "option without globals", withoutGlobals: true, base: true, own: true, want: "option"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			option, base, own := startGRPCCollector(t), startGRPCCollector(t), startGRPCCollector(t)
			if tt.base {
				// Operators leave the scheme out; on this machine that works.
				t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", strings.TrimPrefix(base.url, "http://"))
			}
			if tt.own {
				t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", own.url)
			}
			opts := []telemetry.Option{telemetry.WithServiceName("test"), telemetry.WithoutMetrics(), telemetry.WithEndpoint(option.url)}
			if tt.withoutGlobals {
				opts = append(opts, telemetry.WithoutGlobals())
			}
			sdk, err := telemetry.Start(t.Context(), opts...)
			if err != nil {
				t.Fatal(err)
			}
			endSpans(sdk, 1)
			if err := sdk.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			for name, c := range map[string]*collector{"option": option, "base": base, "own": own} {
				if got := len(c.spans()) == 1; got != (name == tt.want) {
					t.Errorf("%s has %d spans, they belong to %s", name, len(c.spans()), tt.want)
				}
			}
		})
	}
}

func TestMalformedEndpointIsRefused(t *testing.T) {
	for _, endpoint := range []string{"localhost:4317", "ftp://localhost", "http://", "http://%zz", "/path"} {
		t.Run(endpoint, func(t *testing.T) {
			clearEnvironment(t)
			sdk, err := telemetry.Start(t.Context(), telemetry.WithServiceName("test"), telemetry.WithEndpoint(endpoint))
			if err == nil || sdk != nil || !strings.Contains(err.Error(), "WithEndpoint") {
				t.Errorf("Start: %v, %v", sdk, err)
			}
		})
	}
}
