package deploy

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A listener is a port that a component of a collector takes.
type listener struct {
	component string // such as "receivers/awsxray/proxy_server"
	network   string // tcp or udp
	host      string
	port      int
}

func (l listener) String() string {
	return fmt.Sprintf("%s on %s %s", l.component, l.network, net.JoinHostPort(l.host, strconv.Itoa(l.port)))
}

// collides reports whether two components cannot both have their address.
func (l listener) collides(other listener) bool {
	anywhere := func(host string) bool { return host == "" || host == "0.0.0.0" || host == "::" }
	loopback := func(host string) string {
		if host == "localhost" {
			return "127.0.0.1"
		}
		return host
	}
	return l.network == other.network && l.port == other.port &&
		(anywhere(l.host) || anywhere(other.host) || loopback(l.host) == loopback(other.host))
}

// isCollectorConfig reports whether a document has a collector's pipelines.
func isCollectorConfig(doc map[string]any) bool {
	service, _ := doc["service"].(map[string]any)
	_, ok := service["pipelines"].(map[string]any)
	return ok
}

// envReference is ${env:NAME}, ${env:NAME:-default} or either without env:.
var envReference = regexp.MustCompile(`\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}`)

// expand resolves a collector's references to variables in the way of ADOT:
// the default is for a variable that is unset, not for one that is blank.
func expand(content string, env map[string]string) string {
	return envReference.ReplaceAllStringFunc(content, func(ref string) string {
		m := envReference.FindStringSubmatch(ref)
		if v, set := env[m[1]]; set {
			return v
		}
		return m[2]
	})
}

// listeners returns the ports that a collector with this configuration takes.
func listeners(doc map[string]any) ([]listener, error) {
	var found []listener
	add := func(component, network, endpoint string) error {
		host, port, err := net.SplitHostPort(endpoint)
		if err != nil {
			return fmt.Errorf("%s: endpoint %q: %w", component, endpoint, err)
		}
		n, err := strconv.Atoi(port)
		if err != nil {
			return fmt.Errorf("%s: endpoint %q: %w", component, endpoint, err)
		}
		found = append(found, listener{component, network, host, n})
		return nil
	}
	var walk func(path string, node map[string]any) error
	walk = func(path string, node map[string]any) error {
		network := "tcp"
		if transport, _ := node["transport"].(string); strings.HasPrefix(transport, "udp") {
			network = "udp"
		}
		if endpoint, ok := node["endpoint"].(string); ok {
			if err := add(path, network, endpoint); err != nil {
				return err
			}
		}
		for key, child := range node {
			if child, ok := child.(map[string]any); ok {
				if err := walk(path+"/"+key, child); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, kind := range []string{"receivers", "extensions"} {
		components, _ := doc[kind].(map[string]any)
		for id, settings := range components {
			if err := walk(kind+"/"+id, withDefaults(id, settings)); err != nil {
				return nil, err
			}
		}
	}
	return append(found, metricsListeners(doc)...), nil
}

// withDefaults fills in where awsxray and awsproxy listen when the
// configuration does not say: all of it localhost:2000.
func withDefaults(id string, settings any) map[string]any {
	node, _ := settings.(map[string]any)
	filled := map[string]any{}
	kind, _, _ := strings.Cut(id, "/")
	switch kind {
	case "awsproxy":
		filled["endpoint"] = "localhost:2000"
	case "awsxray":
		filled["endpoint"], filled["transport"] = "localhost:2000", "udp"
		filled["proxy_server"] = map[string]any{"endpoint": "localhost:2000"}
	}
	for key, value := range node {
		if proxy, ok := value.(map[string]any); ok && key == "proxy_server" && proxy["endpoint"] == nil {
			continue
		}
		filled[key] = value
	}
	return filled
}

// metricsListeners returns where the collector serves metrics of its own.
func metricsListeners(doc map[string]any) []listener {
	var found []listener
	service, _ := doc["service"].(map[string]any)
	telemetry, _ := service["telemetry"].(map[string]any)
	metrics, _ := telemetry["metrics"].(map[string]any)
	readers, _ := metrics["readers"].([]any)
	for _, reader := range readers {
		var settings struct {
			Pull struct {
				Exporter struct {
					Prometheus struct {
						Host string
						Port int
					}
				}
			}
		}
		text, err := yaml.Marshal(reader)
		if err != nil || yaml.Unmarshal(text, &settings) != nil {
			continue
		}
		if p := settings.Pull.Exporter.Prometheus; p.Port != 0 {
			found = append(found, listener{"service/telemetry/metrics", "tcp", p.Host, p.Port})
		}
	}
	return found
}

// daemonPortProblems names each awsproxy that wants an address of the awsxray
// receiver. The collector starts with both and says "ready", but one of the two
// does not serve.
func daemonPortProblems(doc map[string]any) []string {
	all, err := listeners(doc)
	if err != nil {
		return []string{err.Error()}
	}
	var problems []string
	for _, proxy := range all {
		if !strings.HasPrefix(proxy.component, "extensions/awsproxy") {
			continue
		}
		for _, receiver := range all {
			if strings.HasPrefix(receiver.component, "receivers/awsxray") && proxy.collides(receiver) {
				problems = append(problems, fmt.Sprintf("%s and %s", proxy, receiver))
			}
		}
	}
	slices.Sort(problems)
	return problems
}

// collectorConfigs returns every collector configuration in a YAML or JSON
// file, also one that stands as text in another document, such as a ConfigMap
// or a task definition. Variables have their defaults. What is no YAML at all,
// such as a template of Helm, has none.
func collectorConfigs(content string) []map[string]any {
	var found []map[string]any
	var walk func(node any, depth int)
	walk = func(node any, depth int) {
		switch node := node.(type) {
		case map[string]any:
			if isCollectorConfig(node) {
				found = append(found, node)
				return
			}
			for _, child := range node {
				walk(child, depth)
			}
		case []any:
			for _, child := range node {
				walk(child, depth)
			}
		case string:
			if depth < 3 && strings.Contains(node, "pipelines") {
				for _, doc := range documents(expand(node, nil)) {
					walk(doc, depth+1)
				}
			}
		}
	}
	for _, doc := range documents(expand(content, nil)) {
		walk(doc, 0)
	}
	return found
}

// documents returns the documents of a YAML stream up to the first mistake.
func documents(content string) []any {
	var docs []any
	decoder := yaml.NewDecoder(strings.NewReader(content))
	for {
		var doc any
		if decoder.Decode(&doc) != nil {
			return docs
		}
		docs = append(docs, doc)
	}
}

func TestNoConfigHasTheProxyOnTheReceiversPort(t *testing.T) {
	checked := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains([]string{".git", "node_modules", "bin", "dist"}, entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)) {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, config := range collectorConfigs(string(content)) {
			checked++
			for _, problem := range daemonPortProblems(config) {
				t.Errorf("%s: %s", path, problem)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked == 0 {
		t.Error("found no collector configuration in the repository, not even otel-collector.yaml")
	}
}

func TestDaemonPortProblems(t *testing.T) {
	const pipelines = "service: {extensions: [awsproxy], pipelines: {traces: {receivers: [awsxray], exporters: [awsxray]}}}\n"
	const both = "receivers: {awsxray: }\nextensions: {awsproxy: }\n" + pipelines
	tests := map[string]struct {
		config string
		want   int
	}{
		"both by default":            {both, 1},
		"the same address":           {"receivers: {awsxray: {proxy_server: {endpoint: '127.0.0.1:2001'}}}\nextensions: {awsproxy: {endpoint: 'localhost:2001'}}\n" + pipelines, 1},
		"a wildcard over it":         {"receivers: {awsxray: {}}\nextensions: {awsproxy: {endpoint: '0.0.0.0:2000'}}\n" + pipelines, 1},
		"behind a variable":          {"receivers: {awsxray: {proxy_server: {endpoint: '${env:B:-0.0.0.0}:${env:P:-2000}'}}}\nextensions: {awsproxy/x: {}}\n" + pipelines, 1},
		"a partly given proxy":       {"receivers: {awsxray: {proxy_server: {region: us-east-1}}}\nextensions: {awsproxy: {}}\n" + pipelines, 1},
		"in a ConfigMap":             {"kind: ConfigMap\ndata:\n  relay: |\n    " + strings.ReplaceAll(strings.TrimSpace(both), "\n", "\n    "), 1},
		"in a task definition":       {`{"environment": [{"name": "AOT_CONFIG_CONTENT", "value": "` + strings.ReplaceAll(both, "\n", `\n`) + `"}]}`, 1},
		"in a second document":       {"a: 1\n---\n" + both, 1},
		"another port":               {"receivers: {awsxray: {}}\nextensions: {awsproxy: {endpoint: 'localhost:2001'}}\n" + pipelines, 0},
		"another host":               {"receivers: {awsxray: {}}\nextensions: {awsproxy: {endpoint: '10.0.0.1:2000'}}\n" + pipelines, 0},
		"the receiver alone":         {"receivers: {awsxray: {}}\n" + pipelines, 0},
		"UDP is not TCP":             {"receivers: {awsxray: {endpoint: 'localhost:3000', proxy_server: {endpoint: 'localhost:3001'}}}\nextensions: {awsproxy: {endpoint: 'localhost:3000'}}\n" + pipelines, 0},
		"an address that is nothing": {"receivers: {awsxray: {endpoint: 'here'}}\n" + pipelines, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			configs := collectorConfigs(test.config)
			if len(configs) != 1 {
				t.Fatalf("found %d configurations, want 1", len(configs))
			}
			if got := daemonPortProblems(configs[0]); len(got) != test.want {
				t.Errorf("problems %q, want %d", got, test.want)
			}
		})
	}
}
