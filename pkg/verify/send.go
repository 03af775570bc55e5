package verify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// The paths into a collector.
const (
	PathGRPC   = "otlp-grpc"
	PathHTTP   = "otlp-http"
	PathUDP    = "udp"    // the X-Ray daemon's protocol
	PathHeader = "header" // a request that carries X-Amzn-Trace-Id to a service
)

// Paths lists them in the order in which they are tried.
var Paths = []string{PathGRPC, PathHTTP, PathUDP, PathHeader}

// A Collector says where a collector listens.
type Collector struct {
	GRPC    string            // URL of OTLP over gRPC; https for TLS
	HTTP    string            // base URL of OTLP over HTTP; https for TLS
	Daemon  string            // host:port of the X-Ray daemon's protocol
	Headers map[string]string // sent along, such as authorization
	CAFile  string            // PEM of the certificate authority, beside the system's
	Service string            // URL of a service to call for PathHeader; "" starts one in this process
}

const sendTimeout = 15 * time.Second

// send sends a known trace and returns nil when the collector has taken it. Of
// UDP nobody knows: nil says that the datagrams left.
func (c Collector) send(ctx context.Context, path string, k Known) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	switch path {
	case PathGRPC:
		return c.sendGRPC(ctx, k.traces)
	case PathHTTP:
		return c.sendHTTP(ctx, k.traces)
	}
	return c.sendUDP(ctx, k)
}

func (c Collector) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("certificate authority: %s has no PEM certificate", c.CAFile)
	}
	config.RootCAs = pool
	return config, nil
}

func (c Collector) sendGRPC(ctx context.Context, traces ptrace.Traces) error {
	u, err := url.Parse(c.GRPC)
	if err != nil || u.Host == "" {
		return fmt.Errorf("OTLP endpoint %q is no URL like http://127.0.0.1:4317", c.GRPC)
	}
	transport := insecure.NewCredentials()
	if u.Scheme == "https" {
		config, err := c.tls()
		if err != nil {
			return err
		}
		transport = credentials.NewTLS(config)
	}
	conn, err := grpc.NewClient("passthrough:///"+u.Host, grpc.WithTransportCredentials(transport))
	if err != nil {
		return fmt.Errorf("OTLP gRPC at %s: %w", c.GRPC, err)
	}
	defer conn.Close()
	for name, value := range c.Headers {
		ctx = metadata.AppendToOutgoingContext(ctx, strings.ToLower(name), value)
	}
	resp, err := ptraceotlp.NewGRPCClient(conn).Export(ctx, ptraceotlp.NewExportRequestFromTraces(traces))
	if err != nil {
		return fmt.Errorf("OTLP gRPC at %s answers %s: %s", c.GRPC, status.Code(err), status.Convert(err).Message())
	}
	return partly(resp)
}

func (c Collector) sendHTTP(ctx context.Context, traces ptrace.Traces) error {
	body, err := ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.HTTP, "/")+"/v1/traces", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("OTLP endpoint %q is no URL like http://127.0.0.1:4318", c.HTTP)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	for name, value := range c.Headers {
		req.Header.Set(name, value)
	}
	config, err := c.tls()
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment}}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("OTLP HTTP: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("OTLP HTTP at %s: %w", c.HTTP, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("OTLP HTTP at %s answers %s", c.HTTP, resp.Status)
	}
	response := ptraceotlp.NewExportResponse()
	if err := response.UnmarshalProto(answer); err != nil {
		return fmt.Errorf("OTLP HTTP at %s answers what is not OTLP: %w", c.HTTP, err)
	}
	return partly(response)
}

// partly is the error of a collector that took only some of the spans.
func partly(resp ptraceotlp.ExportResponse) error {
	if n := resp.PartialSuccess().RejectedSpans(); n > 0 {
		return fmt.Errorf("the collector rejected %d spans: %s", n, resp.PartialSuccess().ErrorMessage())
	}
	return nil
}

// daemonHeader begins every datagram to the X-Ray daemon.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html
const daemonHeader = "{\"format\": \"json\", \"version\": 1}\n"

func (c Collector) sendUDP(ctx context.Context, k Known) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "udp", c.Daemon)
	if err != nil {
		return fmt.Errorf("X-Ray daemon's protocol at %s: %w", c.Daemon, err)
	}
	defer conn.Close()
	for _, d := range k.documents {
		if _, err := conn.Write(append([]byte(daemonHeader), d...)); err != nil {
			return fmt.Errorf("X-Ray daemon's protocol at %s: nobody listens there (%w)", c.Daemon, err)
		}
	}
	// Nothing is ever answered; but a host whose port is closed may say so.
	if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		return fmt.Errorf("X-Ray daemon's protocol at %s: %w", c.Daemon, err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("X-Ray daemon's protocol at %s: nobody listens there (%w)", c.Daemon, err)
	}
	return nil
}
