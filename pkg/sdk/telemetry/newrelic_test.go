package telemetry_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

func TestNewRelicNeedsAKey(t *testing.T) {
	const us, eu = "0123456789abcdef0123456789abcdef0123NRAL", "eu01xx0123456789abcdef0123456789abcdNRAL"
	tests := []struct {
		name, endpoint, headers string
		want                    error
	}{
		{"no headers", "https://otlp.nr-data.net", "", licensekey.ErrMissing},
		{"another header", "https://otlp.nr-data.net:4317", "x-api-key=" + us, licensekey.ErrMissing},
		{"short", "https://otlp.nr-data.net", "api-key=0123", licensekey.ErrMalformed},
		{"user key", "https://otlp.nr-data.net", "api-key=NRAK-0123456789", licensekey.ErrMalformed},
		{"wrong region", "https://otlp.eu01.nr-data.net", "api-key=" + us, licensekey.ErrRegion},
		{"no scheme", "otlp.nr-data.net:4317", "", licensekey.ErrMissing},
		{"fits", "https://otlp.eu01.nr-data.net", "other=1, Api-Key = " + eu, nil},
		{"a collector", "http://127.0.0.1:1", "", nil},
	}
	for _, tt := range tests {
		for _, how := range []string{"variable", "option"} {
			if how == "option" && !strings.Contains(tt.endpoint, "://") {
				continue
			}
			t.Run(tt.name+"/"+how, func(t *testing.T) {
				clearEnvironment(t)
				t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", tt.headers)
				t.Setenv("OTEL_TRACES_SAMPLER", "always_off") // nothing may leave
				opts := []telemetry.Option{telemetry.WithServiceName("test"), telemetry.WithoutGlobals(), telemetry.WithoutMetrics()}
				if how == "variable" {
					t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", tt.endpoint)
				} else {
					opts = append(opts, telemetry.WithEndpoint(tt.endpoint))
				}
				sdk, err := telemetry.Start(t.Context(), opts...)
				if !errors.Is(err, tt.want) {
					t.Fatalf("Start: %v, want %v", err, tt.want)
				}
				if err != nil && (sdk != nil || strings.Contains(err.Error(), "0123")) {
					t.Errorf("an SDK beside an error, or a key in it: %v", err)
				}
				if err := sdk.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
