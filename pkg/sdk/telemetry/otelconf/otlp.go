package otelconf

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"go.opentelemetry.io/contrib/otelconf"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc/credentials"
)

func newHTTPExporter(ctx context.Context, e *otelconf.OTLPHttpExporter) (sdktrace.SpanExporter, error) {
	var opts []otlptracehttp.Option
	if e.Encoding != nil && *e.Encoding != otelconf.OTLPHttpEncodingProtobuf {
		return nil, fmt.Errorf("otlp_http: encoding %s: only protobuf is there", *e.Encoding)
	}
	if e.Endpoint != nil {
		u, err := url.Parse(*e.Endpoint)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			// The parser's error holds the text, which may hold a password.
			return nil, errors.New("otlp_http: endpoint: want a URL like http://localhost:4318/v1/traces")
		}
		opts = append(opts, otlptracehttp.WithEndpointURL(*e.Endpoint))
	}
	gzip, err := compressed(e.Compression)
	if err != nil {
		return nil, fmt.Errorf("otlp_http: %w", err)
	}
	opts = append(opts, otlptracehttp.WithCompression(otlptracehttp.NoCompression))
	if gzip {
		opts = append(opts, otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
	}
	if t := milliseconds(e.Timeout); t > 0 {
		opts = append(opts, otlptracehttp.WithTimeout(t))
	}
	h, err := headers(e.Headers, e.HeadersList)
	if err != nil {
		return nil, fmt.Errorf("otlp_http: %w", err)
	}
	if len(h) > 0 {
		opts = append(opts, otlptracehttp.WithHeaders(h))
	}
	if e.Tls != nil {
		c, err := tlsConfig(e.Tls.CaFile, e.Tls.CertFile, e.Tls.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("otlp_http: tls: %w", err)
		}
		opts = append(opts, otlptracehttp.WithTLSClientConfig(c))
	}
	return otlptracehttp.New(ctx, opts...)
}

func newGRPCExporter(ctx context.Context, e *otelconf.OTLPGrpcExporter) (sdktrace.SpanExporter, error) {
	var opts []otlptracegrpc.Option
	if e.Endpoint != nil {
		// An endpoint without a scheme is host:port.
		scheme, rest, found := strings.Cut(*e.Endpoint, "://")
		insecure := scheme == "http" || !found && e.Tls != nil && e.Tls.Insecure != nil && *e.Tls.Insecure
		if found {
			rest, _, _ = strings.Cut(rest, "/")
			opts = append(opts, otlptracegrpc.WithEndpoint(rest))
		} else {
			opts = append(opts, otlptracegrpc.WithEndpoint(*e.Endpoint))
		}
		if insecure {
			opts = append(opts, otlptracegrpc.WithInsecure())
		}
	}
	gzip, err := compressed(e.Compression)
	if err != nil {
		return nil, fmt.Errorf("otlp_grpc: %w", err)
	}
	if gzip {
		opts = append(opts, otlptracegrpc.WithCompressor("gzip"))
	}
	if t := milliseconds(e.Timeout); t > 0 {
		opts = append(opts, otlptracegrpc.WithTimeout(t))
	}
	h, err := headers(e.Headers, e.HeadersList)
	if err != nil {
		return nil, fmt.Errorf("otlp_grpc: %w", err)
	}
	if len(h) > 0 {
		opts = append(opts, otlptracegrpc.WithHeaders(h))
	}
	if t := e.Tls; t != nil && (t.CaFile != nil || t.CertFile != nil || t.KeyFile != nil) {
		c, err := tlsConfig(t.CaFile, t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("otlp_grpc: tls: %w", err)
		}
		opts = append(opts, otlptracegrpc.WithTLSCredentials(credentials.NewTLS(c)))
	}
	return otlptracegrpc.New(ctx, opts...)
}

// compressed reads a compression.
func compressed(name *string) (gzip bool, err error) {
	switch {
	case name == nil || *name == "none":
		return false, nil
	case *name == "gzip":
		return true, nil
	}
	return false, fmt.Errorf("compression %q is not known; known are gzip and none", *name)
}

// headers brings both ways of writing headers together; pairs win over the list.
func headers(pairs []otelconf.NameStringValuePair, list *string) (map[string]string, error) {
	h := map[string]string{}
	if list != nil {
		members, err := baggage.Parse(*list)
		if err != nil {
			return nil, errors.New("headers_list: want name=value,name=value") // the error holds the values
		}
		for _, m := range members.Members() {
			h[m.Key()] = m.Value()
		}
	}
	for _, p := range pairs {
		switch {
		case p.Value == nil:
		case p.Name == "":
			return nil, errors.New("headers: one has no name")
		default:
			h[p.Name] = *p.Value
		}
	}
	return h, nil
}

// tlsConfig reads the files of certificates that are named.
func tlsConfig(ca, cert, key *string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != nil {
		text, err := os.ReadFile(*ca)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s holds no certificate", *ca)
		}
	}
	if (cert == nil) != (key == nil) {
		return nil, errors.New("cert_file and key_file belong together")
	}
	if cert != nil {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
