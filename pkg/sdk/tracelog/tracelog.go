// Package tracelog gives the records of log/slog the ids of the trace that they
// belong to, under the names that New Relic, CloudWatch and X-Ray look for:
//
//	logger := slog.New(tracelog.NewHandler(slog.NewJSONHandler(os.Stdout, nil)))
//	logger.InfoContext(ctx, "approved") // Context: the trace is in ctx
//
// Only the …Context methods know the trace. README.md says who reads which
// name.
package tracelog

import (
	"context"
	"encoding/hex"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// Option changes what is added to records.
type Option func(*config)

type config struct {
	names names
	attrs []slog.Attr
}

// names are those of the attributes, "" for one that is left out.
type names struct {
	trace, span, sampled string // OpenTelemetry's
	xray                 string // the trace id in X-Ray's form
	newrelicTrace        string
	newrelicSpan         string
}

// WithoutXRay leaves out xray_trace_id.
func WithoutXRay() Option { return func(c *config) { c.names.xray = "" } }

// WithoutNewRelic leaves out trace.id and span.id. New Relic's OTLP endpoint
// needs neither; its log forwarders do.
func WithoutNewRelic() Option {
	return func(c *config) { c.names.newrelicTrace, c.names.newrelicSpan = "", "" }
}

// WithEntity adds entity.name, entity.type and hostname to every record: with
// trace.id and span.id these are New Relic's logs in context, which put logs on
// the page of a service. service is service.name, hostname may be "".
//
// https://docs.newrelic.com/docs/logs/logs-context/annotate-logs-logs-context-using-apm-agent-apis/
func WithEntity(service, hostname string) Option {
	return func(c *config) {
		c.attrs = append(c.attrs, slog.String("entity.name", service), slog.String("entity.type", "SERVICE"))
		if hostname != "" {
			c.attrs = append(c.attrs, slog.String("hostname", hostname))
		}
	}
}

// Handler adds trace ids to records and hands them on. It may be used
// concurrently if the handler below may.
type Handler struct {
	next   slog.Handler // with the groups and attributes of With calls
	root   slog.Handler // without, for the ids of a grouped logger
	groups []scope      // in order, if any WithGroup was called
	cfg    *config
}

// A scope is a WithGroup call, or the attributes of a With call after one.
type scope struct {
	group string
	attrs []slog.Attr
}

// NewHandler returns a handler that adds to each record whose context holds a
// span: trace_id and span_id as OpenTelemetry writes them, trace_sampled,
// xray_trace_id as X-Ray writes it (1-5759e988-bd862e3fe1be46a994272793), and
// trace.id and span.id for New Relic. They are at the top of the record, also
// for a logger with groups. Records without a span are handed on as they are.
func NewHandler(next slog.Handler, opts ...Option) *Handler {
	c := &config{names: names{
		trace: "trace_id", span: "span_id", sampled: "trace_sampled",
		xray: "xray_trace_id", newrelicTrace: "trace.id", newrelicSpan: "span.id",
	}}
	for _, o := range opts {
		o(c)
	}
	if len(c.attrs) > 0 {
		next = next.WithAttrs(c.attrs)
	}
	return &Handler{next: next, root: next, cfg: c}
}

// Enabled asks the handler below.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle adds the ids of the span in ctx.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return h.next.Handle(ctx, r)
	}
	if len(h.groups) == 0 {
		r = r.Clone() // the record's attributes may be shared with other handlers
		r.AddAttrs(h.cfg.ids(sc)...)
		return h.next.Handle(ctx, r)
	}
	return h.grouped(sc).Handle(ctx, r)
}

// grouped is the handler with the ids before the groups, which is the only way
// to put attributes above a group.
func (h *Handler) grouped(sc trace.SpanContext) slog.Handler {
	next := h.root.WithAttrs(h.cfg.ids(sc))
	for _, s := range h.groups {
		if s.group != "" {
			next = next.WithGroup(s.group)
		} else {
			next = next.WithAttrs(s.attrs)
		}
	}
	return next
}

func (c *config) ids(sc trace.SpanContext) []slog.Attr {
	var text [32 + 16]byte
	traceID, spanID := sc.TraceID(), sc.SpanID()
	hex.Encode(text[:32], traceID[:])
	hex.Encode(text[32:], spanID[:])
	all := string(text[:])
	attrs := make([]slog.Attr, 0, 6)
	add := func(name string, value slog.Value) {
		if name != "" {
			attrs = append(attrs, slog.Attr{Key: name, Value: value})
		}
	}
	add(c.names.trace, slog.StringValue(all[:32]))
	add(c.names.span, slog.StringValue(all[32:]))
	add(c.names.sampled, slog.BoolValue(sc.IsSampled()))
	add(c.names.xray, slog.StringValue(xrayID(all[:32])))
	add(c.names.newrelicTrace, slog.StringValue(all[:32]))
	add(c.names.newrelicSpan, slog.StringValue(all[32:]))
	return attrs
}

// xrayID is the X-Ray form of a trace id.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids
func xrayID(id string) string { return "1-" + id[:8] + "-" + id[8:] }

// WithAttrs returns a handler whose records have attrs, too.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	return h.with(h.next.WithAttrs(attrs), scope{attrs: attrs})
}

// WithGroup returns a handler that puts what follows into a group.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.with(h.next.WithGroup(name), scope{group: name})
}

func (h *Handler) with(next slog.Handler, s scope) *Handler {
	child := &Handler{next: next, root: h.root, cfg: h.cfg}
	if len(h.groups) == 0 && s.group == "" {
		child.root = next // still at the top
		return child
	}
	child.groups = append(h.groups[:len(h.groups):len(h.groups)], s)
	return child
}
