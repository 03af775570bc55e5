package telemetry_test

import (
	"strings"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

// TestConfigFileNeedsAnImport is the half without the import; the other is in
// the module telemetry/otelconf.
func TestConfigFileNeedsAnImport(t *testing.T) {
	clearEnvironment(t)
	t.Setenv("OTEL_CONFIG_FILE", "otel.yaml")
	sdk, err := telemetry.Start(t.Context(), telemetry.WithoutGlobals())
	if err == nil || !strings.Contains(err.Error(), `_ "github.com/bragg-tracing/bragg/pkg/sdk/telemetry/otelconf"`) {
		t.Errorf("error: %v", err)
	}
	if err := sdk.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
