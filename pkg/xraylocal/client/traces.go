package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

// API is the part of X-Ray's API that reading traces needs. AWS's client has
// it.
type API interface {
	GetTraceSummaries(context.Context, *xray.GetTraceSummariesInput, ...func(*xray.Options)) (*xray.GetTraceSummariesOutput, error)
	BatchGetTraces(context.Context, *xray.BatchGetTracesInput, ...func(*xray.Options)) (*xray.BatchGetTracesOutput, error)
}

var _ API = (*xray.Client)(nil)

// ErrNotFound says that X-Ray has no trace of that id.
var ErrNotFound = errors.New("trace not found")

// A Trace is one trace as BatchGetTraces returns it.
type Trace struct {
	ID            string
	Duration      float64 // seconds
	LimitExceeded bool
	Raw           []json.RawMessage   // the segment documents, each valid JSON
	Documents     []*segment.Document // the same, decoded

	// LinkedFrom are the newest links of other traces to this one, and
	// LinkedFromCount how many there are, if the server is X-Ray Local.
	LinkedFrom      []summary.LinkIn
	LinkedFromCount int
}

// MarshalJSON writes the trace as X-Ray's API names it, with the documents as
// JSON and not as strings that hold JSON: {"Id", "Duration", "Segments"}, and if
// there are links from other traces "LinkedFrom" and "LinkedFromCount".
func (t *Trace) MarshalJSON() ([]byte, error) {
	object := map[string]any{"Id": t.ID, "Duration": t.Duration, "Segments": t.Raw}
	if t.LinkedFromCount > 0 {
		object["LinkedFrom"], object["LinkedFromCount"] = t.LinkedFrom, t.LinkedFromCount
	}
	return json.Marshal(object)
}

// addLinksIn reads the body of an answer. What is wrong with one the SDK says.
func (t *Trace) addLinksIn(body []byte) {
	if !bytes.Contains(body, []byte(`"LinkedFromCount"`)) {
		return // which is usual, and saves reading a large trace twice
	}
	var page struct {
		Traces []struct {
			LinkedFrom      []summary.LinkIn
			LinkedFromCount int
		}
	}
	if json.Unmarshal(body, &page) != nil {
		return
	}
	for _, found := range page.Traces { // there is one
		t.LinkedFrom, t.LinkedFromCount = found.LinkedFrom, found.LinkedFromCount
	}
}

// GetTrace reads one trace; id is in X-Ray's form. The error wraps ErrNotFound
// if there is none.
func GetTrace(ctx context.Context, api API, id string) (*Trace, error) {
	trace := &Trace{ID: id}
	found := false
	pages := xray.NewBatchGetTracesPaginator(api, &xray.BatchGetTracesInput{TraceIds: []string{id}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx, func(o *xray.Options) { o.APIOptions = append(o.APIOptions, withBody(trace.addLinksIn)) })
		if err != nil {
			return nil, fmt.Errorf("get trace %s: %w", id, err)
		}
		for _, t := range page.Traces {
			found = true
			if err := trace.add(t); err != nil {
				return nil, fmt.Errorf("get trace %s: %w", id, err)
			}
		}
	}
	if !found {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	return trace, nil
}

func (t *Trace) add(page types.Trace) error {
	t.Duration = max(t.Duration, aws.ToFloat64(page.Duration))
	t.LimitExceeded = t.LimitExceeded || aws.ToBool(page.LimitExceeded)
	for _, s := range page.Segments {
		raw := []byte(aws.ToString(s.Document))
		doc, err := decode(raw)
		if err != nil {
			return fmt.Errorf("segment %s: %w", aws.ToString(s.Id), err)
		}
		t.Raw = append(t.Raw, raw)
		t.Documents = append(t.Documents, doc)
	}
	return nil
}

// decode reads a document that X-Ray has accepted. A member of an unexpected
// type is left out: to show the rest is better than to show nothing.
func decode(raw []byte) (*segment.Document, error) {
	doc := new(segment.Document)
	err := json.Unmarshal(raw, doc)
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) && doc.ID != "" {
		err = nil
	}
	return doc, err
}
