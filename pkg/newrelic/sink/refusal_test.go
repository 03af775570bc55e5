package sink_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/binary"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

const otherKey = "0123456789abcdef0123456789abcdef0123NRAL"

func zip(t testing.TB, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipStandard(t testing.TB, body []byte) []byte {
	t.Helper()
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer encoder.Close()
	return encoder.EncodeAll(body, nil)
}

// padded returns one span with an attribute of n random letters, which do not
// compress well.
func padded(t testing.TB, n int) ptrace.Traces {
	t.Helper()
	var pad strings.Builder
	for pad.Len() < n {
		pad.WriteString(rand.Text())
	}
	td := traces(1, 1)
	td.ResourceSpans().At(0).Resource().Attributes().PutStr("pad", pad.String()[:n])
	return td
}

// nested returns a request with an attribute of lists in lists, of about n
// bytes: with 20 MB of it pdata overflows the stack.
func nested(n int) []byte {
	var reversed []byte
	length := 0
	wrap := func(tag byte) {
		prefix := binary.AppendUvarint([]byte{tag}, uint64(length))
		length += len(prefix)
		slices.Reverse(prefix)
		reversed = append(reversed, prefix...)
	}
	for length < n {
		wrap(0x0a) // ArrayValue.values
		wrap(0x2a) // AnyValue.array_value
	}
	for _, tag := range []byte{0x12, 0x0a, 0x0a, 0x0a} { // KeyValue.value, Resource.attributes, ResourceSpans.resource
		wrap(tag)
	}
	slices.Reverse(reversed)
	return reversed
}

func TestHTTPRefusals(t *testing.T) {
	good := protoBody(t, traces(1, 1))
	zeros := make([]byte, 30_000_000)
	tests := []struct {
		name string
		exchange
		want int
		says string
	}{
		{"accepted", exchange{body: good}, 200, ""},
		{"accepted, other key", exchange{body: good, key: otherKey}, 200, ""},
		{"accepted, empty", exchange{}, 200, ""},
		{"accepted, gzip", exchange{body: zip(t, good), encoding: "gzip"}, 200, ""},
		{"accepted, zstd", exchange{body: zipStandard(t, good), encoding: "zstd"}, 200, ""},
		{"accepted, identity", exchange{body: good, encoding: "identity"}, 200, ""},
		{"accepted, JSON", exchange{body: []byte(`{"resourceSpans":[]}`), contentType: "application/json; charset=utf-8"}, 200, ""},
		{"accepted, compressed below 1 MB", exchange{body: zip(t, protoBody(t, padded(t, 1_300_000))), encoding: "gzip"}, 200, ""},
		{"no key", exchange{body: good, key: "-"}, 401, "api-key header is missing"},
		{"malformed key", exchange{body: good, key: "0123"}, 403, "4 characters"},
		{"user key", exchange{body: good, key: "NRAK-0123456789ABCDEF0123456789A"}, 403, "user key"},
		{"over 1 MB", exchange{body: protoBody(t, padded(t, 1_000_001))}, 413, "1000000 bytes"},
		{"over 1 MB compressed", exchange{body: zip(t, protoBody(t, padded(t, 2_000_000))), encoding: "gzip"}, 413, "1000000 bytes"},
		{"gzip bomb", exchange{body: zip(t, zeros), encoding: "gzip"}, 413, "decompressed"},
		{"zstd bomb", exchange{body: zipStandard(t, zeros), encoding: "zstd"}, 413, "decompressed"},
		{"wrong path", exchange{body: good, path: "/v1/trace"}, 404, ""},
		{"root", exchange{body: good, path: "/"}, 404, ""},
		{"wrong method", exchange{method: http.MethodGet}, 405, ""},
		{"post to a page", exchange{path: "/counts"}, 405, ""},
		{"wrong content type", exchange{body: good, contentType: "text/plain"}, 415, "content type"},
		{"wrong encoding", exchange{body: good, encoding: "br"}, 415, "content encoding"},
		{"not protobuf", exchange{body: []byte("not protobuf")}, 400, "not OTLP"},
		{"not JSON", exchange{body: []byte("{"), contentType: "application/json"}, 400, "not OTLP"},
		{"not gzip", exchange{body: good, encoding: "gzip"}, 400, "cannot be read"},
		{"not zstd", exchange{body: good, encoding: "zstd"}, 400, "cannot be read"},
		{"nested protobuf", exchange{body: nested(900_000)}, 400, "nests deeper"},
		{"nested JSON", exchange{body: bytes.Repeat([]byte("["), 900_000), contentType: "application/json"}, 400, "nests deeper"},
		{"foreign host", exchange{body: good, host: "rebound.example.com"}, 403, "--allow-host"},
		{"foreign host reads", exchange{method: http.MethodGet, path: "/counts", host: "rebound.example.com:4319"}, 403, "--allow-host"},
		{"address of another machine", exchange{body: good, host: "192.0.2.1"}, 403, "--allow-host"},
		{"localhost", exchange{body: good, host: "LOCALHOST:1234"}, 200, ""},
		{"IPv6 loopback", exchange{body: good, host: "[::1]"}, 200, ""},
		{"allowed host", exchange{body: good, host: "newrelic:4319"}, 200, ""},
	}
	s := start(t, sink.Config{AllowHosts: []string{"newrelic"}})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body := tt.send(t, s)
			if status != tt.want || !strings.Contains(body, tt.says) {
				t.Errorf("%d %.200q, want %d and %q", status, body, tt.want, tt.says)
			}
			if strings.Contains(body, "0123") {
				t.Errorf("the answer shows the key: %q", body)
			}
		})
	}
}

func TestAcceptKeys(t *testing.T) {
	s := start(t, sink.Config{AcceptKeys: []string{otherKey}})
	for key, want := range map[string]int{otherKey: 200, licensekey.Local: 403, "-": 401} {
		if status, _ := (exchange{key: key}).send(t, s); status != want {
			t.Errorf("key %.3s…: %d, want %d", key, status, want)
		}
	}
}

func TestGRPCRefusals(t *testing.T) {
	tests := []struct {
		name     string
		key      string
		host     string
		traces   ptrace.Traces
		compress bool
		want     codes.Code
	}{
		{name: "accepted", key: licensekey.Local, traces: traces(1, 1), want: codes.OK},
		{name: "compressed", key: licensekey.Local, traces: padded(t, 1_300_000), compress: true, want: codes.OK},
		{name: "no key", traces: traces(1, 1), want: codes.Unauthenticated},
		{name: "malformed key", key: "0123", traces: traces(1, 1), want: codes.PermissionDenied},
		{name: "over 1 MB", key: licensekey.Local, traces: padded(t, 1_000_001), want: codes.ResourceExhausted},
		{name: "over 1 MB compressed", key: licensekey.Local, traces: padded(t, 2_000_000), compress: true, want: codes.ResourceExhausted},
		{name: "foreign host", key: licensekey.Local, host: "rebound.example.com", traces: traces(1, 1), want: codes.PermissionDenied},
		{name: "nested", key: licensekey.Local, traces: nestedTraces(t, 150), want: codes.Internal},
	}
	s := start(t, sink.Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := grpc.NewClient(s.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority(tt.host))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			ctx := t.Context()
			if tt.key != "" {
				ctx = metadata.AppendToOutgoingContext(ctx, "api-key", tt.key)
			}
			var opts []grpc.CallOption
			if tt.compress {
				opts = append(opts, grpc.UseCompressor("gzip"))
			}
			_, err = ptraceotlp.NewGRPCClient(conn).Export(ctx, ptraceotlp.NewExportRequestFromTraces(tt.traces), opts...)
			if status.Code(err) != tt.want {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if err != nil && (status.Convert(err).Message() == "" || strings.Contains(err.Error(), "0123")) {
				t.Errorf("no reason, or the key: %v", err)
			}
		})
	}
}

// nestedTraces returns a span with an attribute of n lists in lists.
func nestedTraces(t *testing.T, n int) ptrace.Traces {
	t.Helper()
	td := traces(1, 1)
	value := td.ResourceSpans().At(0).Resource().Attributes().PutEmptySlice("nested")
	for range n {
		value = value.AppendEmpty().SetEmptySlice()
	}
	return td
}

func TestAddresses(t *testing.T) {
	s := start(t, sink.Config{})
	file := t.TempDir() + "/file"
	if err := writeFile(file); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		cfg  sink.Config
		says []string // empty: it starts
	}{
		{"port in use", sink.Config{Listen: s.Addr()}, []string{s.Addr(), "in use", "choose another"}},
		{"all interfaces", sink.Config{Listen: "0.0.0.0:0"}, []string{"0.0.0.0:0", "--allow-remote"}},
		{"all interfaces, short", sink.Config{Listen: ":0"}, []string{"--allow-remote"}},
		{"a name", sink.Config{Listen: "example.com:0"}, []string{"--allow-remote"}},
		{"all interfaces allowed", sink.Config{Listen: "0.0.0.0:0", AllowRemote: true}, nil},
		{"no port", sink.Config{Listen: "127.0.0.1"}, []string{"want host:port"}},
		{"port too large", sink.Config{Listen: "127.0.0.1:70000"}, []string{"65535"}},
		{"directory is a file", sink.Config{Listen: "127.0.0.1:0", Dir: file}, []string{file, "--data"}},
		{"directory in a file", sink.Config{Listen: "127.0.0.1:0", Dir: file + "/below"}, []string{file, "--data"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.cfg.Dir == "" {
				tt.cfg.Dir = t.TempDir()
			}
			s, err := sink.Open(tt.cfg)
			if err == nil {
				err = s.Start()
				defer s.Close(context.Background())
			}
			if (err == nil) != (tt.says == nil) {
				t.Fatalf("error %v", err)
			}
			for _, part := range tt.says {
				if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%q does not say %q in one line", err, part)
				}
			}
		})
	}
}
