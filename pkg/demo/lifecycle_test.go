package demo

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/freeport"
)

func TestStopFinishesRequests(t *testing.T) {
	c, recorder := startCollector(t), NewRecorder()
	s, err := Start(t.Context(), Config{OTLPEndpoint: c.otlpURL, DaemonAddress: c.daemon, Recorder: recorder})
	if err != nil {
		t.Fatal(err)
	}
	status := make(chan int)
	go func() {
		r, _ := RequestFor(context.Background(), s.URL(), Slow, 0)
		resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
		if err != nil {
			status <- 0
			return
		}
		resp.Body.Close()
		status <- resp.StatusCode
	}()
	for recorder.Traces() == 0 { // until the request is on its way: SELECT has ended
		time.Sleep(time.Millisecond)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if got := <-status; got != http.StatusCreated {
		t.Errorf("status %d of a request that was under way", got)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	spans := c.spans() // Stop has exported them: nothing to wait for
	if missing := missingSpans(recorder, spans); len(missing) > 0 {
		t.Errorf("Stop has left %v behind", missing)
	}
}

func TestNoCollector(t *testing.T) {
	closed := freeAddress(t)
	s, err := Start(t.Context(), Config{
		OTLPEndpoint: "http://" + closed, DaemonAddress: closed, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if status, _, _ := send(t, s, OK, nil); status != http.StatusCreated {
		t.Errorf("status %d", status)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := s.Stop(ctx); err == nil {
		t.Error("Stop has lost spans and says nothing")
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("Stop took %s", took)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := freeport.Address("tcp", "udp")
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// TestEnvironmentIsLeftAlone runs the demo among variables that would send its
// clients elsewhere.
func TestEnvironmentIsLeftAlone(t *testing.T) {
	nowhere := "http://" + freeAddress(t)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": nowhere, "AWS_ENDPOINT_URL_DYNAMODB": nowhere, "AWS_ENDPOINT_URL_S3": nowhere,
		"AWS_PROFILE": "not-there", "AWS_REGION": "eu-north-1", "AWS_CONFIG_FILE": "/not/there",
		"AWS_XRAY_DAEMON_ADDRESS": strings.TrimPrefix(nowhere, "http://"),
		"AWS_XRAY_TRACING_NAME":   "", "AWS_XRAY_CONTEXT_MISSING": "nonsense",
		"HTTP_PROXY": nowhere, "http_proxy": nowhere,
	} {
		t.Setenv(name, value)
	}
	s, c, recorder := startStack(t, nil)
	if status, _, answer := send(t, s, ViaLegacy, nil); status != http.StatusCreated {
		t.Errorf("status %d: %v", status, answer)
	}
	flush(t, s)
	c.await(t, recorder)
}

func TestPorts(t *testing.T) {
	web := freeAddress(t)
	s, c, _ := startStack(t, func(c *Config) { c.WebListen = web })
	if s.URL() != "http://"+web {
		t.Errorf("URL %s, want %s", s.URL(), web)
	}
	var names []string
	for _, a := range s.Addresses() {
		names = append(names, a.Name)
		if host := strings.TrimPrefix(a.URL, "http://"); !strings.HasPrefix(host, "127.0.0.1:") {
			t.Errorf("%s listens at %s", a.Name, a.URL)
		}
	}
	want := []string{Web, Applications, Scoring, Legacy, Documents, S3, DynamoDB}
	if diff := gocmp.Diff(want, names); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
	if _, err := Start(t.Context(), Config{WebListen: web, OTLPEndpoint: c.otlpURL}); err == nil || !strings.Contains(err.Error(), "start web") {
		t.Errorf("second start on the same port: %v", err)
	}
}

func TestHealthAndHosts(t *testing.T) {
	s, _, recorder := startStack(t, nil)
	for _, a := range s.Addresses() {
		for _, c := range []struct {
			name, host, origin string
			want               int
		}{
			{"loopback", "", "", http.StatusOK},
			{"localhost", "localhost:1", "", http.StatusOK},
			{"by its name", a.Name, "", http.StatusOK},
			{"another name", "evil.example", "", http.StatusForbidden},
			{"another name and port", "evil.example:80", "", http.StatusForbidden},
		} {
			t.Run(a.Name+"/"+c.name, func(t *testing.T) {
				if got := statusOfGet(t, a.URL+"/healthz", c.host, c.origin); got != c.want {
					t.Errorf("status %d, want %d", got, c.want)
				}
			})
		}
	}
	for _, a := range s.Addresses()[5:] { // the AWS endpoints
		if got := statusOfGet(t, a.URL+"/", "", "http://localhost:3000"); got != http.StatusForbidden {
			t.Errorf("%s answers a web page with %d", a.Name, got)
		}
	}
	if n := recorder.Traces(); n != 0 {
		t.Errorf("%d traces of health checks", n)
	}
}

func statusOfGet(t *testing.T, url, host, origin string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// TestRun runs each service on its own, as containers do.
func TestRun(t *testing.T) {
	c := startCollector(t)
	env := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.otlpURL, "AWS_XRAY_DAEMON_ADDRESS": c.daemon}
	listen := map[string]string{}
	for name, variable := range map[string]string{
		Web: "DEMO_WEB_URL", Applications: "DEMO_APPLICATIONS_URL", Scoring: "DEMO_SCORING_URL",
		Documents: "DEMO_DOCUMENTS_URL", Legacy: "DEMO_LEGACY_URL",
		DynamoDB: "DEMO_DYNAMODB_ENDPOINT", S3: "DEMO_S3_ENDPOINT",
	} {
		listen[name] = freeAddress(t)
		env[variable] = "http://" + listen[name]
	}
	env["DEMO_REQUESTS"], env["DEMO_RATE"] = "50", "0"
	recorder := NewRecorder()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	for name := range listen {
		go func() {
			cfg := FromEnv(func(k string) string { return env[k] })
			cfg.Listen, cfg.Recorder, cfg.Logger = listen[name], recorder, slog.New(slog.DiscardHandler)
			ended <- Run(ctx, name, cfg)
		}()
	}
	if err := Run(t.Context(), loadName, FromEnv(func(k string) string { return env[k] })); err != nil {
		t.Error(err)
	}
	stop()
	for range listen {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	c.await(t, recorder)
	if n := recorder.Traces(); n != 50 {
		t.Errorf("%d traces of 50 requests", n)
	}
}

func TestRunErrors(t *testing.T) {
	taken := freeAddress(t)
	l, err := net.Listen("tcp", taken)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, c := range []struct {
		name, service string
		cfg           Config
		want          string
	}{
		{"no such service", "teller", Config{}, `no service "teller"`},
		{"port in use", S3, Config{Listen: taken}, "start s3"},
		{"daemon address", Legacy, Config{Listen: "127.0.0.1:0", DaemonAddress: "2000"}, "X-Ray daemon address"},
		{"collector address", Web, Config{Listen: "127.0.0.1:0", OTLPEndpoint: "gopher://x"}, "start web"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := Run(t.Context(), c.service, c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}
