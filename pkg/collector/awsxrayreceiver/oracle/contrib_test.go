package oracle

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	bragg "github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver"
	contrib "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/awsxrayreceiver"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

// accepted are the differences to contrib's receiver, each with its reason.
// A final * stands for any rest.
var accepted = map[string]string{
	"refused by contrib":                        "an sql.url of another form, an unknown namespace or an ill-typed member costs one attribute, not the document",
	"changed resource telemetry.sdk.language":   "the SDK's language in the conventions' spelling, not java for all that failed",
	"changed resource telemetry.sdk.name":       "without the language, which the exporter appends: it grew with every hop",
	"added resource cloud.platform":             "origin, and the blocks of ECS and Beanstalk, which the exporter makes of it",
	"added resource aws.ecs.*":                  "the block of ECS was lost but for three members",
	"added resource aws.xray.origin":            "an origin that cloud.platform cannot say",
	"added resource process.runtime.*":          "the compiler or runtime of service was lost",
	"added span aws.xray.aws.*":                 "members of aws were lost",
	"added span aws.dynamodb.table_names":       "members of aws were lost",
	"added span aws.xray.sdk.*":                 "members of aws.xray were lost",
	"added span aws.xray.sql.*":                 "members of sql were lost",
	"added span aws.xray.cause.*":               "members of cause were lost",
	"added span aws.xray.precursor_ids":         "was lost",
	"added span aws.xray.namespace":             "was lost unless it is aws or remote",
	"added span aws.xray.error":                 "was lost where HTTP's status does not say it",
	"added span aws.xray.throttle":              "was lost where HTTP's status does not say it",
	"added span aws.xray.traced":                "was lost in http.request, where the SDKs write it",
	"added span aws.xray.inprogress":            "what has no end is in progress",
	"added span db.connection_string":           "sql.connection_string was lost",
	"added span db.system":                      "an sql block of no stated type is one still",
	"changed span db.connection_string":         "the host was taken for the database",
	"missing span db.name":                      "the host was taken for the database",
	"changed span db.system":                    "in the conventions' spelling, without which the exporter makes no sql block",
	"changed span http.response_content_length": "a number, though some SDKs write a string",
	"changed span aws.xray.annotations":         "only what is an annotation",
	"changed span start":                        "exact where a product of floats is up to 256 ns off",
	"changed span end":                          "the same; and never 0, which is 1970 to other backends",
	"changed span status":                       "the flags fault, error and throttle say that it failed",
	"changed span links":                        "were lost",
	"changed event time":                        "the span's end; it was 1970",
	"changed event exception.stacktrace":        "in the form of the language, with line numbers that can be read",
}

func TestDifferencesToContrib(t *testing.T) {
	factory := contrib.NewFactory()
	theirs := factory.CreateDefaultConfig().(*contrib.Config)
	theirs.ProxyServer.Endpoint, theirs.ProxyServer.Region = "127.0.0.1:0", "us-east-1"
	theirs.AddrConfig.Endpoint = freeAddress(t)
	oracle := start(t, factory, theirs, theirs.AddrConfig.Endpoint)
	factory = bragg.NewFactory()
	own := factory.CreateDefaultConfig().(*bragg.Config)
	own.ProxyServer.Endpoint, own.ProxyServer.Region, own.KeepDocument = "127.0.0.1:0", "us-east-1", false
	own.Endpoint = freeAddress(t)
	ours := start(t, factory, own, own.Endpoint)
	seen := map[string]bool{}
	all := documents(t)
	for name, document := range contribsOwn(t) {
		all[name] = document
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			want, taken := oracle.translate(t, all[name])
			if !taken && !startable(all[name]) {
				return // refused by both, see TestRefused
			}
			ours.send(t, all[name])
			got := ours.sink.next(t)
			if !taken {
				seen["refused by contrib"] = true
				return
			}
			for _, difference := range differences(want, got) {
				row, ok := find(difference.what)
				if !ok {
					t.Errorf("%s: contrib %v, ours %v", difference.what, difference.contrib, difference.ours)
				}
				seen[row] = true
			}
		})
	}
	for row := range accepted {
		if !seen[row] && !t.Failed() {
			t.Errorf("no document shows the difference %q", row)
		}
	}
}

func find(what string) (row string, ok bool) {
	for row := range accepted {
		prefix, isPrefix := strings.CutSuffix(row, "*")
		if row == what || isPrefix && strings.HasPrefix(what, prefix) {
			return row, true
		}
	}
	return "", false
}

// startable reports whether a document has what every segment must have.
func startable(document string) bool {
	var doc map[string]any
	_ = json.Unmarshal([]byte(document), &doc)
	return doc["name"] != nil && doc["id"] != nil && doc["start_time"] != nil && doc["trace_id"] != nil
}

// A running receiver, and what it hands on.
type running struct {
	conn net.Conn // to its UDP port
	sink sink
	n    int
}

func start(t *testing.T, factory receiver.Factory, cfg component.Config, address string) *running {
	t.Helper()
	x := &running{sink: make(sink, 16)}
	r, err := factory.CreateTraces(t.Context(), receivertest.NewNopSettings(factory.Type()), cfg, x.sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Shutdown(context.Background()) })
	if x.conn, err = net.Dial("udp", address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.conn.Close() })
	return x
}

func freeAddress(t *testing.T) string {
	t.Helper()
	free, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	return free.LocalAddr().String()
}

func (r *running) send(t *testing.T, document string) {
	t.Helper()
	if _, err := r.conn.Write([]byte("{\"format\":\"json\",\"version\":1}\n" + document)); err != nil {
		t.Fatal(err)
	}
}

// A sink takes what a receiver hands on.
type sink chan ptrace.Traces

func (s sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s sink) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	s <- td
	return nil
}

// next returns the next batch.
func (s sink) next(t *testing.T) ptrace.Traces {
	t.Helper()
	select {
	case td := <-s:
		return td
	case <-time.After(20 * time.Second):
		t.Fatal("no spans came")
		return ptrace.Traces{}
	}
}

// documents returns the documents of the receiver's tests by name.
func documents(t *testing.T) map[string]string {
	t.Helper()
	return read(t, "../testdata/documents/*.json", "")
}

func read(t *testing.T, pattern, prefix string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v, %d documents", pattern, err, len(paths))
	}
	all := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[prefix+strings.TrimSuffix(filepath.Base(path), ".json")] = string(text)
	}
	return all
}

// translate returns the spans of a document, or that contrib refuses it: then
// a document that is sent after it arrives alone.
func (r *running) translate(t *testing.T, document string) (ptrace.Traces, bool) {
	t.Helper()
	r.n++
	last := fmt.Sprintf("sentinel-%d", r.n)
	for _, text := range []string{document, `{"name":"` + last + `","id":"0000000000000001","start_time":1,"trace_id":"1-68e1f2a0-aabbccddeeff001122334455"}`} {
		r.send(t, text)
	}
	isLast := func(td ptrace.Traces) bool {
		return td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Name() == last
	}
	first := r.sink.next(t)
	if !isLast(first) {
		r.sink.next(t)
		return first, true
	}
	select { // two goroutines read contrib's socket
	case late := <-r.sink:
		return late, true
	case <-time.After(20 * time.Millisecond):
		return first, false
	}
}

// contribsOwn returns the fixtures of contrib's own tests, from the module cache.
func contribsOwn(t *testing.T) map[string]string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/open-telemetry/opentelemetry-collector-contrib/internal/aws/xray").Output()
	if err != nil {
		t.Fatalf("contrib's fixtures: %v", err)
	}
	return read(t, filepath.Join(strings.TrimSpace(string(dir)), "testdata", "*.txt"), "contrib ")
}

type difference struct {
	what          string
	contrib, ours any
}

// differences compares two translations of one document.
func differences(contrib, ours ptrace.Traces) (all []difference) {
	add := func(what string, c, o any) {
		if !reflect.DeepEqual(c, o) {
			all = append(all, difference{what, c, o})
		}
	}
	a, b := contrib.ResourceSpans().At(0), ours.ResourceSpans().At(0)
	compareAttributes("resource", a.Resource().Attributes(), b.Resource().Attributes(), add)
	as, bs := a.ScopeSpans().At(0).Spans(), b.ScopeSpans().At(0).Spans()
	add("number of spans", as.Len(), bs.Len())
	for i := range min(as.Len(), bs.Len()) {
		compareSpans(as.At(i), bs.At(i), add)
	}
	return all
}

func compareSpans(a, b ptrace.Span, add func(string, any, any)) {
	add("span trace", a.TraceID(), b.TraceID())
	add("span id", a.SpanID(), b.SpanID())
	add("span parent", a.ParentSpanID(), b.ParentSpanID())
	add("span name", a.Name(), b.Name())
	add("span kind", a.Kind(), b.Kind())
	add("changed span start", a.StartTimestamp(), b.StartTimestamp())
	add("changed span end", a.EndTimestamp(), b.EndTimestamp())
	add("changed span status", a.Status().Code(), b.Status().Code())
	add("span status message", a.Status().Message(), b.Status().Message())
	add("changed span links", a.Links().Len(), b.Links().Len())
	compareAttributes("span", a.Attributes(), b.Attributes(), add)
	add("number of events", a.Events().Len(), b.Events().Len())
	for i := range min(a.Events().Len(), b.Events().Len()) {
		x, y := a.Events().At(i), b.Events().At(i)
		add("event name", x.Name(), y.Name())
		add("changed event time", x.Timestamp(), y.Timestamp())
		compareAttributes("event", x.Attributes(), y.Attributes(), add)
	}
}

func compareAttributes(of string, a, b pcommon.Map, add func(string, any, any)) {
	for key, value := range a.All() {
		if other, ok := b.Get(key); ok {
			add("changed "+of+" "+key, comparable(key, value), comparable(key, other))
		} else {
			add("missing "+of+" "+key, value.AsRaw(), nil)
		}
	}
	for key, value := range b.All() {
		if _, ok := a.Get(key); !ok {
			add("added "+of+" "+key, nil, value.AsRaw())
		}
	}
}

// comparable returns a value without what contrib leaves to chance, the order
// of annotations, or writes in another way, the numbers in metadata.
func comparable(key string, v pcommon.Value) any {
	if key == "aws.xray.annotations" {
		var names []string
		for _, name := range v.Slice().All() {
			names = append(names, name.Str())
		}
		slices.Sort(names)
		return names
	}
	var decoded any
	if strings.HasPrefix(key, "aws.xray.metadata.") && json.Unmarshal([]byte(v.Str()), &decoded) == nil {
		return decoded
	}
	return v.AsRaw()
}
