package telemetry_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

// TestTLS: OTEL_EXPORTER_OTLP_CERTIFICATE says whom to trust, and
// OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and …_CLIENT_KEY show who this is, to a
// collector that lets nobody else in.
func TestTLS(t *testing.T) {
	trusted, other := newAuthority(t), newAuthority(t)
	client := trusted.issue(t)
	all := map[string]string{
		"OTEL_EXPORTER_OTLP_CERTIFICATE":        trusted.file,
		"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": client + ".pem",
		"OTEL_EXPORTER_OTLP_CLIENT_KEY":         client + ".key",
	}
	stranger := other.issue(t)
	tests := []struct {
		name    string
		but     map[string]string
		arrives bool
	}{
		{"mutual", nil, true},
		{"traces alone", map[string]string{
			"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": "", "OTEL_EXPORTER_OTLP_CLIENT_KEY": "",
			"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE": client + ".pem", "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY": client + ".key",
		}, true},
		{"no certificate", map[string]string{"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": "", "OTEL_EXPORTER_OTLP_CLIENT_KEY": ""}, false},
		{"a stranger's certificate", map[string]string{"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": stranger + ".pem", "OTEL_EXPORTER_OTLP_CLIENT_KEY": stranger + ".key"}, false},
		{"a collector that is not trusted", map[string]string{"OTEL_EXPORTER_OTLP_CERTIFICATE": other.file}, false},
	}
	for _, protocol := range []string{"grpc", "http/protobuf"} {
		for _, tt := range tests {
			t.Run(protocol+"/"+tt.name, func(t *testing.T) {
				clearEnvironment(t)
				t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
				for _, variables := range []map[string]string{all, tt.but} {
					for name, value := range variables {
						t.Setenv(name, value)
					}
				}
				c, alpn := (*collector)(nil), "h2"
				if protocol == "grpc" {
					c = startGRPCCollector(t)
				} else {
					c, alpn = startHTTPCollector(t, ""), "http/1.1"
				}
				sdk := start(t, telemetry.WithEndpoint(trusted.before(t, c.url, alpn)), telemetry.WithoutMetrics(), telemetry.WithoutLogs())
				endSpans(sdk, 1)
				limit := 10 * time.Second
				if !tt.arrives {
					limit = 200 * time.Millisecond // it tries again for longer than that
				}
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				err := sdk.Flush(ctx)
				if arrived := len(c.spans()) == 1; arrived != tt.arrives || (err == nil) != tt.arrives {
					t.Errorf("%d spans arrived, Flush: %v", len(c.spans()), err)
				}
			})
		}
	}
}

// authority signs certificates for 127.0.0.1.
type authority struct {
	file   string // its own certificate
	key    *ecdsa.PrivateKey
	parent *x509.Certificate
	pool   *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{pool: x509.NewCertPool(), parent: &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}}
	path := a.issue(t)
	a.file = path + ".pem"
	content, err := os.ReadFile(a.file)
	if err != nil || !a.pool.AppendCertsFromPEM(content) {
		t.Fatal("its own certificate: ", err)
	}
	return a
}

// issue writes a certificate and its key, the authority's own as the first, and
// returns their path up to .pem and .key.
func (a *authority) issue(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "certificate")
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	if a.key == nil {
		a.key, template = key, a.parent
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, a.parent, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: certificate}, ".key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path+file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// before serves TLS before a plain server, for clients with a certificate of
// the authority, and returns its URL.
func (a *authority) before(t *testing.T, plain, alpn string) string {
	t.Helper()
	path := a.issue(t)
	certificate, err := tls.LoadX509KeyPair(path+".pem", path+".key")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(plain)
	if err != nil {
		t.Fatal(err)
	}
	l := tls.NewListener(listen(t), &tls.Config{
		Certificates: []tls.Certificate{certificate}, NextProtos: []string{alpn}, MinVersion: tls.VersionTLS13,
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.pool,
	})
	var running sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { relay(ctx, conn, u.Host) })
		}
	})
	t.Cleanup(func() { cancel(); l.Close(); running.Wait() })
	return "https://" + l.Addr().String()
}

// relay passes bytes on, both ways, until one side or ctx ends.
func relay(ctx context.Context, conn net.Conn, address string) {
	defer conn.Close()
	if conn.(*tls.Conn).HandshakeContext(ctx) != nil {
		return
	}
	server, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	defer context.AfterFunc(ctx, func() { conn.Close(); server.Close() })()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(server, conn)
		server.Close()
	}()
	_, _ = io.Copy(conn, server)
	conn.Close()
	<-done
}
