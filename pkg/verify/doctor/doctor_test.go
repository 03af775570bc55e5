package doctor_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/newrelic"
	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
	"github.com/bragg-tracing/bragg/pkg/verify/doctor"
	"github.com/bragg-tracing/bragg/pkg/verify/internal/stage"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline/terminal"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("go.opencensus.io/stats/view.(*worker).start"))
}

// of returns a configuration of a stage where everything is right.
func of(t *testing.T, s *stage.Stage) doctor.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "otel-collector.yaml")
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	api, err := client.New(s.XRay, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return doctor.Config{
		Getenv: environment(nil),
		Collector: doctor.CollectorConfig{
			Files: []string{file}, Validate: func(context.Context, []string) error { return nil },
			GRPC: strings.TrimPrefix(s.GRPC, "http://"), HTTP: strings.TrimPrefix(s.HTTP, "http://"), Daemon: s.Daemon,
			Health: s.Health, Metrics: s.Metrics, Version: "test",
		},
		XRay: &doctor.XRayConfig{API: api, Where: s.XRay},
		NewRelic: &doctor.NewRelicConfig{LicenseKey: licensekey.Local, Ingest: s.NewRelic,
			NerdGraph: newrelic.Config{Endpoint: s.NewRelic + "/graphql", UserKey: newrelic.LocalUserKey, Account: 1}},
	}
}

func environment(set map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := set[name]; return v, ok }
}

func find(r doctor.Report, name string) doctor.Check {
	for _, c := range r.Checks {
		if c.Name == name {
			return c
		}
	}
	return doctor.Check{}
}

func TestEverythingIsRight(t *testing.T) {
	s := stage.Start(t, stage.Options{})
	before, err := s.NewRelicSink.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := doctor.Run(t.Context(), of(t, s))
	for _, c := range r.Checks {
		if c.State != doctor.OK || c.Remedy != "" {
			t.Errorf("%+v", c)
		}
	}
	if !r.OK || len(r.Checks) < 14 {
		t.Errorf("OK %v, %d checks", r.OK, len(r.Checks))
	}
	after, err := s.NewRelicSink.Counts(t.Context())
	if err != nil || after.Spans != before.Spans {
		t.Errorf("the examination stored %d spans, %v", after.Spans-before.Spans, err)
	}
	if stats, err := s.XRayServer.Store().Stats(t.Context()); err != nil || stats.Traces != 0 {
		t.Errorf("the examination stored %+v, %v", stats, err)
	}
	var b bytes.Buffer
	if err := r.Write(&b, terminal.Screen{Width: 90}); err != nil || !strings.Contains(b.String(), "0 warnings, 0 failed") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// TestWhatIsWrong changes one thing at a time and wants the check that sees it.
func TestWhatIsWrong(t *testing.T) {
	s := stage.Start(t, stage.Options{Sink: sink.Config{AcceptKeys: []string{licensekey.Local}}})
	stranger := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(stranger.Close)
	for _, tt := range []struct {
		name   string
		change func(*doctor.Config)
		check  string
		state  string
		found  string // a part of it
	}{
		{"disabled", func(c *doctor.Config) { c.Getenv = environment(map[string]string{"OTEL_SDK_DISABLED": "TRUE"}) }, "OTEL_SDK_DISABLED", doctor.Fail, "no service records"},
		{"propagators", func(c *doctor.Config) { c.Getenv = environment(map[string]string{"OTEL_PROPAGATORS": "tracecontext"}) }, "OTEL_PROPAGATORS", doctor.Warn, "no xray"},
		{"blank", func(c *doctor.Config) { c.Getenv = environment(map[string]string{"AWS_REGION": ""}) }, "blank variables", doctor.Warn, "AWS_REGION"},
		{"configuration", func(c *doctor.Config) {
			c.Collector.Validate = func(context.Context, []string) error { return errors.New("unknown type:\n\"transform\"") }
		}, "configuration", doctor.Fail, `unknown type:; "transform"`},
		{"no configuration", func(c *doctor.Config) { c.Collector.Files = []string{"/nowhere"} }, "configuration", doctor.Fail, "/nowhere"},
		{"no gRPC", func(c *doctor.Config) { c.Collector.GRPC = "127.0.0.1:1" }, "OTLP gRPC", doctor.Fail, "nothing listens"},
		{"another program has the port of gRPC", func(c *doctor.Config) { c.Collector.GRPC = strings.TrimPrefix(stranger.URL, "http://") }, "OTLP gRPC", doctor.Fail, "is taken"},
		{"another program has the port of HTTP", func(c *doctor.Config) { c.Collector.HTTP = strings.TrimPrefix(stranger.URL, "http://") }, "OTLP HTTP", doctor.Fail, "is taken"},
		{"no daemon", func(c *doctor.Config) { c.Collector.Daemon = "127.0.0.1:1" }, "X-Ray daemon", doctor.Warn, "nothing listens"},
		{"no health", func(c *doctor.Config) { c.Collector.Health = "http://127.0.0.1:1/" }, "health", doctor.Warn, "no health check"},
		{"X-Ray down", func(c *doctor.Config) { c.XRay.API, _ = client.New("http://127.0.0.1:1", "") }, "sending", doctor.Fail, "connection refused"},
		{"no license key", func(c *doctor.Config) { c.NewRelic.LicenseKey = "" }, "license key", doctor.Fail, "empty"},
		{"revoked key", func(c *doctor.Config) { c.NewRelic.LicenseKey = "0123456789abcdef0123456789abcdef0123NRAL" }, "ingest", doctor.Fail, "403"},
		{"key of another region", func(c *doctor.Config) {
			c.NewRelic.LicenseKey, c.NewRelic.Ingest = "eu01xx0123456789abcdef0123456789abcdNRAL", licensekey.OTLPEndpoint(licensekey.US)
		}, "license key", doctor.Fail, "region EU"},
		{"wrong path", func(c *doctor.Config) { c.NewRelic.Ingest += "/v1/traces" }, "ingest", doctor.Fail, "no OTLP endpoint"},
		{"no user key", func(c *doctor.Config) { c.NewRelic.NerdGraph.UserKey = "" }, "NerdGraph", doctor.Warn, "NEW_RELIC_USER_KEY"},
		{"user key that is a license key", func(c *doctor.Config) { c.NewRelic.NerdGraph.UserKey = licensekey.Local }, "NerdGraph", doctor.Warn, "cannot query"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := of(t, s)
			tt.change(&cfg)
			r := doctor.Run(t.Context(), cfg)
			c := find(r, tt.check)
			if c.State != tt.state || !strings.Contains(c.Found, tt.found) || c.Remedy == "" {
				t.Errorf("got %+v", c)
			}
			if r.OK != (tt.state != doctor.Fail) {
				t.Errorf("OK is %v", r.OK)
			}
			for _, c := range r.Checks {
				if key := cfg.NewRelic.LicenseKey; key != "" && strings.Contains(c.Found+c.Remedy, key) {
					t.Errorf("shows the key: %+v", c)
				}
			}
		})
	}
}

// TestAnswersOfAWS gives the doctor what AWS answers to credentials, roles and
// clocks that are wrong.
func TestAnswersOfAWS(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer func(w http.ResponseWriter, path string)
		check  string
		state  string
		found  string
		remedy string
	}{
		{"may not put", func(w http.ResponseWriter, path string) {
			if path == "/TraceSegments" {
				refuse(w, 403, "AccessDeniedException", "User: arn:aws:iam::1:role/x is not authorized")
			}
		}, "sending", doctor.Fail, "not authorized", "AWSXRayDaemonWriteAccess"},
		{"may not sample", func(w http.ResponseWriter, path string) {
			if path == "/GetSamplingRules" {
				refuse(w, 403, "AccessDeniedException", "no")
			}
		}, "sampling rules", doctor.Warn, "AccessDenied", "xray:GetSamplingRules"},
		{"expired", func(w http.ResponseWriter, path string) {
			if path == "/TraceSegments" {
				refuse(w, 403, "ExpiredTokenException", "The security token included in the request is expired")
			}
		}, "sending", doctor.Fail, "expired", "aws sso login"},
		{"a document that cannot be stored", func(w http.ResponseWriter, path string) {
			if path == "/TraceSegments" {
				w.Write([]byte(`{"UnprocessedTraceSegments":[{"ErrorCode":"MissingId"}]}`)) //nolint:errcheck // a test
			}
		}, "sending", doctor.OK, "may be put", ""},
		{"a wrong clock", func(w http.ResponseWriter, _ string) {
			w.Header().Set("Date", time.Now().Add(-10*time.Minute).UTC().Format(http.TimeFormat))
		}, "clock", doctor.Fail, "this machine's clock is 10m", "NTP"}, // and 0 or 1 s: the header has whole seconds
		{"a clock that is a little off", func(w http.ResponseWriter, _ string) {
			w.Header().Set("Date", time.Now().Add(30*time.Second).UTC().Format(http.TimeFormat))
		}, "clock", doctor.Warn, "off", "NTP"},
		{"Transaction Search", func(w http.ResponseWriter, path string) {
			if path == "/GetTraceSegmentDestination" {
				w.Write([]byte(`{"Destination":"CloudWatchLogs","Status":"ACTIVE"}`)) //nolint:errcheck // a test
			}
		}, "destination", doctor.Warn, "Transaction Search", "indexing-rule"},
		{"nobody's credentials", func(w http.ResponseWriter, path string) {
			if path == "/" { // STS
				w.Header().Set("Content-Type", "text/xml")
				w.WriteHeader(403)
				w.Write([]byte(`<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>The security token included in the request is invalid.</Message></Error></ErrorResponse>`)) //nolint:errcheck // a test
			}
		}, "credentials", doctor.Fail, "InvalidClientTokenId", "AWS does not know"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				recorder := &firstWrite{ResponseWriter: w}
				tt.answer(recorder, r.URL.Path)
				if !recorder.wrote && r.URL.Path == "/" {
					w.Write([]byte(`<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::1:assumed-role/dev/me</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`)) //nolint:errcheck // a test
				} else if !recorder.wrote {
					w.Write([]byte(`{}`)) //nolint:errcheck // a test
				}
			}))
			defer server.Close()
			who := credentials.NewStaticCredentialsProvider("AKIDSECRETSECRET", "topsecret", "")
			cfg := doctor.Config{Getenv: environment(nil), XRay: &doctor.XRayConfig{
				API:         xray.New(xray.Options{Region: "eu-central-1", BaseEndpoint: aws.String(server.URL), Credentials: who, Retryer: aws.NopRetryer{}}),
				STS:         sts.New(sts.Options{Region: "eu-central-1", BaseEndpoint: aws.String(server.URL), Credentials: who, Retryer: aws.NopRetryer{}}),
				Credentials: who, Where: server.URL,
			}}
			r := doctor.Run(t.Context(), cfg)
			c := find(r, tt.check)
			if c.State != tt.state || !strings.Contains(c.Found, tt.found) || !strings.Contains(c.Remedy, tt.remedy) {
				t.Errorf("got %+v of %+v", c, r.Checks)
			}
			for _, c := range r.Checks {
				if strings.Contains(c.Found+c.Remedy, "topsecret") {
					t.Errorf("shows the credentials: %+v", c)
				}
			}
		})
	}
}

// firstWrite notes whether an answer was given.
type firstWrite struct {
	http.ResponseWriter
	wrote bool
}

func (w *firstWrite) Write(b []byte) (int, error) { w.wrote = true; return w.ResponseWriter.Write(b) }
func (w *firstWrite) WriteHeader(status int)      { w.wrote = true; w.ResponseWriter.WriteHeader(status) }

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("X-Amzn-ErrorType", code)
	w.WriteHeader(status)
	w.Write([]byte(`{"Message":"` + message + `"}`)) //nolint:errcheck // a test
}

// A receiver with TLS is one, whatever its certificate.
func TestReceiverWithTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	address := strings.TrimPrefix(server.URL, "https://")
	r := doctor.Run(t.Context(), doctor.Config{Getenv: environment(nil), Collector: doctor.CollectorConfig{GRPC: address, HTTP: address}})
	for _, name := range []string{"OTLP gRPC", "OTLP HTTP"} {
		if c := find(r, name); c.State != doctor.OK {
			t.Errorf("%+v", c)
		}
	}
}

// Where nothing at all listens, there is one thing to do.
func TestNoCollector(t *testing.T) {
	r := doctor.Run(t.Context(), doctor.Config{Getenv: environment(nil), Collector: doctor.CollectorConfig{
		GRPC: "127.0.0.1:1", HTTP: "127.0.0.1:1", Daemon: "127.0.0.1:1", Health: "http://127.0.0.1:1/", Metrics: "http://127.0.0.1:1/metrics",
	}})
	for _, c := range r.Checks {
		if c.Part == "collector" && !strings.HasPrefix(c.Remedy, "start it") {
			t.Errorf("%+v", c)
		}
	}
}
