package awsxrayexporter

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"go.opentelemetry.io/collector/exporter/exportertest"
)

func newTestClient(t *testing.T, configure func(*Config)) *client {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.Session.Region = "eu-central-1"
	configure(cfg)
	c, err := newClient(t.Context(), exportertest.NewNopSettings(Type), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

// TestRequestIsOfAWSClient compares a put with what AWS's client sends.
func TestRequestIsOfAWSClient(t *testing.T) {
	var got []*http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r)
		fmt.Fprint(w, `{"UnprocessedTraceSegments":[]}`)
	}))
	defer server.Close()
	c := newTestClient(t, func(cfg *Config) { cfg.Session.Endpoint = server.URL + "/stage" })
	body, err := json.Marshal(map[string][]string{"TraceSegmentDocuments": {`{"a":1}`}})
	if err != nil {
		t.Fatal(err)
	}
	if _, sent, err := c.putSegments(t.Context(), body); err != nil || !sent {
		t.Fatal(sent, err)
	}
	if _, err := c.xray.PutTraceSegments(t.Context(), &xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{`{"a":1}`}}); err != nil {
		t.Fatal(err)
	}
	own, theirs := got[0], got[1]
	if own.Method != theirs.Method || own.RequestURI != theirs.RequestURI || own.Host != theirs.Host || own.ContentLength != theirs.ContentLength {
		t.Errorf("got %s %s to %s with %d bytes, want %s %s to %s with %d", own.Method, own.RequestURI, own.Host, own.ContentLength,
			theirs.Method, theirs.RequestURI, theirs.Host, theirs.ContentLength)
	}
	for name, values := range theirs.Header {
		if slices.Contains([]string{"Authorization", "X-Amz-Date", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request"}, name) {
			continue
		}
		if name == "User-Agent" { // less the features of one call
			values[0], _, _ = strings.Cut(values[0], " m/")
			own.Header[name][0], _, _ = strings.Cut(own.Header[name][0], " m/")
		}
		if !slices.Equal(own.Header[name], values) {
			t.Errorf("%s is %q, want %q", name, own.Header[name], values)
		}
	}
}

// TestEndpoints: the rules of AWS's client say where to send.
func TestEndpoints(t *testing.T) {
	tests := []struct {
		name        string
		environment map[string]string
		configure   func(*Config)
		want        string
	}{
		{"of the region", nil, func(*Config) {}, "https://xray.eu-central-1.amazonaws.com/TraceSegments"},
		{"of a partition", nil, func(c *Config) { c.Session.Region = "cn-north-1" }, "https://xray.cn-north-1.amazonaws.com.cn/TraceSegments"},
		{"FIPS", map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"}, func(c *Config) { c.Session.Region = "us-east-1" }, "https://xray-fips.us-east-1.amazonaws.com/TraceSegments"},
		{"of the environment", map[string]string{"AWS_ENDPOINT_URL_XRAY": "http://127.0.0.1:2080"}, func(*Config) {}, "http://127.0.0.1:2080/TraceSegments"},
		{"configured", map[string]string{"AWS_ENDPOINT_URL_XRAY": "http://127.0.0.1:2080"}, func(c *Config) { c.Session.Endpoint = "http://localhost:1/x" }, "http://localhost:1/x/TraceSegments"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, value := range tt.environment {
				t.Setenv(name, value)
			}
			c := newTestClient(t, tt.configure)
			if got := c.template.URL.String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestSignature holds that what arrives is signed as AWS's signer does it.
func TestSignature(t *testing.T) {
	var failure error
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := r.Header.Get("Authorization")
		_, list, _ := strings.Cut(given, "SignedHeaders=")
		list, _, _ = strings.Cut(list, ",")
		again := r.Clone(r.Context())
		again.URL = &url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path}
		again.Header = http.Header{}
		for name := range strings.SplitSeq(list, ";") {
			if name != "host" && name != "content-length" {
				again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
			}
		}
		at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err == nil {
			err = v4.NewSigner().SignHTTP(r.Context(), aws.Credentials{AccessKeyID: "AKIDTEST", SecretAccessKey: "secret"}, again,
				"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", "xray", "eu-central-1", at) // SHA-256 of {}
		}
		if err == nil && again.Header.Get("Authorization") != given {
			err = fmt.Errorf("the signature is %q, want %q", given, again.Header.Get("Authorization"))
		}
		failure = err
		fmt.Fprint(w, `{"UnprocessedTraceSegments":[]}`)
	}))
	defer server.Close()
	c := newTestClient(t, func(cfg *Config) { cfg.Session.Endpoint = server.URL })
	if _, _, err := c.putSegments(t.Context(), []byte("{}")); err != nil || failure != nil {
		t.Error(err, failure)
	}
}

// TestAnswerBeforeTheBody: of a request whose answer comes before its body was
// sent, the memory is not used again.
func TestAnswerBeforeTheBody(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			_, _ = conn.Read(make([]byte, 1))
			fmt.Fprint(conn, "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}")
		}
	}()
	c := newTestClient(t, func(cfg *Config) { cfg.Session.Endpoint = "http://" + listener.Addr().String() })
	_, sent, err := c.putSegments(context.Background(), make([]byte, 64<<20))
	if v := classify(err); err == nil || sent || v.kind != unavailable {
		t.Errorf("sent %v, %v", sent, err)
	}
}
