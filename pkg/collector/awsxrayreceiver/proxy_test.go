package awsxrayreceiver

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// signed sets credentials of a test, and no others.
func signed(t *testing.T) {
	t.Helper()
	for key, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
		"AWS_PROFILE": "", "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
	} {
		t.Setenv(key, value)
	}
}

func unsigned(t *testing.T) {
	t.Helper()
	signed(t)
	for _, key := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		t.Setenv(key, "")
	}
}

// A fakeXRay records a request and answers.
type fakeXRay struct {
	*httptest.Server
	request chan *http.Request
	body    chan string
}

func newFakeXRay(t *testing.T) *fakeXRay {
	f := &fakeXRay{request: make(chan *http.Request, 1), body: make(chan string, 1)}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.request <- r
		f.body <- string(body)
		w.Header().Set("X-Amzn-Requestid", "R1")
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte(`{"answer":1}`))
	}))
	t.Cleanup(f.Close)
	return f
}

// call sends a request to the receiver's proxy.
func (r *running) call(t *testing.T, path, body string, change func(*http.Request)) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+r.proxy.address.String()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if change != nil {
		change(request)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(answer)
}

var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/eu-west-1/xray/aws4_request, SignedHeaders=[a-z0-9;-]*host[a-z0-9;-]*, Signature=[0-9a-f]{64}$`)

func TestCallsAreSignedAndPassed(t *testing.T) {
	signed(t)
	up := newFakeXRay(t)
	cfg := testConfig()
	cfg.ProxyServer.AWSEndpoint, cfg.ProxyServer.Region = up.URL, "eu-west-1"
	r := start(t, cfg, &counter{})
	for _, path := range []string{"/GetSamplingRules", "/SamplingTargets", "/Any?q=1"} {
		response, answer := r.call(t, path, `{"a":1}`, func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=other")
			r.Header.Set("X-Amz-Security-Token", "other")
		})
		if response.StatusCode != http.StatusTeapot || answer != `{"answer":1}` || response.Header.Get("X-Amzn-Requestid") != "R1" {
			t.Errorf("answer is %d %s", response.StatusCode, answer)
		}
		got := <-up.request
		if body := <-up.body; got.URL.RequestURI() != path || body != `{"a":1}` || got.Method != http.MethodPost {
			t.Errorf("X-Ray got %s %s %s", got.Method, got.URL, body)
		}
		if got.Host != strings.TrimPrefix(up.URL, "http://") {
			t.Errorf("host is %s", got.Host)
		}
		if !authorization.MatchString(got.Header.Get("Authorization")) || got.Header.Get("X-Amz-Security-Token") != "token" {
			t.Errorf("signature is %q", got.Header)
		}
	}
}

func TestCallsAreRefused(t *testing.T) {
	signed(t)
	up := newFakeXRay(t)
	cfg := testConfig()
	cfg.ProxyServer.AWSEndpoint = up.URL
	r := start(t, cfg, &counter{})
	for _, test := range []struct {
		name   string
		body   string
		change func(*http.Request)
		want   int
	}{
		{"another host", "{}", func(r *http.Request) { r.Host = "evil.example.com" }, http.StatusForbidden},
		{"another host with the port", "{}", func(r *http.Request) { r.Host = "evil.example.com:2000" }, http.StatusForbidden},
		{"a host that begins as ours", "{}", func(r *http.Request) { r.Host = "127.0.0.1.example.com" }, http.StatusForbidden},
		{"a page", "{}", func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1") }, http.StatusForbidden},
		{"a browser", "{}", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, http.StatusForbidden},
		{"a large body", strings.Repeat("x", maxCallBytes+1), nil, http.StatusRequestEntityTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			response, answer := r.call(t, "/GetSamplingRules", test.body, test.change)
			if response.StatusCode != test.want || !json.Valid([]byte(answer)) {
				t.Errorf("answer is %d %s", response.StatusCode, answer)
			}
		})
	}
	if len(up.request) > 0 {
		t.Error("a call that was refused came to X-Ray")
	}
	if response, _ := r.call(t, "/GetSamplingRules", "{}", func(r *http.Request) { r.Host = "localhost" }); response.StatusCode != http.StatusTeapot {
		t.Errorf("localhost: status %d", response.StatusCode)
	}
}

func TestXRayCannotBeReached(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, test := range []struct {
		name        string
		credentials func(*testing.T)
		change      func(*ProxyConfig)
		want        string
	}{
		{"down", signed, func(c *ProxyConfig) { c.AWSEndpoint = "http://" + closed.Addr().String() }, "connection refused"},
		{"no credentials", unsigned, func(*ProxyConfig) {}, "no AWS credentials"},
		{"no region", signed, func(c *ProxyConfig) { c.Region = "" }, "no AWS region"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.credentials(t)
			t.Setenv("AWS_REGION", "")
			t.Setenv("AWS_DEFAULT_REGION", "")
			cfg := testConfig()
			test.change(&cfg.ProxyServer)
			response, answer := start(t, cfg, &counter{}).call(t, "/GetSamplingRules", "{}", nil)
			if response.StatusCode != http.StatusBadGateway || !strings.Contains(answer, "cannot reach X-Ray") || !strings.Contains(answer, test.want) {
				t.Errorf("answer is %d %s", response.StatusCode, answer)
			}
		})
	}
}

// TestAnOwnEndpointJudges: without credentials X-Ray Local gets the call still.
func TestAnOwnEndpointJudges(t *testing.T) {
	unsigned(t)
	up := newFakeXRay(t)
	cfg := testConfig()
	cfg.ProxyServer.AWSEndpoint = up.URL
	r := start(t, cfg, &counter{})
	if response, _ := r.call(t, "/GetSamplingRules", "{}", nil); response.StatusCode != http.StatusTeapot {
		t.Errorf("status is %d", response.StatusCode)
	}
	if got := <-up.request; got.Header.Get("Authorization") != "" {
		t.Errorf("signature is %q", got.Header)
	}
}

func TestEndpoints(t *testing.T) {
	for _, test := range []struct{ region, service, want string }{
		{"us-east-1", "", "https://xray.us-east-1.amazonaws.com"},
		{"cn-north-1", "xray", "https://xray.cn-north-1.amazonaws.com.cn"},
		{"us-gov-west-1", "logs", "https://logs.us-gov-west-1.amazonaws.com"},
	} {
		u := &upstream{cfg: &ProxyConfig{ServiceName: test.service}}
		got, err := u.url(context.Background(), test.region)
		if err != nil || got.String() != test.want {
			t.Errorf("%s of %s: %v, %v, want %s", test.service, test.region, got, err, test.want)
		}
	}
}

func TestNoProxyWithoutEndpoint(t *testing.T) {
	cfg := testConfig()
	cfg.ProxyServer.Endpoint = ""
	next := make(sink, 1)
	r := start(t, cfg, next)
	r.send(t, minimal)
	if next.next(t); r.proxy != nil {
		t.Error("a proxy was started")
	}
}
