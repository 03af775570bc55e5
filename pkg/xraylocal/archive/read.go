package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/xray"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/otlp"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// A Sink stores documents, and returns how many it refused and why.
type Sink func(ctx context.Context, docs []store.Document) (refused int, why string, err error)

// ToStore puts documents in a store.
func ToStore(s *store.Store) Sink {
	return func(ctx context.Context, docs []store.Document) (int, string, error) { return 0, "", s.Put(ctx, docs) }
}

// ToAPI puts documents in whatever has X-Ray's API.
func ToAPI(api API) Sink {
	return func(ctx context.Context, docs []store.Document) (int, string, error) {
		in := new(xray.PutTraceSegmentsInput)
		for _, doc := range docs {
			in.TraceSegmentDocuments = append(in.TraceSegmentDocuments, string(doc.Raw))
		}
		out, err := api.PutTraceSegments(ctx, in)
		if err != nil || len(out.UnprocessedTraceSegments) == 0 {
			return 0, "", err
		}
		u := out.UnprocessedTraceSegments
		if u[0].Message == nil {
			return len(u), "no reason given", nil
		}
		return len(u), *u[0].Message, nil
	}
}

// maxBatch is how many documents PutTraceSegments takes.
const maxBatch = 50

// Read stores what an archive has: values in JSON, one after the other, each a
// segment document or OTLP's TracesData, in any mixture. What is refused is
// counted, and the first is told to refused, if that is not nil. Progress, if not
// nil, is called after each batch.
func Read(ctx context.Context, r io.Reader, to Sink, progress func(Count), refused func(why string)) (Count, error) {
	in := reader{to: to, spans: otlp.NewConverter(), progress: progress, refused: refused}
	values := json.NewDecoder(r)
	for {
		var raw json.RawMessage
		err := values.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return in.n, in.flush(ctx)
		}
		if err != nil {
			return in.n, fmt.Errorf("after %d bytes: %w: the archive has to be segment documents or OTLP traces in JSON, one after the other", in.n.Bytes, err)
		}
		in.n.Bytes = values.InputOffset()
		if err := in.value(ctx, raw); err != nil {
			return in.n, err
		}
	}
}

type reader struct {
	to       Sink
	spans    *otlp.Converter
	n        Count
	docs     []store.Document
	progress func(Count)
	refused  func(why string)
}

func (r *reader) refuse(n int, why string) {
	if n > 0 && r.n.Refused == 0 && r.refused != nil {
		r.refused(why)
	}
	r.n.Refused += n
}

func (r *reader) value(ctx context.Context, raw []byte) error {
	var kind struct {
		ResourceSpans json.RawMessage `json:"resourceSpans"`
	}
	if err := json.Unmarshal(raw, &kind); err == nil && kind.ResourceSpans != nil {
		return r.traces(ctx, raw)
	}
	doc, err := segment.Decode(raw)
	if err == nil {
		err = segment.Validate(doc)
	}
	if err != nil {
		r.refuse(1, fmt.Sprintf("the value that ends at byte %d: %v", r.n.Bytes, err))
		return nil
	}
	return r.add(ctx, store.Document{Document: doc, Raw: raw})
}

func (r *reader) traces(ctx context.Context, raw []byte) error {
	td, err := new(ptrace.JSONUnmarshaler).UnmarshalTraces(raw)
	if err != nil {
		r.refuse(1, fmt.Sprintf("the value that ends at byte %d: %v", r.n.Bytes, err))
		return nil
	}
	r.n.Spans += td.SpanCount()
	docs, refusal, err := r.spans.Documents(td, false)
	if err != nil {
		return err
	}
	r.refuse(refusal.Spans, refusal.Reason)
	for _, doc := range docs {
		if err := r.add(ctx, doc); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) add(ctx context.Context, doc store.Document) error {
	if r.docs = append(r.docs, doc); len(r.docs) < maxBatch {
		return nil
	}
	return r.flush(ctx)
}

func (r *reader) flush(ctx context.Context) error {
	if len(r.docs) == 0 {
		return nil
	}
	refused, why, err := r.to(ctx, r.docs)
	if err != nil {
		return err
	}
	r.refuse(refused, why)
	r.n.Documents += len(r.docs) - refused
	r.docs = nil // the sink may have kept it
	if r.progress != nil {
		r.progress(r.n)
	}
	return nil
}
