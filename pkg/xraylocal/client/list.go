package client

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

// A Query says which traces to list.
type Query struct {
	From, To time.Time // of the traces' starts, both included
	Filter   string    // filter expression; "" for all
	Limit    int       // at most so many, at least 1
	Whole    bool      // of the page with which Limit is reached take all: List.Next goes on behind it
	After    string    // List.Next of the list that this one follows; "" for the first
	Explain  bool      // ask how they were found
	Segments bool      // ask for List.Segments
}

// A List is what a Query found.
type List struct {
	Summaries []types.TraceSummary // newest first
	More      bool                 // there are more than the limit
	Next      string               // with Whole: Query.After of what follows; "" if nothing does
	Scanned   int64                // traces of the time range that were looked at
	Pages     []summary.Explanation
	// Segments is how many segments were sent of each trace, by its id, if the
	// query asked and the server is X-Ray Local: X-Ray does not tell.
	Segments map[string]int
}

// ListTraces returns the summaries of at most limit traces that started between
// from and to, newest first, and whether there are more. limit must be at least
// 1.
func ListTraces(ctx context.Context, api API, from, to time.Time, limit int) (summaries []types.TraceSummary, more bool, err error) {
	list, err := Find(ctx, api, Query{From: from, To: to, Limit: limit})
	if err != nil {
		return nil, false, err
	}
	return list.Summaries, list.More, nil
}

// Find returns the traces of a query.
func Find(ctx context.Context, api API, q Query) (*List, error) {
	in := &xray.GetTraceSummariesInput{StartTime: &q.From, EndTime: &q.To}
	if q.Filter != "" {
		in.FilterExpression = &q.Filter
	}
	list := new(List)
	var options []func(*xray.Options)
	if q.Explain {
		options = append(options, func(o *xray.Options) {
			o.APIOptions = append(o.APIOptions, smithyhttp.AddHeaderValue(summary.ExplainHeader, "on"))
		})
	}
	if q.Explain || q.Segments {
		options = append(options, func(o *xray.Options) { o.APIOptions = append(o.APIOptions, withBody(list.addMore)) })
	}
	if q.After != "" {
		in.NextToken = &q.After
	}
	pages := xray.NewGetTraceSummariesPaginator(api, in)
	for len(list.Summaries) < q.Limit && pages.HasMorePages() {
		page, err := pages.NextPage(ctx, options...)
		if err != nil {
			return nil, fmt.Errorf("list traces: %w", err)
		}
		list.Summaries = append(list.Summaries, page.TraceSummaries...)
		list.Scanned += aws.ToInt64(page.TracesProcessedCount)
		list.Next = aws.ToString(page.NextToken)
	}
	slices.SortStableFunc(list.Summaries, func(a, b types.TraceSummary) int {
		return aws.ToTime(b.StartTime).Compare(aws.ToTime(a.StartTime))
	})
	list.More = list.Next != ""
	if !q.Whole {
		list.Next = ""
		if len(list.Summaries) > q.Limit {
			list.Summaries, list.More = list.Summaries[:q.Limit], true
		}
	}
	return list, nil
}

// addMore reads the body of an answer. What is wrong with one the SDK says.
func (l *List) addMore(body []byte) {
	var page struct {
		Explanation    *summary.Explanation
		TraceSummaries []struct {
			ID           string `json:"Id"`
			SegmentCount int
		}
	}
	if json.Unmarshal(body, &page) != nil {
		return
	}
	if page.Explanation != nil {
		l.Pages = append(l.Pages, *page.Explanation)
	}
	for _, t := range page.TraceSummaries {
		if t.SegmentCount == 0 {
			continue
		}
		if l.Segments == nil {
			l.Segments = make(map[string]int)
		}
		l.Segments[t.ID] = t.SegmentCount
	}
}
