package api

import (
	"context"
	"errors"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

func init() {
	serve("PutTraceSegments", (*Handler).putTraceSegments)
}

type putTraceSegmentsRequest struct {
	TraceSegmentDocuments []*string `valid:"required"`

	raw [][]byte // in its place, if the body was read by readFast
}

// documents returns the documents, in the order in which they came; one that is
// null is empty. They may be kept.
func (in *putTraceSegmentsRequest) documents() [][]byte {
	if in.raw != nil {
		return in.raw
	}
	docs := make([][]byte, len(in.TraceSegmentDocuments))
	for i, text := range in.TraceSegmentDocuments {
		if text != nil {
			docs[i] = []byte(*text)
		}
	}
	return docs
}

type putTraceSegmentsResponse struct {
	UnprocessedTraceSegments []unprocessed
}

type unprocessed struct {
	ID        *string `json:"Id"`
	ErrorCode string
	Message   string
}

// putTraceSegments stores the documents that are good, and lists the others.
// It answers when they are committed.
func (h *Handler) putTraceSegments(ctx context.Context, in *putTraceSegmentsRequest) (any, error) {
	all := in.documents()
	switch n := len(all); {
	case n == 0:
		return nil, invalidRequest("Segments can not be empty")
	case n > MaxDocuments && callerOf(ctx).strict:
		return nil, invalidRequest("Exceeding maximum segment count: %d", MaxDocuments)
	}
	out := putTraceSegmentsResponse{UnprocessedTraceSegments: []unprocessed{}}
	parse := segment.Parse
	if !callerOf(ctx).strict {
		parse = parseAnySize
	}
	docs := make([]store.Document, 0, len(all))
	for _, raw := range all {
		doc, err := parse(raw)
		if err != nil {
			out.UnprocessedTraceSegments = append(out.UnprocessedTraceSegments, refused(err))
			h.RefuseDocument(ByCall, raw, err)
			continue
		}
		docs = append(docs, store.Document{Document: doc, Raw: raw})
	}
	if err := h.storeOf(ctx).Put(ctx, docs); err != nil {
		return nil, err
	}
	return out, nil
}

// parseAnySize is segment.Parse without its limit.
func parseAnySize(raw []byte) (*segment.Document, error) {
	doc, err := segment.Decode(raw)
	if err != nil {
		return nil, err
	}
	return doc, segment.Validate(doc)
}

func refused(err error) unprocessed {
	u := unprocessed{ErrorCode: string(segment.ParseError), Message: err.Error()}
	var e *segment.Error
	if errors.As(err, &e) {
		u.ErrorCode = string(e.Code)
		u.ID = orNull(e.ID)
	}
	return u
}

// orNull returns a pointer that marshals as s or, if that is empty, as null.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
