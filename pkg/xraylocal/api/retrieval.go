package api

import (
	"context"
	"crypto/rand"
	"time"

	spans "github.com/bragg-tracing/bragg/pkg/xraylocal/otlp"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// Limits of the retrieval of traces.
// https://docs.aws.amazon.com/xray/latest/api/API_StartTraceRetrieval.html
const (
	maxRetrieved   = 100 // traces of a retrieval
	retrievedPage  = 5   // traces of a page
	maxSpans       = 100 // of a trace in an answer
	retrievalValid = time.Hour
)

// What a retrieval can be in.
const (
	retrievalComplete  = "COMPLETE"
	retrievalCancelled = "CANCELLED"
	retrievalTimeout   = "TIMEOUT"
)

func init() {
	serve("CancelTraceRetrieval", (*Handler).cancelTraceRetrieval)
	serve("ListRetrievedTraces", (*Handler).listRetrievedTraces)
	serve("StartTraceRetrieval", (*Handler).startTraceRetrieval)
}

// A retrieval is kept in the store, by its token. There is nothing to wait for:
// it is complete when it starts.
type retrieval struct {
	TraceIDs           []string
	StartTime, EndTime float64
	CreatedAt          float64
	Cancelled          bool
}

func (r *retrieval) status(now time.Time) string {
	switch {
	case r.Cancelled:
		return retrievalCancelled
	case now.Sub(time.Unix(int64(r.CreatedAt), 0)) > retrievalValid:
		return retrievalTimeout
	default:
		return retrievalComplete
	}
}

type startTraceRetrievalRequest struct {
	TraceIDs  []string `json:"TraceIds" valid:"required,len=0..100" each:"valid:\"len=1..35\""`
	StartTime *float64 `valid:"required"`
	EndTime   *float64 `valid:"required"`
}

type startTraceRetrievalResponse struct{ RetrievalToken string }

func (h *Handler) startTraceRetrieval(ctx context.Context, in *startTraceRetrievalRequest) (any, error) {
	if len(in.TraceIDs) == 0 {
		return nil, invalidRequest("Zero trace ids provided")
	}
	if err := checkTraceIDs(in.TraceIDs); err != nil {
		return nil, err
	}
	if *in.EndTime < *in.StartTime {
		return nil, invalidRequest("End time cannot be earlier than start time")
	}
	now, token := h.now(), rand.Text()
	s := h.storeOf(ctx)
	err := s.UpdateResources(ctx, kindRetrieval, func(all []store.Resource) (changed []store.Resource, err error) {
		for _, r := range all {
			old, err := decode[retrieval](kindRetrieval, r.Key, r.Body)
			if err != nil {
				return nil, err
			}
			if old.CreatedAt < second(now.Add(-24*retrievalValid)) {
				changed = append(changed, store.Resource{Key: r.Key})
			}
		}
		body, err := marshal(retrieval{TraceIDs: in.TraceIDs, StartTime: *in.StartTime, EndTime: *in.EndTime, CreatedAt: second(now)})
		return append(changed, store.Resource{Key: token, Body: body}), err
	})
	return startTraceRetrievalResponse{token}, err
}

type cancelTraceRetrievalRequest struct {
	RetrievalToken *string `valid:"required,len=0..1020"`
}

func (h *Handler) cancelTraceRetrieval(ctx context.Context, in *cancelTraceRetrievalRequest) (any, error) {
	err := modify(ctx, h.storeOf(ctx), kindRetrieval, *in.RetrievalToken, func(r *retrieval) (*retrieval, error) {
		if r == nil {
			return nil, notFound(*in.RetrievalToken)
		}
		r.Cancelled = true
		return r, nil
	})
	return struct{}{}, err
}

// retrieved returns the retrieval that a token stands for, and its status. If
// that is not COMPLETE, there is nothing to see.
func (h *Handler) retrieved(ctx context.Context, token string) (*retrieval, string, error) {
	r, err := load[retrieval](ctx, h.storeOf(ctx), kindRetrieval, token)
	if err != nil {
		return nil, "", err
	}
	if r == nil {
		return nil, "", notFound(token)
	}
	return r, r.status(h.now()), nil
}

// traces returns those of the traces with these ids, which are of the
// retrieval, that are stored and start in its range.
func (r *retrieval) traces(ctx context.Context, s *store.Store, ids []string) ([]*store.Trace, error) {
	all, err := s.Traces(ctx, ids...)
	if err != nil {
		return nil, err
	}
	var traces []*store.Trace
	for _, t := range all {
		if start := t.Start(); len(t.Segments) > 0 && start >= r.StartTime && start <= r.EndTime {
			traces = append(traces, t)
		}
	}
	return traces, nil
}

type listRetrievedTracesRequest struct {
	RetrievalToken *string `valid:"required,len=0..1020"`
	TraceFormat    *string `valid:"enum=XRAY|OTEL"`
	NextToken      *string
}

type listRetrievedTracesResponse struct {
	NextToken       *string
	RetrievalStatus string
	TraceFormat     string
	Traces          []retrievedTrace
}

type retrievedTrace struct {
	Duration *float64
	ID       string `json:"Id"`
	Spans    []segmentOut
}

// listRetrievedTraces returns up to five traces: as segments, each a span's
// document, or in OpenTelemetry's JSON, a span each.
func (h *Handler) listRetrievedTraces(ctx context.Context, in *listRetrievedTracesRequest) (any, error) {
	r, status, err := h.retrieved(ctx, *in.RetrievalToken)
	if err != nil {
		return nil, err
	}
	out := listRetrievedTracesResponse{RetrievalStatus: status, TraceFormat: "XRAY", Traces: []retrievedTrace{}}
	if in.TraceFormat != nil {
		out.TraceFormat = *in.TraceFormat
	}
	if status != retrievalComplete {
		return out, nil
	}
	ids, next, err := page(r.TraceIDs, in.NextToken, retrievedPage)
	if err != nil {
		return nil, err
	}
	out.NextToken = next
	traces, err := r.traces(ctx, h.storeOf(ctx), ids)
	if err != nil {
		return nil, err
	}
	for _, t := range traces {
		trace, err := h.spansOf(ctx, t, out.TraceFormat)
		if err != nil {
			return nil, err
		}
		out.Traces = append(out.Traces, trace)
	}
	return out, nil
}

// spansOf renders a trace, of which at most maxSpans are given.
func (h *Handler) spansOf(ctx context.Context, t *store.Trace, format string) (retrievedTrace, error) {
	rendered, err := render(t.Trace)
	if err != nil {
		return retrievedTrace{}, err
	}
	out := retrievedTrace{Duration: rendered.Duration, ID: t.ID, Spans: rendered.Segments}
	if format == "OTEL" {
		if out.Spans, err = h.otelSpans(ctx, t); err != nil {
			return retrievedTrace{}, err
		}
	}
	if len(out.Spans) > maxSpans {
		out.Spans = out.Spans[:maxSpans]
	}
	return out, nil
}

// otelSpans returns the spans of a trace as they were sent, or made of the
// documents that were.
func (h *Handler) otelSpans(ctx context.Context, t *store.Trace) ([]segmentOut, error) {
	documents, err := h.storeOf(ctx).Raw(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	out := []segmentOut{}
	for _, raw := range documents {
		all, err := spans.Spans(raw)
		if err != nil {
			return nil, err
		}
		for _, span := range all {
			out = append(out, segmentOut{ID: span.ID, Document: span.Document})
		}
	}
	return out, nil
}
