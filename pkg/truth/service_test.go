package truth

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/xray"
	"go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
)

// newService starts OpenTelemetry as a service does, with one line.
func newService(t testing.TB, name string) *telemetry.SDK {
	t.Helper()
	sdk, err := telemetry.Start(t.Context(), telemetry.WithServiceName(name), telemetry.WithEndpoint(stack.otlp),
		telemetry.WithSampler(trace.AlwaysSample()), telemetry.WithoutGlobals(), telemetry.WithoutMetrics(),
		telemetry.WithLogger(slog.New(slog.NewTextHandler(testWriter{t}, nil))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := sdk.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return sdk
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) { w.t.Logf("%s", b); return len(b), nil }

// A record is what both backends have of a trace.
type record struct {
	t         *testing.T
	documents []*segment.Document // flat: segments and subsegments
	spans     []sink.Span
}

// observe runs f in a request of a service, and returns what the backends have of
// its trace, once each of them has n of its spans, the request's own among them.
func observe(t *testing.T, sdk *telemetry.SDK, n int, f func(ctx context.Context)) *record {
	t.Helper()
	ctx, span := sdk.TracerProvider().Tracer("truth").Start(t.Context(), "request", oteltrace.WithSpanKind(oteltrace.SpanKindServer))
	f(ctx)
	span.End()
	if err := sdk.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return await(t, span.SpanContext().TraceID().String(), n)
}

// patience is how long a trace may take from a service to the backends.
const patience = 15 * time.Second

// await waits for a trace to be whole.
func await(t *testing.T, traceID string, n int) *record {
	t.Helper()
	id, _ := segment.FormatTraceID(traceID)
	r := &record{t: t}
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) { // the backends have no signal to wait for
		r.documents = documentsOf(t, "http://"+stack.xray.Addr(), traceID)
		var err error
		if r.spans, err = stack.sink.Spans(t.Context(), traceID); err != nil {
			t.Fatal(err)
		}
		if len(r.documents) >= n && len(r.spans) >= n {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("trace %s: X-Ray has %d documents %q, New Relic %d spans, want %d", id, len(r.documents), r.names(), len(r.spans), n)
		}
	}
	if len(r.documents) != n || len(r.spans) != n {
		t.Errorf("X-Ray has %d documents %q, New Relic %d spans, want %d", len(r.documents), r.names(), len(r.spans), n)
	}
	return r
}

// documentsOf returns what an X-Ray has of a trace, flat.
func documentsOf(t *testing.T, endpoint, traceID string) (documents []*segment.Document) {
	t.Helper()
	api, err := client.New(endpoint, "")
	if err != nil {
		t.Fatal(err)
	}
	id, _ := segment.FormatTraceID(traceID)
	out, err := api.BatchGetTraces(t.Context(), &xray.BatchGetTracesInput{TraceIds: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	for _, trace := range out.Traces {
		for _, s := range trace.Segments {
			d, err := segment.Decode([]byte(*s.Document))
			if err != nil {
				t.Fatal(err)
			}
			documents = append(documents, flatten(d, "")...)
		}
	}
	return documents
}

// flatten returns a segment and what is inside of it, inferred segments
// excepted: X-Ray makes those of the others.
func flatten(d *segment.Document, parent string) []*segment.Document {
	if d.Inferred {
		return nil
	}
	if d.ParentID == "" {
		d.ParentID = parent
	}
	all := []*segment.Document{d}
	for _, s := range d.Subsegments {
		all = append(all, flatten(s, d.ID)...)
	}
	return all
}

func (r *record) names() []string {
	var names []string
	for _, d := range r.documents {
		names = append(names, d.Name)
	}
	slices.Sort(names)
	return names
}

// document returns the one document with the name, of a span of that name. ""
// stands for any span.
func (r *record) document(name, span string) *segment.Document {
	r.t.Helper()
	var found []*segment.Document
	for _, d := range r.documents {
		if d.Name == name && (span == "" || r.spanOf(d).Name == span) {
			found = append(found, d)
		}
	}
	if len(found) != 1 {
		r.t.Fatalf("%d documents are named %q (span %q), want one; there are %q", len(found), name, span, r.names())
	}
	return found[0]
}

// spanOf returns the span that New Relic has of a document.
func (r *record) spanOf(d *segment.Document) sink.Span {
	r.t.Helper()
	for _, s := range r.spans {
		if s.SpanID == d.ID {
			return s
		}
	}
	r.t.Fatalf("New Relic has no span %s, which X-Ray shows as %q", d.ID, d.Name)
	return sink.Span{}
}

// want is what a test asserts of a document, and of the span of it that New
// Relic has. Members are not compared where they are zero, but for flags and
// namespace.
type want struct {
	name, span, parent string // parent: the name of the document above, "-" for none
	namespace          string
	kind               string // the span's
	fault, err, thr    bool
	method, url        string
	status             int
	aws                map[string]any
	sql                *segment.SQL
	annotations        map[string]any
	exception, message string         // parts of the first exception's type and message
	attributes         map[string]any // New Relic's
	links              int
}

// check compares and returns the document.
func (r *record) check(w want) *segment.Document {
	r.t.Helper()
	d := r.document(w.name, w.span)
	s := r.spanOf(d)
	fail := func(what string, got, want any) {
		r.t.Helper()
		r.t.Errorf("%s (%s): %s is %v, want %v\n%s", w.name, s.Name, what, got, want, show(d))
	}
	same := func(what string, got, want any) {
		r.t.Helper()
		if show(got) != show(want) {
			fail(what, show(got), show(want))
		}
	}
	same("fault, error, throttle", []bool{d.Fault, d.Error, d.Throttle}, []bool{w.fault, w.err, w.thr})
	same("namespace", d.Namespace, w.namespace)
	if w.kind != "" {
		same("kind", s.Kind, w.kind)
	}
	if w.parent == "-" {
		same("parent", d.ParentID, "")
	} else if w.parent != "" {
		same("parent", r.nameOf(d.ParentID), w.parent)
	}
	if w.method != "" {
		same("http", []any{d.HTTP.Request.Method, d.HTTP.Request.URL}, []any{w.method, w.url})
	}
	if w.status != 0 {
		same("status", d.HTTP.Response.Status, w.status)
	}
	for key, value := range w.aws {
		same("aws."+key, d.AWS[key], value)
	}
	if w.sql != nil {
		same("sql", d.SQL, w.sql)
	}
	for key, value := range w.annotations {
		same("annotation "+key, d.Annotations[key], value)
	}
	if w.message != "" {
		if d.Cause == nil || len(d.Cause.Exceptions) == 0 {
			fail("cause", nil, w.message)
		} else if x := d.Cause.Exceptions[0]; !strings.Contains(x.Type, w.exception) || !strings.Contains(x.Message, w.message) {
			fail("exception", x.Type+" "+x.Message, w.exception+" "+w.message)
		}
	}
	for key, value := range w.attributes {
		same("New Relic's "+key, s.Attributes[key], value)
	}
	same("links", len(d.Links), w.links)
	return d
}

func (r *record) nameOf(id string) string {
	for _, d := range r.documents {
		if d.ID == id {
			return d.Name
		}
	}
	return "unknown " + id
}

func show(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// drain reads an answer to its end, where the client's span ends.
func drain(t *testing.T, body io.ReadCloser) {
	t.Helper()
	if _, err := io.Copy(io.Discard, body); err != nil {
		t.Error(err)
	}
	body.Close()
}
