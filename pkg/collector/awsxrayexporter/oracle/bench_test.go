//go:build sidebyside

package oracle

import (
	"fmt"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
	contrib "github.com/open-telemetry/opentelemetry-collector-contrib/exporter/awsxrayexporter"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// BenchmarkTranslate measures the processor time of the translation alone.
// Cold means that each batch comes from a resource never seen before.
func BenchmarkTranslate(b *testing.B) {
	for _, perResource := range []int{1, 10, 50} {
		for _, cold := range []bool{false, true} {
			benchTranslate(b, "mix", perResource, cold)
		}
	}
	kinds := []string{"server", "client", "sql", "aws", "internal", "local_root"}
	for _, language := range exceptionLanguages {
		kinds = append(kinds, "exception_"+language)
	}
	for _, kind := range kinds {
		benchTranslate(b, kind, 50, false)
		benchTranslate(b, kind, 1, true)
	}
}

func benchTranslate(b *testing.B, kind string, perResource int, cold bool) {
	name := fmt.Sprintf("case=%s/spans=%d/cache=%s/side=", kind, perResource, map[bool]string{true: "cold", false: "warm"}[cold])
	var sink int
	ran := false // not if -bench leaves both sides out
	b.Run(name+"contrib", func(b *testing.B) {
		ran = true
		measure(b, kind, perResource, cold, func(td ptrace.Traces) { sink += contribTranslate(td) })
	})
	b.Run(name+"ours", func(b *testing.B) {
		ran = true
		t := must(translate.New(translate.Config{Mode: translate.Compat}))
		measure(b, kind, perResource, cold, func(td ptrace.Traces) {
			t.Translate(td, func(d translate.Document) { sink += len(d.Quoted) })
		})
	})
	if ran && sink == 0 {
		b.Error("no documents")
	}
}

// contribTranslate does what contrib's exporter does before it puts. The
// function is in the copy of the package that program sidebyside makes.
func contribTranslate(td ptrace.Traces) int {
	size := 0
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				for _, doc := range must(contrib.MakeSegmentDocuments(span, rs.Resource(), nil, false, nil, true)) {
					size += len(doc)
				}
			}
		}
	}
	return size
}

// measure reports processor time and allocations for each of 50 spans.
func measure(b *testing.B, kind string, perResource int, cold bool, translate func(ptrace.Traces)) {
	const spans = 50
	td := benchTraces(kind, spans, perResource)
	translate(td)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start, n, renamed := processorTime(), 0, 0
	for b.Loop() {
		if cold {
			for _, rs := range td.ResourceSpans().All() {
				renamed++
				rs.Resource().Attributes().PutStr("k8s.pod.name", "shop-"+strconv.Itoa(renamed))
			}
		}
		translate(td)
		n += spans
	}
	used := processorTime() - start
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(used.Nanoseconds())/float64(n), "cpu-ns/span")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(n), "allocs/span")
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
