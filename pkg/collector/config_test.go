package collector

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/bragg-tracing/bragg/pkg/collector/adot"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

const repositoryConfig = "../../otel-collector.yaml"

func TestDefaultConfigIsTheRepositorysFile(t *testing.T) {
	file, err := os.ReadFile(repositoryConfig)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(file), DefaultConfig); diff != "" {
		t.Errorf("run `go generate ./pkg/collector` (-%s +embedded):\n%s", repositoryConfig, diff)
	}
}

// resolve returns otel-collector.yaml with the variables substituted.
func resolve(t *testing.T, env map[string]string) (*confmap.Conf, error) {
	t.Helper()
	set := settings(env, "file:"+repositoryConfig).ConfigProviderSettings.ResolverSettings
	resolver, err := confmap.NewResolver(set)
	if err != nil {
		t.Fatal(err)
	}
	return resolver.Resolve(context.Background())
}

var (
	xrayOff     = map[string]string{"BRAGG_XRAY_EXPORTERS": "[debug/off]"}
	newrelicOn  = map[string]string{"BRAGG_NEWRELIC_EXPORTERS": "[otlp_http/newrelic]", "NEW_RELIC_LICENSE_KEY": licensekey.Local}
	allBlank    = map[string]string{}
	allReal     = map[string]string{"BRAGG_XRAY_ENDPOINT": "https://xray.eu-west-1.amazonaws.com", "AWS_REGION": "eu-west-1"}
	bothSwapped = map[string]string{"BRAGG_XRAY_EXPORTERS": "[debug/off]", "BRAGG_NEWRELIC_EXPORTERS": "[otlp_http/newrelic]", "NEW_RELIC_LICENSE_KEY": licensekey.Local}
)

func init() {
	for _, name := range []string{
		"BRAGG_XRAY_EXPORTERS", "BRAGG_NEWRELIC_EXPORTERS", "BRAGG_XRAY_ENDPOINT", "BRAGG_NEWRELIC_ENDPOINT",
		"AWS_REGION", "NEW_RELIC_LICENSE_KEY", "BRAGG_BIND", "BRAGG_OTLP_GRPC_PORT", "BRAGG_OTLP_HTTP_PORT",
		"BRAGG_DAEMON_PORT", "BRAGG_HEALTH_PORT", "BRAGG_METRICS_PORT", "BRAGG_LOG_LEVEL",
	} {
		allBlank[name] = ""
	}
}

func TestBackendsAreSwitchedByVariables(t *testing.T) {
	const on, off = "awsxray", "debug/off"
	tests := []struct {
		name           string
		env            map[string]string
		xray, newrelic string
		endpoint       string
	}{
		{"nothing set", nil, on, off, "http://127.0.0.1:2080"},
		{"all blank", allBlank, on, off, "http://127.0.0.1:2080"},
		{"X-Ray off", xrayOff, off, off, "http://127.0.0.1:2080"},
		{"both", newrelicOn, on, "otlp_http/newrelic", "http://127.0.0.1:2080"},
		{"New Relic alone", bothSwapped, off, "otlp_http/newrelic", "http://127.0.0.1:2080"},
		{"real X-Ray", allReal, on, off, "https://xray.eu-west-1.amazonaws.com"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conf, err := resolve(t, tt.env)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]any{}
			for _, p := range []string{"traces/xray", "traces/newrelic", "metrics/newrelic", "logs/newrelic"} {
				got[p] = conf.Get("service::pipelines::" + p + "::exporters")
			}
			got["endpoint"] = conf.Get("exporters::awsxray::endpoint")
			want := map[string]any{
				"traces/xray": []any{tt.xray}, "traces/newrelic": []any{tt.newrelic},
				"metrics/newrelic": []any{tt.newrelic}, "logs/newrelic": []any{tt.newrelic},
				"endpoint": tt.endpoint,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			dryRun(t, tt.env)
		})
	}
}

// dryRun lets the collector itself check the configuration.
func dryRun(t *testing.T, env map[string]string) {
	t.Helper()
	t.Setenv("AWS_REGION", "") // otherwise from the environment of the tests
	c, err := otelcol.NewCollector(settings(env, "file:"+repositoryConfig))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.DryRun(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLicenseKeyIsCheckedBeforeStart(t *testing.T) {
	tests := []struct {
		name, key, endpoint, want string
	}{
		{"none", "", "", "api-key is empty"},
		{"too short", "abc", "", "it has 3 characters"},
		{"a user key", "NRAK-ABCDEFGHIJKLMNOPQRSTUVWXYZ0", "", "user key"},
		{"of another region", "eu01xx" + strings.Repeat("0", 30) + "NRAL", "https://otlp.nr-data.net", "region"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := map[string]string{
				"BRAGG_NEWRELIC_EXPORTERS": "[otlp_http/newrelic]",
				"NEW_RELIC_LICENSE_KEY":    tt.key, "BRAGG_NEWRELIC_ENDPOINT": tt.endpoint,
			}
			_, err := resolve(t, env)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "NEW_RELIC_LICENSE_KEY") {
				t.Fatalf("got error %v, want one about %q that names NEW_RELIC_LICENSE_KEY", err, tt.want)
			}
			if tt.key != "" && len(tt.key) > 5 && strings.Contains(err.Error(), tt.key) {
				t.Errorf("the error shows the key: %v", err)
			}
			env["BRAGG_NEWRELIC_EXPORTERS"] = "[debug/off]"
			if _, err := resolve(t, env); err != nil {
				t.Errorf("with New Relic off no key is needed, got %v", err)
			}
		})
	}
}

// TestOverlaysAreValid checks what deploy/collector puts on top of
// otel-collector.yaml.
func TestOverlaysAreValid(t *testing.T) {
	overlays, err := filepath.Glob("../../deploy/collector/*.yaml")
	if err != nil || len(overlays) == 0 {
		t.Fatalf("no overlays: %v", err)
	}
	for _, overlay := range overlays {
		t.Run(filepath.Base(overlay), func(t *testing.T) {
			env := map[string]string{"BRAGG_QUEUE_DIR": t.TempDir()}
			c, err := otelcol.NewCollector(settings(env, "file:"+repositoryConfig, "file:"+overlay))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.DryRun(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestADOTKnowsEverything proves that otel-collector.yaml, and the overlay that
// is meant for ADOT, can start there: they name no component and no key that
// ADOT does not have.
func TestADOTKnowsEverything(t *testing.T) {
	file, err := os.ReadFile(repositoryConfig)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := os.ReadFile("../../deploy/collector/adot-durable.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range append(unknownToADOT(t, file), unknownToADOT(t, overlay)...) {
		t.Error(problem)
	}
	for name, mistake := range map[string][2]string{
		"component ADOT lacks":           {"  memory_limiter:\n", "  transform:\n    x: 1\n  memory_limiter:\n"},
		"key ADOT's awsxray lacks":       {"    max_retries: 5\n", "    sending_queue: {enabled: true}\n"},
		"empty default of an endpoint":   {"BRAGG_XRAY_ENDPOINT:-http://127.0.0.1:2080", "BRAGG_XRAY_ENDPOINT:-"},
		"connectors, which ADOT has not": {"extensions:\n  health_check:", "connectors: {forward: {}}\nextensions:\n  health_check:"},
	} {
		broken := strings.ReplaceAll(string(file), mistake[0], mistake[1])
		if broken == string(file) || len(unknownToADOT(t, []byte(broken))) == 0 {
			t.Errorf("a deliberate mistake (%s) was not found", name)
		}
	}
}

func unknownToADOT(t *testing.T, file []byte) []string {
	t.Helper()
	problems, err := adot.Problems(file)
	if err != nil {
		t.Fatal(err)
	}
	return problems
}
