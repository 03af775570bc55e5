package up

import (
	"context"
	"fmt"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/verify"
)

// xrayTrace returns the segments and subsegments that X-Ray Local shows of a
// trace. What it makes up for calls that nobody else traced is inferred.
func (s *Stack) xrayTrace(ctx context.Context, traceID string) ([]verify.Arrival, error) {
	id, ok := segment.FormatTraceID(traceID)
	if !ok {
		return nil, fmt.Errorf("%q is no trace id", traceID)
	}
	traces, err := s.xray.Store().Traces(ctx, id)
	if err != nil || len(traces) == 0 {
		return nil, err
	}
	var arrivals []verify.Arrival
	for e := range traces[0].All() {
		a := verify.Arrival{SpanID: e.ID, Received: 1}
		if e.Inferred {
			a.Reason = verify.MadeInferred
		}
		arrivals = append(arrivals, a)
	}
	return arrivals, nil
}

// newrelicTrace returns the spans that the New Relic sink was given of a trace.
func (s *Stack) newrelicTrace(ctx context.Context, traceID string) ([]verify.Arrival, error) {
	spans, err := s.newrelic.Spans(ctx, traceID)
	if err != nil {
		return nil, err
	}
	arrivals := make([]verify.Arrival, len(spans))
	for i, span := range spans {
		arrivals[i] = verify.Arrival{SpanID: span.SpanID, Received: 1}
	}
	return arrivals, nil
}

// xrayDuplicates returns how many documents X-Ray Local has ignored because it
// had them complete.
func (s *Stack) xrayDuplicates(ctx context.Context) (int, error) {
	if s.xray == nil {
		return 0, nil
	}
	stats, err := s.xray.Store().Stats(ctx)
	return stats.Duplicates, err
}
