package telemetry_test

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

// TestNoKeyIsLogged: a backend that refuses a key may show it in its answer.
// Nothing of what the SDK logs or returns does.
func TestNoKeyIsLogged(t *testing.T) {
	const key = "feed01cafe23babe45dead67beef89f00d0aNRAL"
	refuse := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		given := r.Header.Get("api-key") + r.Header.Get("authorization")
		fmt.Fprintf(w, "refused: %s, base64 %s", given, base64.StdEncoding.EncodeToString([]byte(given)))
	}))
	defer refuse.Close()
	tests := []struct {
		name      string
		variables map[string]string
	}{
		{"exporter newrelic", map[string]string{
			"OTEL_TRACES_EXPORTER": "newrelic", "OTEL_METRICS_EXPORTER": "newrelic", "OTEL_LOGS_EXPORTER": "newrelic",
			"NEW_RELIC_LICENSE_KEY": key, "BRAGG_NEWRELIC_ENDPOINT": refuse.URL,
		}},
		{"exporter otlp with a key", map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf", "OTEL_EXPORTER_OTLP_HEADERS": "api-key=" + key}},
		{"exporter otlp with a token", map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "authorization=Bearer%20" + key}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			for name, value := range tt.variables {
				t.Setenv(name, value)
			}
			var log logBuffer
			sdk := start(t, telemetry.WithEndpoint(refuse.URL), telemetry.WithLogger(
				slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.Level(-16)}))))
			endSpans(sdk, 1)
			count(t, sdk)
			emit(sdk, "hello")
			err := sdk.Flush(t.Context())
			said := log.String() + fmt.Sprint(err)
			if !strings.Contains(said, "403") || err == nil {
				t.Fatalf("it shows nothing: %s, %v", said, err)
			}
			for _, secret := range []string{key, key[:8], key[8:], base64.StdEncoding.EncodeToString([]byte(key))[:20]} {
				if strings.Contains(said, secret) {
					t.Errorf("%q is in\n%s", secret, said)
				}
			}
		})
	}
}
