package xraylocal_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/xraylocal"
)

// page is a console that names what it was asked for.
func page(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "page "+r.URL.RequestURI())
	})
}

func handler(t *testing.T, cfg xraylocal.Config) http.Handler {
	t.Helper()
	cfg.Dir = t.TempDir()
	s, err := xraylocal.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return s.Handler()
}

// ask sends "METHOD target" with headers "Name: value", Host among them.
func ask(h http.Handler, request string, headers ...string) *http.Response {
	method, target, _ := strings.Cut(request, " ")
	r := httptest.NewRequest(method, target, strings.NewReader(`{"TraceIds":[]}`))
	r.Host = "127.0.0.1:2080"
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			r.Host = value
		} else {
			r.Header.Add(name, value)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLoopback(t *testing.T) {
	h := handler(t, xraylocal.Config{NewConsole: page, AllowHosts: []string{"bragg.test"}, Token: "not asked for"})
	tests := []struct {
		name, request string
		headers       []string
		status        int
		body          string // part of it
	}{
		{"page", "GET /trace/1", nil, 200, "page /trace/1"},
		{"root", "GET /", nil, 200, "page /"},
		{"health", "GET /healthz", nil, 200, "ok"},
		{"API", "POST /Traces", nil, 200, `"Traces":[]`},
		{"GET of the API", "GET /Traces", nil, 405, "POST"},
		{"POST of a page", "POST /trace/1", nil, 404, "/trace/1"},
		{"no CORS", "OPTIONS /Traces", []string{"Origin: http://127.0.0.1:2080"}, 405, "POST"},

		{"localhost", "GET /", []string{"Host: localhost:2080"}, 200, "page"},
		{"localhost, otherwise written", "GET /", []string{"Host: LocalHost."}, 200, "page"},
		{"IPv6", "GET /", []string{"Host: [::1]:2080"}, 200, "page"},
		{"another loopback address", "GET /", []string{"Host: 127.1.2.3"}, 200, "page"},
		{"allowed host", "GET /", []string{"Host: bragg.test:80"}, 200, "page"},
		{"foreign host", "GET /", []string{"Host: evil.example"}, 403, "--allow-host"},
		{"foreign host on the API", "POST /Traces", []string{"Host: evil.example"}, 403, `{"Message":"`},
		{"host that looks like one", "GET /", []string{"Host: localhost.evil.example"}, 403, "evil"},
		{"all addresses", "GET /", []string{"Host: 0.0.0.0:2080"}, 403, ""},
		{"no host", "GET /", []string{"Host: "}, 403, ""},

		{"own origin", "POST /Traces", []string{"Origin: http://127.0.0.1:2080"}, 200, "Traces"},
		{"foreign origin", "POST /Traces", []string{"Origin: http://evil.example"}, 403, "other sites"},
		{"other port", "POST /Traces", []string{"Origin: http://127.0.0.1:3000"}, 403, "other sites"},
		{"null origin", "POST /Traces", []string{"Origin: null"}, 403, "other sites"},
		{"foreign origin of a page", "GET /", []string{"Origin: http://evil.example"}, 403, "other sites"},
		{"cross-site", "GET /", []string{"Sec-Fetch-Site: cross-site"}, 403, "other sites"},
		{"a link followed from another site", "GET /", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}, 200, ""},
		{"same-origin", "GET /", []string{"Sec-Fetch-Site: same-origin"}, 200, "page"},
		{"from the address bar", "GET /", []string{"Sec-Fetch-Site: none"}, 200, "page"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := ask(h, tt.request, tt.headers...)
			if b := body(t, res); res.StatusCode != tt.status || !strings.Contains(b, tt.body) {
				t.Errorf("got %d %s, want %d with %q", res.StatusCode, b, tt.status, tt.body)
			}
			for name := range res.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("header %s", name)
				}
			}
		})
	}
}

func TestWithoutConsole(t *testing.T) {
	res := ask(handler(t, xraylocal.Config{}), "GET /")
	if b := body(t, res); res.StatusCode != 404 || !strings.Contains(b, "without a console") {
		t.Errorf("got %d %s", res.StatusCode, b)
	}
}

func TestToken(t *testing.T) {
	const signed = "Authorization: AWS4-HMAC-SHA256 Credential=%/20260101/eu-west-1/xray/aws4_request, SignedHeaders=host, Signature=00"
	sign := func(key string) string { return strings.Replace(signed, "%", key, 1) }
	tests := []struct {
		name, request string
		headers       []string
		open          bool
		status        int
	}{
		{"health", "GET /healthz", nil, false, 200},
		{"health is a GET", "POST /healthz", nil, true, 401},
		{"page", "GET /", nil, true, 401},
		{"query", "POST /Traces", nil, true, 401},
		{"segments, closed", "POST /TraceSegments", nil, false, 401},
		{"segments, open", "POST /TraceSegments", nil, true, 400}, // the body is of another call
		{"telemetry, open", "POST /TelemetryRecords", nil, true, 400},
		{"sampling rules, open", "POST /GetSamplingRules", nil, true, 200},
		{"sampling targets, open", "POST /SamplingTargets", nil, true, 400},
		{"sampling rules to be made", "POST /CreateSamplingRule", nil, true, 401},
		{"GET of segments, open", "GET /TraceSegments", nil, true, 401},

		{"bearer", "POST /Traces", []string{"Authorization: Bearer secret/1+ ~"}, false, 200},
		{"bearer, otherwise written", "POST /Traces", []string{"Authorization: bearer secret/1+ ~"}, false, 200},
		{"wrong bearer", "POST /Traces", []string{"Authorization: Bearer secret"}, false, 401},
		{"empty bearer", "POST /Traces", []string{"Authorization: Bearer "}, false, 401},
		{"signature", "POST /Traces", []string{sign("secret/1+ ~")}, false, 200},
		{"wrong key id", "POST /Traces", []string{sign("AKID")}, false, 401},
		{"no scope", "POST /Traces", []string{"Authorization: AWS4-HMAC-SHA256 Credential=secret/1+ ~"}, false, 401},
		{"cookie", "GET /", []string{"Cookie: bragg_token=secret%2F1%2B+~"}, false, 200},
		{"wrong cookie", "GET /", []string{"Cookie: bragg_token=x"}, false, 401},
		{"two cookies", "GET /", []string{"Cookie: bragg_token=x; bragg_token=secret%2F1%2B+~"}, false, 200},
		{"other cookie", "GET /", []string{"Cookie: token=secret%2F1%2B+~"}, false, 401},
		{"wrong in the address", "GET /?token=x", nil, false, 401},
		{"in the address of the API", "POST /Traces?token=secret%2F1%2B+~", nil, false, 401},
		{"foreign host with token", "GET /", []string{"Host: evil.example", "Authorization: Bearer secret/1+ ~"}, false, 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := handler(t, xraylocal.Config{
				Listen: "0.0.0.0:2080", AllowRemote: true, IngestOpen: tt.open, Token: "secret/1+ ~", NewConsole: page,
			})
			res := ask(h, tt.request, tt.headers...)
			if b := body(t, res); res.StatusCode != tt.status || strings.Contains(b, "secret") {
				t.Errorf("got %d %s, want %d", res.StatusCode, b, tt.status)
			}
		})
	}
}

// TestNoTokenSet holds that an empty token is not one that callers can have.
func TestNoTokenSet(t *testing.T) {
	h := handler(t, xraylocal.Config{Listen: "0.0.0.0:2080", AllowRemote: true, IngestOpen: true, NewConsole: page})
	for _, headers := range [][]string{nil, {"Authorization: Bearer "}, {"Cookie: bragg_token="},
		{"Authorization: AWS4-HMAC-SHA256 Credential=/20260101/eu-west-1/xray/aws4_request"}} {
		if res := ask(h, "GET /?token=", headers...); res.StatusCode != 401 {
			t.Errorf("%v: %d", headers, res.StatusCode)
		}
	}
}

func TestTokenInAddress(t *testing.T) {
	h := handler(t, xraylocal.Config{Listen: "0.0.0.0:2080", AllowRemote: true, Token: "secret/1+ ~", NewConsole: page})
	for target, want := range map[string]string{
		"/trace/1?a=b&token=secret%2F1%2B+~&c=d": "/trace/1?a=b&c=d",
		"/?token=secret%2F1%2B+~":                "/",
		"//evil.example/?token=secret%2F1%2B+~":  "/evil.example/",
		`/\evil.example/?token=secret%2F1%2B+~`:  "/evil.example/",
	} {
		res := ask(h, "GET http://127.0.0.1:2080"+target)
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != want {
			t.Fatalf("%s: %d, location %q, want %q", target, res.StatusCode, res.Header.Get("Location"), want)
		}
		cookies := res.Cookies()
		if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode || cookies[0].Path != "/" {
			t.Fatalf("cookies %v", cookies)
		}
		if res := ask(h, "GET "+want, "Cookie: "+cookies[0].Name+"="+cookies[0].Value); res.StatusCode != 200 {
			t.Errorf("with the cookie: %d", res.StatusCode)
		}
	}
}
