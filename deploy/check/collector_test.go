package check

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/collector"
	"github.com/bragg-tracing/bragg/pkg/collector/gateway"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

// collectorProblems does what `collector validate` does with a file, on top of
// otel-collector.yaml if it is an overlay, with every backend on.
func collectorProblems(t testing.TB, name string, content []byte) []string {
	t.Helper()
	certificate, key := selfSigned(t)
	env := map[string]string{
		"BRAGG_NEWRELIC_EXPORTERS": "[otlp_http/newrelic]", "NEW_RELIC_LICENSE_KEY": licensekey.Local, "BRAGG_QUEUE_DIR": t.TempDir(),
		"BRAGG_GATEWAY_TOKEN": "token", "BRAGG_SAMPLER_TOKEN": "token",
		"BRAGG_SAMPLERS":          `{dns: {hostname: samplers.bragg.internal, port: "4317"}}`,
		"BRAGG_NEWRELIC_ENDPOINT": "http://127.0.0.1:4319", "AWS_REGION": "us-east-1",
		"BRAGG_TLS_CERT_PEM": certificate, "BRAGG_TLS_KEY_PEM": key,
	}
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	uris := []string{"file:" + file}
	if overlays[name] {
		uris = append([]string{"file:../../otel-collector.yaml"}, uris...)
	}
	if err := collector.Validate(t.Context(), env, uris, gateway.Add); err != nil {
		return []string{err.Error()}
	}
	return nil
}

// overlays are configurations that come after otel-collector.yaml.
var overlays = map[string]bool{"collector/durable.yaml": true, "collector/adot-durable.yaml": true, "gateway/agent.yaml": true}

// selfSigned returns a certificate and its key as PEM.
func selfSigned(t testing.TB) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text}))
}
