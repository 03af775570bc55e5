package awsxrayreceiver

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter"
	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver/passthrough"
)

// receive returns the spans of all documents, as UDP brings them, and what the
// documents say, by name.
func receive(t *testing.T) (td ptrace.Traces, want map[string]any) {
	t.Helper()
	next, td, want := make(sink, 1), ptrace.NewTraces(), map[string]any{}
	r := start(t, testConfig(), next)
	all := documents(t)
	delete(all, "no_end") // X-Ray refuses it
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r.send(t, all[name])
		next.next(t).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
		want[name] = decode(t, []byte(all[name]))
	}
	return td, want
}

func decode(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// split cuts a batch after each nth span, and keeps resources together as a
// batch processor does.
func split(td ptrace.Traces, n int) (all []ptrace.Traces) {
	room := 0
	for _, rs := range td.ResourceSpans().All() {
		var to ptrace.SpanSlice
		fresh := true
		for _, span := range rs.ScopeSpans().At(0).Spans().All() {
			if room == 0 {
				all, room, fresh = append(all, ptrace.NewTraces()), n, true
			}
			if fresh {
				target := all[len(all)-1].ResourceSpans().AppendEmpty()
				rs.Resource().CopyTo(target.Resource())
				to, fresh = target.ScopeSpans().AppendEmpty().Spans(), false
			}
			span.CopyTo(to.AppendEmpty())
			room--
		}
	}
	return all
}

// export translates batches behind a gatherer and returns the documents.
func export(t *testing.T, batches []ptrace.Traces) (texts []string) {
	t.Helper()
	tr, err := translate.New(translate.Config{})
	if err != nil {
		t.Fatal(err)
	}
	g := passthrough.NewGatherer(time.Minute, 10_000)
	emit := func(d translate.Document) { texts = append(texts, string(d.JSON())) }
	for _, batch := range batches {
		batch.MarkReadOnly() // as in a fan-out
		tr.Translate(g.Gather(batch, time.Now()), emit)
	}
	tr.Translate(g.Flush(), emit)
	return texts
}

func TestTheSameDocumentArrives(t *testing.T) {
	td, want := receive(t)
	for _, n := range []int{1, 2, 3, 5, 50, 1000} {
		left := maps.Clone(want)
		for _, text := range export(t, split(td, n)) {
			got, found := decode(t, []byte(text)), false
			for name, document := range left {
				if found = cmp.Equal(document, got); found {
					delete(left, name)
					break
				}
			}
			if !found {
				t.Errorf("batches of %d: a document that nobody sent: %s", n, text)
			}
		}
		for name := range left {
			t.Errorf("batches of %d: %s did not arrive", n, name)
		}
	}
}

// TestRedactionHasItsWay redacts one attribute of one span in one batch.
func TestRedactionHasItsWay(t *testing.T) {
	td, want := receive(t)
	for _, n := range []int{1, 2, 1000} {
		batches := split(td, n)
		for _, batch := range batches {
			for _, rs := range batch.ResourceSpans().All() {
				for _, span := range rs.ScopeSpans().At(0).Spans().All() {
					if _, ok := span.Attributes().Get("db.statement"); ok {
						span.Attributes().PutStr("db.statement", "****")
					}
				}
			}
		}
		texts := export(t, batches)
		if len(texts) != len(want)+2 { // two documents of one subsegment have a statement
			t.Errorf("batches of %d: %d documents of %d", n, len(texts), len(want))
		}
		for _, text := range texts {
			if strings.Contains(text, "SELECT 1") || strings.Contains(text, "SELECT 2") {
				t.Errorf("batches of %d: what was redacted arrives: %s", n, text)
			}
			if strings.Contains(text, "aws.xray.document") {
				t.Errorf("batches of %d: an attribute of ours arrives: %s", n, text)
			}
		}
	}
}

// TestTheExporterGathers sends split batches through the whole exporter, with
// its queue, to an endpoint.
func TestTheExporterGathers(t *testing.T) {
	td, want := receive(t)
	var mu sync.Mutex
	var texts []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var put struct{ TraceSegmentDocuments []string }
		if err := json.NewDecoder(r.Body).Decode(&put); err != nil {
			t.Error(err)
		}
		mu.Lock()
		texts = append(texts, put.TraceSegmentDocuments...)
		mu.Unlock()
		fmt.Fprint(w, `{"UnprocessedTraceSegments":[]}`)
	}))
	defer server.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDTEST")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	factory := awsxrayexporter.NewFactory()
	cfg := factory.CreateDefaultConfig().(*awsxrayexporter.Config)
	cfg.Session.Endpoint, cfg.Session.Region, cfg.Session.LocalMode = server.URL, "eu-west-1", true
	e, err := factory.CreateTraces(t.Context(), exportertest.NewNopSettings(factory.Type()), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	for _, batch := range split(td, 2) {
		batch.MarkReadOnly()
		if err := e.ConsumeTraces(t.Context(), batch); err != nil {
			t.Error(err)
		}
	}
	if err := e.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	left := maps.Clone(want)
	for _, text := range texts {
		got := decode(t, []byte(text))
		maps.DeleteFunc(left, func(_ string, document any) bool { return cmp.Equal(document, got) })
	}
	if len(texts) != len(want) || len(left) > 0 {
		t.Errorf("%d documents of %d, as they were sent all but %v", len(texts), len(want), slices.Sorted(maps.Keys(left)))
	}
}
