package awsxrayexporter

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestRole: role_arn is assumed with external_id, and its keys sign.
func TestRole(t *testing.T) {
	var asked atomic.Pointer[url.Values]
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		asked.Store(&r.Form)
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
			<Credentials><AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
			<Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	defer sts.Close()
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
	e := newEndpoint(t, nil)
	r := start(t, e.URL, func(cfg *Config) {
		cfg.Session.RoleARN, cfg.Session.ExternalID = "arn:aws:iam::123456789012:role/tracing", "shared"
	})
	r.send(t, 10)
	e.await(t, 10)
	r.stop(t)
	if form := asked.Load(); form == nil || form.Get("RoleArn") != "arn:aws:iam::123456789012:role/tracing" || form.Get("ExternalId") != "shared" {
		t.Errorf("STS was asked for %v", form)
	}
	if got := e.requests[0].header.Get("Authorization"); !strings.Contains(got, "Credential=AKIDROLE/") || !strings.Contains(got, "/eu-central-1/xray/") {
		t.Errorf("signed with %s", got)
	}
	if got := e.requests[0].header.Get("X-Amz-Security-Token"); got != "t" {
		t.Errorf("the token is %q", got)
	}
}

func TestProxy(t *testing.T) {
	var passed atomic.Int64
	e := newEndpoint(t, nil)
	target, err := url.Parse(e.URL)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host == "xray.example" {
			passed.Add(1)
		}
		forward.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	r := start(t, "http://xray.example", func(cfg *Config) { cfg.Session.ProxyAddress = proxy.URL })
	r.send(t, 10)
	e.await(t, 10)
	r.stop(t)
	if passed.Load() == 0 {
		t.Error("no request passed the proxy")
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections() // the forward's
}

// TestRegion: region wins over the environment, which is the second choice.
func TestRegion(t *testing.T) {
	tests := []struct{ name, region, environment, want string }{
		{"configured", "eu-west-1", "us-east-2", "eu-west-1"},
		{"of the environment", "", "us-east-2", "us-east-2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("AWS_REGION", test.environment)
			e := newEndpoint(t, nil)
			r := start(t, e.URL, func(cfg *Config) { cfg.Session.Region = test.region })
			r.send(t, 1)
			e.await(t, 1)
			r.stop(t)
			if got := e.requests[0].header.Get("Authorization"); !strings.Contains(got, "/"+test.want+"/xray/aws4_request") {
				t.Errorf("signed with %s", got)
			}
		})
	}
}

// TestCertificate: X-Ray's certificate is checked, unless no_verify_ssl is set.
func TestCertificate(t *testing.T) {
	for _, unchecked := range []bool{false, true} {
		t.Run(fmt.Sprintf("no_verify_ssl %v", unchecked), func(t *testing.T) {
			e := newEndpoint(t, nil)
			secure := httptest.NewTLSServer(http.HandlerFunc(e.serve))
			defer secure.Close()
			secure.Config.ErrorLog = nil
			r := start(t, secure.URL, func(cfg *Config) {
				direct(cfg)
				cfg.Session.NoVerifySSL, cfg.Retry.Enabled = unchecked, false
			})
			err := r.ConsumeTraces(t.Context(), spans(0, 1))
			r.stop(t)
			if (err == nil) != unchecked || (e.puts() == 1) != unchecked {
				t.Errorf("%d puts, the error is %v", e.puts(), err)
			}
		})
	}
}

// TestRequestTimeout: a put that hangs ends, and its documents are put again.
func TestRequestTimeout(t *testing.T) {
	hang := make(chan struct{})
	e := newEndpoint(t, func(w http.ResponseWriter, r *request) []bool {
		if r.number == 1 {
			<-hang
			return nil
		}
		return takeAll(w, r)
	})
	r := start(t, e.URL, func(cfg *Config) { cfg.Session.RequestTimeoutSeconds = 1 })
	r.send(t, 100)
	e.await(t, 100)
	close(hang)
	r.stop(t)
	e.compare(t, 100, false, false)
}
