package deploy

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
	"github.com/bragg-tracing/bragg/pkg/xraylocal"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

const (
	agentsToken   = "token-of-the-agents-0123456789"
	samplersToken = "token-of-the-samplers-0123456789"
)

// A gateway is deploy/gateway as it runs in production, with two agents, one
// balancer and two samplers, each a process with its file, TLS and tokens. Each
// sampler has backends of its own, so that it shows which trace was where.
type gateway struct {
	authority *authority
	agents    []*collectorProcess
	balancer  *collectorProcess
	samplers  []*sampler
}

type sampler struct {
	*collectorProcess
	xray     *xraylocal.Server
	newrelic *sink.Sink
}

func startGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{authority: newAuthority(t)}
	certificate := g.authority.issue(t, "gateway", "samplers.bragg.internal", "localhost")
	serverTLS := map[string]string{"BRAGG_TLS_CERT_FILE": certificate + ".pem", "BRAGG_TLS_KEY_FILE": certificate + ".key", "BRAGG_BIND": "127.0.0.1"}
	var hosts []string
	for range 2 {
		xray, newrelic := freeAddress(t), freeAddress(t)
		s := &sampler{}
		s.xray, s.newrelic = startBackends(t, xray, newrelic)
		s.collectorProcess = startCollector(t, []string{"gateway/sampler.yaml"}, freePorts(t), with(serverTLS, map[string]string{
			"BRAGG_SAMPLER_TOKEN": samplersToken, "BRAGG_TLS_CLIENT_CA_FILE": g.authority.file,
			"BRAGG_XRAY_ENDPOINT": "http://" + xray, "BRAGG_NEWRELIC_ENDPOINT": "http://" + newrelic,
			"BRAGG_NEWRELIC_EXPORTERS": "[otlp_http/newrelic]", "NEW_RELIC_LICENSE_KEY": licensekey.Local,
			"BRAGG_DECISION_WAIT": "6s", "BRAGG_KEEP_REST": "10", "BRAGG_KEEP_IMPORTANT": "50",
		}))
		g.samplers = append(g.samplers, s)
		hosts = append(hosts, `"`+s.address("OTLP_GRPC")+`"`)
	}
	g.balancer = startCollector(t, []string{"gateway/balancer.yaml"}, freePorts(t), with(serverTLS, map[string]string{
		"BRAGG_GATEWAY_TOKEN": agentsToken, "BRAGG_SAMPLER_TOKEN": samplersToken, "BRAGG_TLS_CA_FILE": g.authority.file,
		"BRAGG_SAMPLERS": "{static: {hostnames: [" + strings.Join(hosts, ", ") + "]}}",
	}))
	for range 2 {
		g.agents = append(g.agents, startCollector(t, []string{"../otel-collector.yaml", "gateway/agent.yaml"}, freePorts(t), map[string]string{
			"BRAGG_GATEWAY": "localhost:" + g.balancer.ports["OTLP_GRPC"], "BRAGG_GATEWAY_TOKEN": agentsToken, "BRAGG_TLS_CA_FILE": g.authority.file,
		}))
	}
	return g
}

func with(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// scenario is why a trace should be kept, or not.
type scenario struct {
	name    string
	service string
	shape   func(ptrace.Span)
}

var scenarios = []scenario{
	{"fault", "scoring", func(s ptrace.Span) { s.Status().SetCode(ptrace.StatusCodeError) }},
	{"error 404", "scoring", func(s ptrace.Span) { s.Attributes().PutInt("http.response.status_code", 404) }},
	{"throttle", "scoring", func(s ptrace.Span) { s.Attributes().PutInt("http.response.status_code", 429) }},
	{"error of older instrumentation", "scoring", func(s ptrace.Span) { s.Attributes().PutInt("http.status_code", 503) }},
	{"slow", "scoring", func(s ptrace.Span) { s.SetEndTimestamp(s.StartTimestamp() + 2_500_000_000) }},
	{"important", "checkout", func(ptrace.Span) {}},
	{"rest", "scoring", func(ptrace.Span) {}},
}

const (
	tracesOfScenario = 100
	spansOfTrace     = 4
)

// traceID returns the id of a trace that began then, which is how X-Ray's begin.
func traceID(began time.Time, scenario, i int) (id [16]byte) {
	binary.BigEndian.PutUint32(id[:], uint32(began.Unix()))
	binary.BigEndian.PutUint64(id[4:], uint64(scenario+1)*0x9e3779b97f4a7c15+uint64(i)*0xbf58476d1ce4e5b9)
	binary.BigEndian.PutUint32(id[12:], uint32(scenario<<16|i))
	return id
}

// send sends every span of each trace in a request of its own, to the agents in
// turn. The third span of a trace is what the scenario is about.
func (g *gateway) send(t *testing.T) map[string]string {
	t.Helper()
	kinds := map[string]string{} // trace → scenario
	began := time.Now()
	for position := range spansOfTrace {
		for number, sc := range scenarios {
			traces := ptrace.NewTraces()
			resource := traces.ResourceSpans().AppendEmpty()
			resource.Resource().Attributes().PutStr("service.name", sc.service)
			spans := resource.ScopeSpans().AppendEmpty().Spans()
			for i := range tracesOfScenario {
				id := traceID(began, number, i)
				kinds[fmt.Sprintf("%x", id[12:])] = sc.name
				s := spans.AppendEmpty()
				fillSpan(s, id, position)
				if position == 2 {
					sc.shape(s)
				}
			}
			post(t, "http://"+g.agents[position%len(g.agents)].address("OTLP_HTTP")+"/v1/traces", traces)
		}
	}
	return kinds
}

func fillSpan(s ptrace.Span, id [16]byte, position int) {
	s.SetName(fmt.Sprint("step ", position))
	s.SetKind(ptrace.SpanKindServer)
	s.SetTraceID(id)
	spanID := [8]byte{byte(position + 1)}
	copy(spanID[4:], id[12:])
	s.SetSpanID(spanID)
	if position > 0 {
		spanID[0] = 1
		s.SetParentSpanID(spanID)
	}
	begun := time.Now().Add(-5 * time.Second).UnixNano()
	s.SetStartTimestamp(1e6 * (1 + pcommon.Timestamp(begun)/1e6))
	s.SetEndTimestamp(s.StartTimestamp() + 100_000_000)
}

func post(t *testing.T, url string, traces ptrace.Traces) {
	t.Helper()
	body, err := ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(url, "application/x-protobuf", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s answered %s", url, resp.Status)
	}
}

// kept returns the ids of spans by trace that a sampler has sent to each of its
// backends.
func (s *sampler) kept(t *testing.T) (xray, newrelic map[string][]string) {
	t.Helper()
	xray, newrelic = map[string][]string{}, map[string][]string{}
	err := s.xray.Store().Entities(t.Context(), func(e store.Entity) error {
		if !e.Inferred {
			id := strings.ReplaceAll(strings.TrimPrefix(e.TraceID, "1-"), "-", "")
			xray[id] = append(xray[id], e.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.newrelic.EachSpanID(t.Context(), func(trace, id string) error {
		newrelic[trace] = append(newrelic[trace], id)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, all := range []map[string][]string{xray, newrelic} {
		for trace := range all {
			slices.Sort(all[trace])
			all[trace] = slices.Compact(all[trace]) // a retry may send a span twice
		}
	}
	return xray, newrelic
}

// TestGateway runs deploy/gateway with TLS on every hop, a token on each and
// certificates of both sides (mTLS) between the tiers.
func TestGateway(t *testing.T) {
	if testing.Short() {
		t.Skip("runs five collectors")
	}
	t.Parallel()
	g := startGateway(t)
	t.Run("who may send", func(t *testing.T) { testWhoMaySend(t, g) })
	kinds := g.send(t)
	found := g.await(t, kinds)

	t.Run("a trace is on one sampler, whole", func(t *testing.T) {
		first, second := found[0], found[1]
		if len(first) == 0 || len(second) == 0 {
			t.Errorf("the samplers kept %d and %d traces: nothing was balanced", len(first), len(second))
		}
		for trace, spans := range first {
			if second[trace] != nil {
				t.Errorf("trace %s is on both samplers", trace)
			}
			if len(spans) != spansOfTrace {
				t.Errorf("trace %s was kept with %d of %d spans", trace, len(spans), spansOfTrace)
			}
		}
	})
	t.Run("what is kept", func(t *testing.T) {
		count := map[string]int{}
		for _, traces := range found {
			for trace := range traces {
				count[kinds[trace[24:]]]++
			}
		}
		t.Logf("kept of %d each: %v", tracesOfScenario, count)
		for _, sc := range scenarios {
			low, high := tracesOfScenario, tracesOfScenario
			switch sc.name { // within four standard deviations of the share
			case "important": // 50 %
				low, high = tracesOfScenario*30/100, tracesOfScenario*70/100
			case "rest": // 10 %
				low, high = 0, tracesOfScenario*22/100
			}
			if n := count[sc.name]; n < low || n > high {
				t.Errorf("%s: kept %d traces, want %d to %d", sc.name, n, low, high)
			}
		}
	})
}

// await waits until the samplers have decided about everything and both backends
// of each have the same, and returns the traces of each.
func (g *gateway) await(t *testing.T, kinds map[string]string) []map[string][]string {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	atLeast := 5 * tracesOfScenario // those of which all are kept
	before := 0
	for {
		var found []map[string][]string
		traces, equal := 0, true
		for _, s := range g.samplers {
			xray, newrelic := s.kept(t)
			equal = equal && maps.EqualFunc(xray, newrelic, slices.Equal)
			found = append(found, xray)
			traces += len(xray)
		}
		if equal && traces > atLeast && traces == before {
			return found
		}
		if time.Now().After(deadline) {
			t.Fatalf("the backends have %d traces of %d, equal: %t", traces, len(kinds), equal)
		}
		before = traces
		time.Sleep(time.Second) // other processes: there is nothing to wait on
	}
}

// testWhoMaySend proves that neither tier takes anything without its token, in
// plain text, or from a client that nobody vouches for.
func testWhoMaySend(t *testing.T, g *gateway) {
	balancer := "https://localhost:" + g.balancer.ports["OTLP_HTTP"] + "/v1/traces"
	trusted := &tls.Config{RootCAs: g.authority.pool}
	tests := []struct {
		name, url, token string
		config           *tls.Config
		status           int // 0: no connection
	}{
		{"with the token", balancer, agentsToken, trusted, http.StatusOK},
		{"without a token", balancer, "", trusted, http.StatusUnauthorized},
		{"with another token", balancer, agentsToken + "x", trusted, http.StatusUnauthorized},
		{"with the samplers' token", balancer, samplersToken, trusted, http.StatusUnauthorized},
		{"in plain text", strings.Replace(balancer, "https", "http", 1), agentsToken, nil, http.StatusBadRequest},
		{"from TLS 1.2", balancer, agentsToken, &tls.Config{RootCAs: g.authority.pool, MaxVersion: tls.VersionTLS12}, 0},
		{"to a stranger's certificate", balancer, agentsToken, &tls.Config{}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: test.config, DisableKeepAlives: true}}
			request, _ := http.NewRequest(http.MethodPost, test.url, nil)
			request.Header.Set("Content-Type", "application/x-protobuf")
			if test.token != "" {
				request.Header.Set("Authorization", "Bearer "+test.token)
			}
			resp, err := client.Do(request)
			status := 0
			if err == nil {
				resp.Body.Close()
				status = resp.StatusCode
			}
			if status != test.status {
				t.Errorf("status %d, error %v, want %d", status, err, test.status)
			}
		})
	}
	t.Run("a sampler wants a certificate", func(t *testing.T) {
		address := g.samplers[0].address("OTLP_GRPC")
		config := &tls.Config{RootCAs: g.authority.pool, ServerName: "samplers.bragg.internal", NextProtos: []string{"h2"}}
		if err := handshake(t.Context(), address, config); err == nil {
			t.Error("it took a client without one")
		}
		file := g.authority.issue(t, "client")
		certificate, err := tls.LoadX509KeyPair(file+".pem", file+".key")
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{certificate}
		if err := handshake(t.Context(), address, config); err != nil {
			t.Errorf("it refused a client with one: %v", err)
		}
	})
}

// handshake connects and reads, for in TLS 1.3 a server refuses a client after
// the client's own handshake is done.
func handshake(ctx context.Context, address string, config *tls.Config) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second)) //nolint:errcheck // it is open
	_, err = conn.Read(make([]byte, 1))
	return err
}

// An authority signs certificates for a test.
type authority struct {
	dir, file string
	pool      *x509.CertPool
	parent    *x509.Certificate
	key       *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{dir: t.TempDir(), key: key, pool: x509.NewCertPool(), parent: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of a test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}}
	der, err := x509.CreateCertificate(rand.Reader, a.parent, a.parent, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	a.file = writePEM(t, filepath.Join(a.dir, "ca.pem"), "CERTIFICATE", der)
	root, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(root)
	return a
}

// issue writes a certificate and its key, and returns their path up to .pem and
// .key.
func (a *authority) issue(t *testing.T, name string, hosts ...string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: hosts,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.parent, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(a.dir, name)
	writePEM(t, path+".pem", "CERTIFICATE", der)
	writePEM(t, path+".key", "PRIVATE KEY", private)
	return path
}

func writePEM(t *testing.T, path, kind string, der []byte) string {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
