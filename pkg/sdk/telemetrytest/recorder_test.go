package telemetrytest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
)

// A fakeT collects what assertions report.
type fakeT struct {
	testing.TB
	errors []string
}

type fatal struct{}

func (f *fakeT) Helper()                   {}
func (f *fakeT) Cleanup(func())            {}
func (f *fakeT) Errorf(s string, a ...any) { f.errors = append(f.errors, fmt.Sprintf(s, a...)) }
func (f *fakeT) Fatalf(s string, a ...any) { f.Errorf(s, a...); panic(fatal{}) }

// record makes a parent and its child.
func record(r *Recorder) {
	tracer := r.TracerProvider().Tracer("test")
	ctx, parent := tracer.Start(context.Background(), "parent", trace.WithSpanKind(trace.SpanKindServer))
	_, child := tracer.Start(ctx, "child", trace.WithLinks(trace.LinkFromContext(ctx)))
	child.SetAttributes(attribute.Int("n", 1), xrayattr.Annotation("client_id", "Enova"))
	child.RecordError(errors.New("broken"))
	child.SetStatus(codes.Error, "broken")
	child.End()
	parent.End()
}

// TestAssertions: each holds where it should and reports where it should not.
func TestAssertions(t *testing.T) {
	tests := []struct {
		name   string
		assert func(r *Recorder)
		want   string // what is reported, "" for nothing
	}{
		{"has", func(r *Recorder) { r.Span("child").Has(attribute.Int("n", 1), attribute.String("client_id", "Enova")) }, ""},
		{"has another value", func(r *Recorder) { r.Span("child").Has(attribute.Int("n", 2)) }, "n = INT64 1, want INT64 2"},
		{"has another type", func(r *Recorder) { r.Span("child").Has(attribute.String("n", "1")) }, "n = INT64 1, want STRING 1"},
		{"has none", func(r *Recorder) { r.Span("child").Has(attribute.Int("x", 2)) }, "x = nothing"},
		{"lacks", func(r *Recorder) { r.Span("child").Lacks("x") }, ""},
		{"lacks not", func(r *Recorder) { r.Span("child").Lacks("n") }, "has n = 1"},
		{"annotated", func(r *Recorder) { r.Span("child").Annotated(attribute.String("client_id", "Enova")) }, ""},
		{"annotated not", func(r *Recorder) { r.Span("child").Annotated(attribute.Int("n", 1)) }, "n is no annotation"},
		{"kind", func(r *Recorder) { r.Span("parent").Kind(trace.SpanKindServer) }, ""},
		{"other kind", func(r *Recorder) { r.Span("child").Kind(trace.SpanKindServer) }, "kind internal, want server"},
		{"failed", func(r *Recorder) { r.Span("child").Failed("broken") }, ""},
		{"failed otherwise", func(r *Recorder) { r.Span("child").Failed("x") }, `"broken", want Error "x"`},
		{"failed not", func(r *Recorder) { r.Span("parent").Failed("broken") }, "has status Unset"},
		{"succeeded", func(r *Recorder) { r.Span("parent").Succeeded() }, ""},
		{"succeeded not", func(r *Recorder) { r.Span("child").Succeeded() }, `failed: "broken"`},
		{"child of", func(r *Recorder) { r.Span("child").ChildOf(r.Span("parent")) }, ""},
		{"child of another", func(r *Recorder) { r.Span("parent").ChildOf(r.Span("child")) }, `want "child"`},
		{"root", func(r *Recorder) { r.Span("parent").Root() }, ""},
		{"root not", func(r *Recorder) { r.Span("child").Root() }, "want none"},
		{"linked", func(r *Recorder) { r.Span("child").LinkedTo(r.Span("parent").SpanContext()) }, ""},
		{"linked not", func(r *Recorder) { r.Span("parent").LinkedTo(r.Span("child").SpanContext()) }, "has 0 links"},
		{"event", func(r *Recorder) { r.Span("child").Event("exception") }, ""},
		{"no event", func(r *Recorder) { r.Span("parent").Event("exception") }, "has 0 events"},
		{"no span", func(r *Recorder) { r.Span("x") }, `0 spans are named "x", want one; there are ["child" "parent"]`},
		{"two spans", func(r *Recorder) { record(r); r.Span("child") }, `2 spans are named "child"`},
		{"no metric", func(r *Recorder) { r.Metric("x") }, `there is no metric "x"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fake := &fakeT{TB: t}
			r := New(fake)
			record(r)
			func() {
				defer func() {
					if p := recover(); p != nil && p != (fatal{}) {
						panic(p)
					}
				}()
				tt.assert(r)
			}()
			if got := strings.Join(fake.errors, "; "); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("reported %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMetric(t *testing.T) {
	r := New(t)
	counter, err := r.MeterProvider().Meter("test").Int64Counter("loans")
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(t.Context(), 2)
	if got := r.Metric("loans").Name; got != "loans" {
		t.Errorf("metric %q", got)
	}
}

func TestSetGlobalEndsWithTheTest(t *testing.T) {
	before := otel.GetTracerProvider()
	t.Run("inside", func(t *testing.T) {
		r := New(t)
		r.SetGlobal()
		_, span := otel.Tracer("x").Start(t.Context(), "global")
		span.End()
		r.Span("global").Root()
		r.Reset()
		if n := len(r.Spans()); n != 0 {
			t.Errorf("%d spans after Reset", n)
		}
	})
	if otel.GetTracerProvider() != before {
		t.Error("the global provider is still the recorder's")
	}
}

func TestPropagatorKnowsBothHeaders(t *testing.T) {
	r := New(t)
	ctx, span := r.TracerProvider().Tracer("x").Start(t.Context(), "x")
	defer span.End()
	carrier := propagation.MapCarrier{}
	r.Propagator().Inject(ctx, carrier)
	for _, name := range []string{"traceparent", "X-Amzn-Trace-Id"} {
		if carrier.Get(name) == "" {
			t.Errorf("%s is missing in %v", name, carrier)
		}
	}
}

func TestRecorderConcurrentSafe(t *testing.T) {
	r := New(t)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() { record(r); r.Spans() })
	}
	all.Wait()
	if n := len(r.Spans()); n != 200 {
		t.Errorf("%d spans, want 200", n)
	}
}
