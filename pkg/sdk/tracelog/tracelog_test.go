package tracelog

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"testing"
	"testing/slogtest"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"
)

var spanContext = trace.NewSpanContext(trace.SpanContextConfig{
	TraceID:    trace.TraceID{0x57, 0x59, 0xe9, 0x88, 0xbd, 0x86, 0x2e, 0x3f, 0xe1, 0xbe, 0x46, 0xa9, 0x94, 0x27, 0x27, 0x93},
	SpanID:     trace.SpanID{0x53, 0x99, 0x5c, 0x3f, 0x42, 0xcd, 0x8a, 0xd8},
	TraceFlags: trace.FlagsSampled,
})

// noTime leaves out what no test can know.
var noTime = &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
		return slog.Attr{}
	}
	return a
}}

func ids(more map[string]any) map[string]any {
	m := map[string]any{
		"msg": "approved", "trace_id": "5759e988bd862e3fe1be46a994272793", "span_id": "53995c3f42cd8ad8", "trace_sampled": true,
		"xray_trace_id": "1-5759e988-bd862e3fe1be46a994272793",
		"trace.id":      "5759e988bd862e3fe1be46a994272793", "span.id": "53995c3f42cd8ad8",
	}
	for k, v := range more {
		if v == nil {
			delete(m, k)
			continue
		}
		m[k] = v
	}
	return m
}

func TestRecords(t *testing.T) {
	traced := trace.ContextWithSpanContext(context.Background(), spanContext)
	tests := []struct {
		name string
		ctx  context.Context
		opts []Option
		log  func(*slog.Logger) *slog.Logger
		want map[string]any
	}{
		{"no span", context.Background(), nil, nil, map[string]any{"msg": "approved"}},
		{"span", traced, nil, nil, ids(nil)},
		{"without X-Ray", traced, []Option{WithoutXRay()}, nil, ids(map[string]any{"xray_trace_id": nil})},
		{"without New Relic", traced, []Option{WithoutNewRelic()}, nil, ids(map[string]any{"trace.id": nil, "span.id": nil})},
		{
			"entity", traced, []Option{WithEntity("loans", "host")}, nil,
			ids(map[string]any{"entity.name": "loans", "entity.type": "SERVICE", "hostname": "host"}),
		},
		{"with", traced, nil, func(l *slog.Logger) *slog.Logger { return l.With("a", 1) }, ids(map[string]any{"a": 1.0})},
		{
			"groups", traced, nil,
			func(l *slog.Logger) *slog.Logger { return l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h") },
			ids(map[string]any{"a": 1.0, "g": map[string]any{"b": 2.0, "h": map[string]any{"amount": 7.0}}}),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			logger := slog.New(NewHandler(slog.NewJSONHandler(&out, noTime), tt.opts...))
			if tt.log != nil {
				logger = tt.log(logger)
			}
			if tt.name == "groups" {
				logger.InfoContext(tt.ctx, "approved", "amount", 7)
			} else {
				logger.InfoContext(tt.ctx, "approved")
			}
			var got map[string]any
			if err := json.Unmarshal(out.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestHandlerKeepsTheContract runs the standard library's conformance suite.
func TestHandlerKeepsTheContract(t *testing.T) {
	var out bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return NewHandler(slog.NewJSONHandler(&out, nil))
	}, func(t *testing.T) map[string]any {
		var m map[string]any
		if err := json.Unmarshal(out.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		return m
	})
}

func TestHandlerConcurrentSafe(t *testing.T) {
	logger := slog.New(NewHandler(slog.NewJSONHandler(io.Discard, nil))).WithGroup("g")
	ctx := trace.ContextWithSpanContext(context.Background(), spanContext)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() { logger.With("a", 1).InfoContext(ctx, "x", "b", 2) })
	}
	all.Wait()
}

// TestNoSpanCostsNothing: records outside of requests are as cheap as before.
func TestNoSpanCostsNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	ctx := context.Background()
	plain := slog.New(slog.NewJSONHandler(io.Discard, nil))
	logger := slog.New(NewHandler(slog.NewJSONHandler(io.Discard, nil)))
	want := testing.AllocsPerRun(100, func() { plain.InfoContext(ctx, "x") })
	if got := testing.AllocsPerRun(100, func() { logger.InfoContext(ctx, "x") }); got > want {
		t.Errorf("%v allocations, without the handler %v", got, want)
	}
	ctx = trace.ContextWithSpanContext(ctx, spanContext)
	if got := testing.AllocsPerRun(100, func() { logger.InfoContext(ctx, "x") }); got > want+5 {
		t.Errorf("%v allocations with a span, without the handler %v", got, want)
	}
}
