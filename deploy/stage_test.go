package deploy

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
)

// A stage runs the services of a compose project as processes of this machine.
// In place of
//
//   - an image of ours: the program built from what its Dockerfile sees;
//   - ADOT's image: our collector, with ADOT's command line;
//   - DynamoDB Local: the demo's own DynamoDB;
//   - a container's network: a free port of 127.0.0.1 for each port, of all
//     addresses for what is given --allow-remote;
//   - a name: that address, for all but the collector. It asks for X-Ray Local
//     and the sink by their names, through a proxy that knows the addresses, so
//     that they get the Host header that they would get in the network;
//   - a volume: a directory of the test.
type stage struct {
	t         *testing.T
	project   *types.Project
	programs  map[string]string            // the file in the image → the one here
	addresses map[string]map[string]string // service → "2080/tcp" → 127.0.0.1:port
	volumes   map[string]string            // volume → directory
	proxy     *httptest.Server
	running   []*process // in the order of their start

	mu       sync.Mutex
	requests []string // what the proxy forwarded
}

func newStage(t *testing.T, d deployment, project *types.Project) *stage {
	t.Helper()
	ports, err := d.ports(project)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{
		t: t, project: project,
		programs:  map[string]string{"/bragg": program(t, "bragg"), "/collector": program(t, "collector")},
		addresses: map[string]map[string]string{}, volumes: map[string]string{},
	}
	s.reservePorts(ports)
	for name := range project.Volumes {
		s.volumes[name] = t.TempDir()
	}
	s.proxy = httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.Host = r.In.Host
			s.mu.Lock()
			defer s.mu.Unlock()
			s.requests = append(s.requests, r.In.Method+" "+r.In.URL.String())
		},
		Transport: &http.Transport{DialContext: s.dialByName, DisableKeepAlives: true},
	})
	t.Cleanup(s.proxy.Close)
	t.Cleanup(s.killAll)
	return s
}

// reservePorts finds a free port for each that a service listens on, the same
// for TCP and UDP where it is the same.
func (s *stage) reservePorts(ports listening) {
	for name, listens := range ports {
		s.addresses[name] = map[string]string{}
		for port := range listens {
			number, _, _ := strings.Cut(port, "/")
			address := freeAddress(s.t)
			if other, ok := s.addresses[name][number+"/udp"]; ok {
				address = other
			} else if other, ok := s.addresses[name][number+"/tcp"]; ok {
				address = other
			}
			s.addresses[name][port] = address
		}
	}
}

// dialByName connects to the service that a host and port of the compose
// network mean, and to nothing else.
func (s *stage) dialByName(ctx context.Context, network, address string) (net.Conn, error) {
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	here, ok := s.addresses[name][port+"/tcp"]
	if !ok {
		return nil, fmt.Errorf("%s is no service of the compose file", address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, here)
}

// forwarded returns what went through the proxy, each once.
func (s *stage) forwarded() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.requests)
	return slices.Compact(s.requests)
}

// command returns what a service runs here and its environment.
func (s *stage) command(service types.ServiceConfig) (argv, env []string) {
	variables := service.Environment.Resolve(nil).ToMapping()
	switch image, _, _ := strings.Cut(service.Image, ":"); image {
	case adotImage:
		argv = append([]string{"/collector"}, service.Command...)
		s.moveCollector(service, variables)
	case dynamoDBImage:
		argv = []string{"/bragg", "demo", "dynamodb"}
		variables["DEMO_LISTEN"] = s.addresses[service.Name]["8000/tcp"]
	default:
		argv = append([]string{"/bragg"}, service.Command...)
		for name, value := range variables {
			variables[name] = s.peers(value)
		}
	}
	remote := slices.Contains(argv, "--allow-remote")
	for i, arg := range argv {
		argv[i] = s.own(service.Name, s.files(service, arg))
		if remote { // what it does beyond loopback is to be seen
			argv[i] = wildcardHost(arg, argv[i])
		}
	}
	for name, value := range variables {
		env = append(env, name+"="+s.own(service.Name, value))
	}
	return argv, env
}

// moveCollector gives the collector the addresses of the stage, by the
// variables that otel-collector.yaml has for it, and the proxy. The exporters
// of AWS look at HTTPS_PROXY alone.
func (s *stage) moveCollector(service types.ServiceConfig, variables map[string]string) {
	variables["BRAGG_BIND"] = "127.0.0.1"
	variables["HTTP_PROXY"], variables["HTTPS_PROXY"] = s.proxy.URL, s.proxy.URL
	// The memory limiter of the collector's core, shared by pipelines, has races
	// of its own when starting them takes longer than its check_interval.
	variables["GORACE"] = "exitcode=0"
	for variable, port := range map[string]string{
		"BRAGG_OTLP_GRPC_PORT": "4317/tcp", "BRAGG_OTLP_HTTP_PORT": "4318/tcp", "BRAGG_DAEMON_PORT": "2000/tcp",
		"BRAGG_HEALTH_PORT": "13133/tcp", "BRAGG_METRICS_PORT": "8888/tcp",
	} {
		_, variables[variable], _ = net.SplitHostPort(s.addresses[service.Name][port])
	}
}

// healthCheck returns what a service's health check runs here, nil if it has
// none. It runs in the service's environment.
func (s *stage) healthCheck(service types.ServiceConfig) []string {
	if service.HealthCheck == nil {
		return nil
	}
	var argv []string
	switch image, _, _ := strings.Cut(service.Image, ":"); image {
	case adotImage:
		argv = []string{"/collector", "healthcheck"}
	case dynamoDBImage:
		argv = []string{"/bragg", "healthcheck", "http://127.0.0.1:8000/healthz"}
	default:
		argv = slices.Clone([]string(service.HealthCheck.Test[1:]))
	}
	for i, arg := range argv {
		argv[i] = s.own(service.Name, s.files(service, arg))
	}
	return argv
}

// files replaces a path in the container: a program, or what is mounted.
func (s *stage) files(service types.ServiceConfig, text string) string {
	if program, ok := s.programs[text]; ok {
		return program
	}
	for _, v := range service.Volumes {
		source := v.Source
		if v.Type == types.VolumeTypeVolume {
			source = s.volumes[v.Source]
		}
		if before, ok := strings.CutSuffix(text, v.Target); ok {
			return before + source
		}
	}
	return text
}

var ownAddress = regexp.MustCompile(`\b(?:0\.0\.0\.0|127\.0\.0\.1):(\d+)\b`)

// own replaces where a service listens.
func (s *stage) own(name, text string) string {
	return ownAddress.ReplaceAllStringFunc(text, func(address string) string {
		_, port, _ := net.SplitHostPort(address)
		if here, ok := s.addresses[name][port+"/tcp"]; ok {
			return here
		}
		return address
	})
}

// wildcardHost gives an address its wildcard back.
func wildcardHost(before, after string) string {
	if strings.HasPrefix(before, "0.0.0.0:") {
		return strings.Replace(after, "127.0.0.1:", "0.0.0.0:", 1)
	}
	return after
}

// peers replaces the names and ports of other services.
func (s *stage) peers(text string) string {
	for name, ports := range s.addresses {
		for port, here := range ports {
			number, _, _ := strings.Cut(port, "/")
			text = regexp.MustCompile(`\b`+regexp.QuoteMeta(name+":"+number)+`\b`).ReplaceAllString(text, here)
		}
	}
	return text
}
