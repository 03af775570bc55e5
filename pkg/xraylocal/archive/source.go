package archive

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/eval"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
)

// A Selection says what to export: traces that began between From and To, both
// included, and that match the Filter, "" for all.
type Selection struct {
	From, To time.Time
	Filter   string
}

// A Source calls f with the documents of one trace after the other, newest
// first. It ends with f's error if f returns one.
type Source func(ctx context.Context, sel Selection, f func(documents [][]byte) error) error

// FromStore gives the documents of a store as they were sent. Filters cannot
// name groups.
func FromStore(s *store.Store) Source {
	return func(ctx context.Context, sel Selection, f func([][]byte) error) error {
		e, err := filter.Parse(sel.Filter)
		if err != nil {
			return fmt.Errorf("filter expression: %w", err)
		}
		q := store.Query{Start: seconds(sel.From), End: seconds(sel.To), Where: index.Plan(e)}
		q.Match = func(t *store.Trace) bool { return eval.NewView(t.Trace, t.Received).Matches(e) }
		return s.Each(ctx, q, func(t *store.Trace) error {
			documents, err := s.Raw(ctx, t.ID)
			if err != nil {
				return err
			}
			return f(documents)
		})
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

// API is what FromAPI and ToAPI call.
type API interface {
	xray.GetTraceSummariesAPIClient
	xray.BatchGetTracesAPIClient
	PutTraceSegments(context.Context, *xray.PutTraceSegmentsInput, ...func(*xray.Options)) (*xray.PutTraceSegmentsOutput, error)
}

// maxTraces is how many traces BatchGetTraces takes.
const maxTraces = 5

// FromAPI gives the documents that an API gives: put together, and without the
// segments that it inferred.
func FromAPI(api API) Source {
	return func(ctx context.Context, sel Selection, f func([][]byte) error) error {
		in := &xray.GetTraceSummariesInput{StartTime: &sel.From, EndTime: &sel.To}
		if sel.Filter != "" {
			in.FilterExpression = &sel.Filter
		}
		pages := xray.NewGetTraceSummariesPaginator(api, in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			var ids []string
			for _, s := range page.TraceSummaries {
				ids = append(ids, *s.Id)
			}
			for some := range slices.Chunk(ids, maxTraces) {
				if err := batch(ctx, api, some, f); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func batch(ctx context.Context, api API, ids []string, f func([][]byte) error) error {
	out, err := api.BatchGetTraces(ctx, &xray.BatchGetTracesInput{TraceIds: ids})
	if err != nil {
		return err
	}
	for _, trace := range out.Traces {
		var documents [][]byte
		for _, seg := range trace.Segments {
			var inferred struct{ Inferred bool }
			raw := []byte(*seg.Document)
			if err := json.Unmarshal(raw, &inferred); err != nil {
				return fmt.Errorf("trace %s: document %s: %w", *trace.Id, *seg.Id, err)
			}
			if !inferred.Inferred {
				documents = append(documents, raw)
			}
		}
		if err := f(documents); err != nil {
			return err
		}
	}
	return nil
}
