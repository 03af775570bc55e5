package deploy

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

// A deployment is the text of the files that belong together, so that a test
// can put a mistake into one of them.
type deployment struct {
	root       string // what the paths in compose are relative to
	compose    string
	awsProfile string // the overlay
	envExample string
	collector  string
}

func readDeployment(t *testing.T) deployment {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	read := func(path string) string {
		content, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	return deployment{
		root:       root,
		compose:    read("docker-compose.yml"),
		awsProfile: read("deploy/docker/compose.aws-profile.yaml"),
		envExample: read(".env.example"),
		collector:  read("otel-collector.yaml"),
	}
}

func (d deployment) details(env map[string]string, overlays ...string) types.ConfigDetails {
	details := types.ConfigDetails{WorkingDir: d.root, Environment: types.Mapping{"HOME": d.root}}
	for i, content := range append([]string{d.compose}, overlays...) {
		name := filepath.Join(d.root, "docker-compose.yml")
		if i > 0 {
			name = filepath.Join(d.root, "deploy", "docker", "overlay.yaml")
		}
		details.ConfigFiles = append(details.ConfigFiles, types.ConfigFile{Filename: name, Content: []byte(content)})
	}
	maps.Copy(details.Environment, env)
	return details
}

// load reads the compose file as `docker compose` does, with nothing in the
// environment but env. A key that compose does not know is an error.
func (d deployment) load(env map[string]string, overlays ...string) (*types.Project, error) {
	return loader.LoadWithContext(context.Background(), d.details(env, overlays...))
}

// variables returns every variable of the compose file and of the overlay.
func (d deployment) variables() (map[string]template.Variable, error) {
	found := map[string]template.Variable{}
	// The overlay removes some, so the compose file is read without it as well.
	for _, overlays := range [][]string{nil, {d.awsProfile}} {
		model, err := loader.LoadModelWithContext(context.Background(), d.details(nil, overlays...),
			func(o *loader.Options) { o.SkipInterpolation = true; o.SkipResolveEnvironment = true })
		if err != nil {
			return nil, err
		}
		maps.Copy(found, template.ExtractVariables(model, template.DefaultPattern))
	}
	return found, nil
}

func (d deployment) mustLoad(t *testing.T, env map[string]string, overlays ...string) *types.Project {
	t.Helper()
	project, err := d.load(env, overlays...)
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func TestCompose(t *testing.T) {
	d := readDeployment(t)
	for name, check := range composeChecks {
		t.Run(name, func(t *testing.T) {
			for _, problem := range check(d) {
				t.Error(problem)
			}
		})
	}
}

// TestComposeChecksFindMistakes makes one mistake at a time. Each check must
// find the ones that are its own.
func TestComposeChecksFindMistakes(t *testing.T) {
	found := map[string]bool{}
	for name, m := range mistakes {
		t.Run(name, func(t *testing.T) {
			d := readDeployment(t)
			file := map[string]*string{"compose": &d.compose, "env": &d.envExample, "collector": &d.collector}[m.file]
			if strings.Count(*file, m.old) == 0 {
				t.Fatalf("%s has no %q to make a mistake of", m.file, m.old)
			}
			*file = strings.Replace(*file, m.old, m.new, 1)
			problems := composeChecks[m.check](d)
			if !strings.Contains(strings.Join(problems, "\n"), m.want) {
				t.Errorf("problems %q, want one with %q", problems, m.want)
			}
		})
		found[m.check] = true
	}
	for name := range composeChecks {
		if !found[name] {
			t.Errorf("no mistake proves that the check %q can fail", name)
		}
	}
}

// mistakes are replacements of the first occurrence in a file.
var mistakes = map[string]struct{ file, old, new, check, want string }{
	"unknown key of a service":  {"compose", "    command: [demo, web]", "    comand: [demo, web]", "loads", "comand"},
	"unknown top-level key":     {"compose", "networks:\n  # Between", "netwerks:\n  # Between", "loads", "netwerks"},
	"undefined dependency":      {"compose", "      scoring: {condition", "      skoring: {condition", "loads", "skoring"},
	"undefined network":         {"compose", "networks: [private, edge]", "networks: [private, egde]", "loads", "egde"},
	"undefined volume":          {"compose", "- xray-data:/data", "- xray:/data", "loads", "xray"},
	"bad duration":              {"compose", "interval: 2s", "interval: soon", "loads", "soon"},
	"circle of dependencies":    {"compose", "  s3:\n    <<: *bragg\n", "  s3:\n    <<: *bragg\n    depends_on: [web]\n", "loads", "cycle"},
	"mounted file missing":      {"compose", "./otel-collector.yaml:", "./otel-colector.yaml:", "files exist", "otel-colector.yaml"},
	"mount writable":            {"compose", "config.yaml:ro", "config.yaml", "files exist", "read-only"},
	"env_file missing":          {"compose", "    command: [demo, web]", "    command: [demo, web]\n    env_file: [{path: web.env, required: false}]", "files exist", "web.env"},
	"Dockerfile missing":        {"compose", "docker/Dockerfile.bragg", "docker/Dockerfile.brag", "builds", "Dockerfile.brag"},
	"target missing":            {"compose", "target: bragg", "target: release", "builds", "release"},
	"build argument unknown":    {"compose", "        VERSION:", "        RELEASE:", "builds", "RELEASE"},
	"command not in the image":  {"compose", `"CMD", "/bragg", "healthcheck"`, `"CMD", "/bin/bragg", "healthcheck"`, "health", "/bin/bragg"},
	"image without a builder":   {"compose", "    build:\n      context: .\n      dockerfile: deploy/docker/Dockerfile.bragg\n      target: bragg\n      args:\n        VERSION: ${BRAGG_VERSION:-devel}\n", "", "builds", "nothing builds"},
	"image without a version":   {"compose", "dynamodb-local:3.3.1", "dynamodb-local", "builds", "dynamodb-local"},
	"image of the day":          {"compose", "collector:v0.49.0", "collector:latest", "builds", "latest"},
	"port of the host open":     {"compose", `"127.0.0.1:8090:8090"`, `"8090:8090"`, "ports", "127.0.0.1"},
	"published, not listened":   {"compose", `"127.0.0.1:8090:8090"`, `"127.0.0.1:8090:8080"`, "ports", "8080"},
	"published over TCP only":   {"compose", `:2000/udp"`, `:2001/udp"`, "ports", "2001"},
	"published twice":           {"compose", `"127.0.0.1:2080:2080"`, `"127.0.0.1:8090:2080"`, "ports", "8090"},
	"collector moved":           {"collector", "BRAGG_OTLP_GRPC_PORT:-4317", "BRAGG_OTLP_GRPC_PORT:-4316", "ports", "4317"},
	"collector on loopback":     {"compose", "BRAGG_BIND: 0.0.0.0", "BRAGG_BIND: 127.0.0.1", "ports", "4317"},
	"peer's port wrong":         {"compose", "http://scoring:8092", "http://scoring:8093", "addresses", "scoring:8093"},
	"peer unknown":              {"compose", "http://scoring:8092", "http://score:8092", "addresses", "score:8092"},
	"default endpoint wrong":    {"compose", "-http://newrelic:4319", "-http://newrelic:4318", "addresses", "newrelic:4318"},
	"peer on no common network": {"compose", "tmpfs: [\"/tmp:exec\"]\n    networks: [private]", "tmpfs: [\"/tmp:exec\"]\n    networks: [edge]", "addresses", "network"},
	"peer not waited for":       {"compose", "      dynamodb: {condition: service_healthy}\n", "", "addresses", "depends_on"},
	"health of another port":    {"compose", "127.0.0.1:4319/healthz", "127.0.0.1:4318/healthz", "addresses", "127.0.0.1:4318"},
	"no health check":           {"compose", "    healthcheck:\n      <<: *healthcheck\n      test: [\"CMD\", \"/healthcheck\"]\n", "", "health", "collector"},
	"shell in a scratch image":  {"compose", `["CMD", "/healthcheck"]`, `["CMD-SHELL", "/healthcheck"]`, "health", "no shell"},
	"only started, not healthy": {"compose", "web: {condition: service_healthy}", "web: {condition: service_started}", "health", "service_healthy"},
	"root file system writable": {"compose", "  read_only: true", "  read_only: false", "hardened", "read_only"},
	"capabilities":              {"compose", "  cap_drop: [ALL]", "  cap_drop: [NET_RAW]", "hardened", "cap_drop"},
	"new privileges":            {"compose", "no-new-privileges:true", "no-new-privileges:false", "hardened", "no-new-privileges"},
	"privileged":                {"compose", "    command: [demo, web]", "    command: [demo, web]\n    privileged: true", "hardened", "privileged"},
	"runs as root":              {"compose", "    command: [demo, web]", "    command: [demo, web]\n    user: \"0\"", "hardened", "root"},
	"memory without limit":      {"compose", "  mem_limit: 128m\n", "", "hardened", "mem_limit"},
	"no restart":                {"compose", "  restart: unless-stopped\n", "", "hardened", "restart"},
	"a way out for all":         {"compose", "    internal: true", "    internal: false", "hardened", "internal"},
	"a way out for one":         {"compose", "    networks: [private]\n    mem_limit: 512m\n    # An unsigned", "    networks: [private, edge]\n    mem_limit: 512m\n    # An unsigned", "hardened", "edge"},
	"variable not explained":    {"env", "#BRAGG_LOG_LEVEL=info\n", "", "variables", "BRAGG_LOG_LEVEL"},
	"default not the example's": {"env", "#DEMO_RATE=2", "#DEMO_RATE=5", "variables", "DEMO_RATE"},
	"example of nothing":        {"env", "#DEMO_RATE=2", "#DEMO_RATE=2\n#DEMO_SPEED=1", "variables", "DEMO_SPEED"},
	"overlay in the example":    {"env", "compose.aws-profile.yaml", "compose.profile.yaml", "variables", "compose.profile.yaml"},
	"a setting in the example":  {"env", "#AWS_REGION", "AWS_REGION", "variables", "AWS_REGION"},
	"blank when unset":          {"compose", "${BRAGG_XRAY_EXPORTERS:-[awsxray]}", "${BRAGG_XRAY_EXPORTERS:-}", "never blank", "BRAGG_XRAY_EXPORTERS"},
	"blank when set to blank":   {"compose", "${AWS_REGION:-us-east-1}", "${AWS_REGION-us-east-1}", "never blank", "AWS_REGION"},
	"a switch not passed":       {"compose", "      BRAGG_NEWRELIC_EXPORTERS: ${BRAGG_NEWRELIC_EXPORTERS:-[otlp_http/newrelic]}\n", "", "never blank", "BRAGG_NEWRELIC_EXPORTERS"},
	"passed, but not read":      {"compose", "      BRAGG_LOG_LEVEL: ${", "      BRAGG_LOGLEVEL: ${", "never blank", "BRAGG_LOGLEVEL"},
	"bare reference":            {"compose", "${NEW_RELIC_LICENSE_KEY:-bragglocalsinkonlynotanewreliclicensekey}", "${NEW_RELIC_LICENSE_KEY}", "never blank", "NEW_RELIC_LICENSE_KEY"},
}

// TestComposeNewRelicKey holds the key that compose passes by default and the
// one that stands for the local sink together.
func TestComposeNewRelicKey(t *testing.T) {
	env := readDeployment(t).mustLoad(t, nil).Services["collector"].Environment
	if key := *env["NEW_RELIC_LICENSE_KEY"]; key != licensekey.Local {
		t.Errorf("the default key is %q, want licensekey.Local", key)
	}
	if err := licensekey.Check(*env["NEW_RELIC_LICENSE_KEY"], *env["BRAGG_NEWRELIC_ENDPOINT"]); err != nil {
		t.Error(err)
	}
}

// TestComposeSwitches proves that .env can turn each backend off and send to
// the real ones: what the collector gets is what was set.
func TestComposeSwitches(t *testing.T) {
	tests := map[string]map[string]string{
		"X-Ray alone":     {"BRAGG_NEWRELIC_EXPORTERS": "[debug/off]"},
		"New Relic alone": {"BRAGG_XRAY_EXPORTERS": "[debug/off]"},
		"the real X-Ray": {
			"BRAGG_XRAY_ENDPOINT": "https://xray.eu-west-1.amazonaws.com", "AWS_REGION": "eu-west-1",
			"AWS_ACCESS_KEY_ID": "ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t",
		},
		"the real New Relic": {
			"BRAGG_NEWRELIC_ENDPOINT": "https://otlp.nr-data.net", "NEW_RELIC_LICENSE_KEY": strings.Repeat("a", licensekey.Length),
		},
	}
	for name, set := range tests {
		t.Run(name, func(t *testing.T) {
			d := readDeployment(t)
			want := d.mustLoad(t, nil).Services["collector"].Environment.Resolve(nil).ToMapping()
			maps.Copy(want, set)
			got := d.mustLoad(t, set).Services["collector"].Environment.Resolve(nil).ToMapping()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the collector's environment (-want +got):\n%s", diff)
			}
		})
	}
}

// TestComposeAWSProfile proves that the overlay leaves no key in the variables,
// for it would win over the profile, and mounts ~/.aws into the collector alone.
func TestComposeAWSProfile(t *testing.T) {
	d := readDeployment(t)
	home := t.TempDir()
	project := d.mustLoad(t, map[string]string{"HOME": home, "AWS_PROFILE": "dev", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "BRAGG_UID": "1234"}, d.awsProfile)
	for name, service := range project.Services {
		for _, v := range service.Volumes {
			if strings.Contains(v.Source, ".aws") && name != "collector" {
				t.Errorf("%s mounts %s", name, v.Source)
			}
		}
	}
	collector := project.Services["collector"]
	for _, key := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		if value, set := collector.Environment[key]; set {
			t.Errorf("%s is still set: %v", key, value)
		}
	}
	if got := *collector.Environment["AWS_PROFILE"]; got != "dev" || collector.User != "1234" {
		t.Errorf("profile %q for user %q, want dev for 1234", got, collector.User)
	}
	// Where the AWS SDK looks: .aws in HOME.
	want := types.ServiceVolumeConfig{Type: "bind", Source: "~/.aws", Target: *collector.Environment["HOME"] + "/.aws", ReadOnly: true}
	got := collector.Volumes[len(collector.Volumes)-1]
	if got.Target != want.Target || !got.ReadOnly || !filepath.IsAbs(got.Source) || filepath.Base(got.Source) != ".aws" {
		t.Errorf("mounts %+v, want the user's .aws at %s, read-only", got, want.Target)
	}
}
