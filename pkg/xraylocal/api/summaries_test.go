package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/filtertest"
)

// overHTTP asks the scripts' questions with AWS's own client.
type overHTTP struct{ client *xray.Client }

func (o overHTTP) Put(ctx context.Context, docs []json.RawMessage) error {
	in := &xray.PutTraceSegmentsInput{}
	for _, doc := range docs {
		in.TraceSegmentDocuments = append(in.TraceSegmentDocuments, string(doc))
	}
	out, err := o.client.PutTraceSegments(ctx, in)
	if err == nil && len(out.UnprocessedTraceSegments) > 0 {
		err = errors.New(*out.UnprocessedTraceSegments[0].Message)
	}
	return err
}

func (o overHTTP) Group(ctx context.Context, name, expression string) error {
	_, err := o.client.CreateGroup(ctx, &xray.CreateGroupInput{GroupName: &name, FilterExpression: &expression})
	return err
}

func (o overHTTP) Find(ctx context.Context, q filtertest.Query) ([]string, error) {
	in := &xray.GetTraceSummariesInput{StartTime: at(filtertest.Epoch + q.From), EndTime: at(filtertest.Epoch + q.To), FilterExpression: &q.Filter}
	if q.By == filtertest.Ended {
		in.TimeRangeType = types.TimeRangeTypeService
	}
	var ids []string
	pages := xray.NewGetTraceSummariesPaginator(o.client, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, s := range page.TraceSummaries {
			ids = append(ids, *s.Id)
		}
	}
	return ids, nil
}

func TestFilterScripts(t *testing.T) {
	filtertest.Run(t, func(t *testing.T) filtertest.Backend {
		_, client := newServer(t)
		return overHTTP{client}
	})
}

// TestMatchedServiceAndEdge holds what a query for services and edges says of
// what it found.
func TestMatchedServiceAndEdge(t *testing.T) {
	url, client := newServer(t)
	putSample(t, client)
	find := func(expression string) types.TraceSummary {
		t.Helper()
		out, err := client.GetTraceSummaries(t.Context(), &xray.GetTraceSummariesInput{StartTime: at(t0 - 1), EndTime: at(t0 + 2),
			TimeRangeType: types.TimeRangeTypeService, FilterExpression: &expression})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.TraceSummaries) != 1 {
			t.Fatalf("%s: %d traces", expression, len(out.TraceSummaries))
		}
		return out.TraceSummaries[0]
	}
	s := find(`edge("scoring", "loans") { error }`)
	if s.MatchedEventTime == nil || time.Since(*s.MatchedEventTime) > time.Minute {
		t.Errorf("matched at %v", s.MatchedEventTime)
	}
	for _, tt := range []struct{ expression, want string }{
		{"service(\"scoring\")", `"MatchedService":{"Annotations":{"decision":[{"AnnotationValue":{"NumberValue":null,"BooleanValue":null,"StringValue":"approved"},"ServiceIds":null}],"vip":[{"AnnotationValue":{"NumberValue":null,"BooleanValue":true,"StringValue":null},"ServiceIds":null}]},"HasError":false,"HasFault":false,"HasThrottle":false,"ResponseTime":0.6},"MatchedEdge":null`},
		{"edge(\"scoring\", \"loans\")", `"MatchedService":null,"MatchedEdge":{"DestinationAnnotations":{},"HasError":true,"HasFault":false,"HasThrottle":false,"ResponseTime":0.25}`},
		{"fault", `"MatchedService":null,"MatchedEdge":null`},
	} {
		body, _ := json.Marshal(map[string]any{"StartTime": t0 - 1, "EndTime": t0 + 2, "TimeRangeType": "Service", "FilterExpression": tt.expression})
		resp, err := http.Post(url+"/TraceSummaries", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(resp.Body)
		if err = errors.Join(err, resp.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(answer), tt.want) {
			t.Errorf("%s\ngot  %s\nwant %s", tt.expression, answer, tt.want)
		}
	}
}

// TestPagesWithFilter pages through the matches among other traces while both
// arrive.
func TestPagesWithFilter(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct {
		name     string
		from, to *time.Time
	}{
		{"TraceId", at(t0 - 1000), at(t0 + 1e4)},
		{"Event", aws.Time(now.Add(-time.Minute)), aws.Time(now.Add(time.Hour))},
		{"Service", at(t0 - 1000), at(t0 + 1e4)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pageWithFilter(t, &xray.GetTraceSummariesInput{StartTime: tt.from, EndTime: tt.to,
				TimeRangeType: types.TimeRangeType(tt.name), FilterExpression: aws.String("fault")})
		})
	}
}

func pageWithFilter(t *testing.T, in *xray.GetTraceSummariesInput) {
	_, client := newServer(t)
	const n = 4*api.PageSize + 20
	var docs []string
	var want []string
	id := func(i int) string { return fmt.Sprintf("1-00000000-%024x", i) }
	put := func(i int, start float64) {
		docs = append(docs, fmt.Sprintf(`{"trace_id":"%s","id":"%016x","name":"web","start_time":%f,"end_time":%f,"fault":%t}`, id(i), i+1, start, start+1, i%2 == 0))
		if len(docs) == api.MaxDocuments {
			putAll(t, client, docs)
			docs = nil
		}
	}
	for i := range n {
		put(i, t0+float64(i))
		if i%2 == 0 {
			want = append(want, id(i))
		}
	}
	putAll(t, client, docs)
	docs = nil
	slices.Reverse(want)
	pages := xray.NewGetTraceSummariesPaginator(client, in)
	var got []string
	processed, next := 0, n
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(page.TraceSummaries) > api.PageSize {
			t.Errorf("%d traces in a page", len(page.TraceSummaries))
		}
		for _, s := range page.TraceSummaries {
			got = append(got, *s.Id)
		}
		processed += int(*page.TracesProcessedCount)
		for range api.MaxDocuments {
			put(next, t0+float64(next%300))
			next++
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %d traces, want %d in their order", len(got), len(want))
	}
	if processed != n {
		t.Errorf("%d traces processed, want %d", processed, n)
	}
}

func putAll(t *testing.T, client *xray.Client, docs []string) {
	t.Helper()
	if len(docs) == 0 {
		return
	}
	out, err := client.PutTraceSegments(t.Context(), &xray.PutTraceSegmentsInput{TraceSegmentDocuments: docs})
	if err != nil || len(out.UnprocessedTraceSegments) > 0 {
		t.Fatal(out, err)
	}
}

// TestAWSCallersGetAWSAnswers holds that what X-Ray's API does not have is for those
// alone who ask not to be held to AWS's limits.
func TestAWSCallersGetAWSAnswers(t *testing.T) {
	url, client := newServer(t)
	now := time.Now().Unix()
	id, other := fmt.Sprintf("1-%08x-%024x", now, 1), fmt.Sprintf("1-%08x-%024x", now, 2)
	_, err := client.PutTraceSegments(t.Context(), &xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{
		fmt.Sprintf(`{"trace_id":%q,"id":"00000000000000a1","name":"a","start_time":%d,"end_time":%d}`, id, now, now+1),
		fmt.Sprintf(`{"trace_id":%q,"id":"00000000000000a2","name":"b","start_time":%d,"end_time":%d,"links":[{"trace_id":%q,"id":"00000000000000a1"}]}`, other, now, now+1, id),
	}})
	if err != nil {
		t.Fatal(err)
	}
	for path, body := range map[string]string{
		"/TraceSummaries": fmt.Sprintf(`{"StartTime":%d,"EndTime":%d}`, now-9, now+9),
		"/Traces":         fmt.Sprintf(`{"TraceIds":[%q]}`, id),
	} {
		for _, limits := range []string{"", "off"} {
			r, err := http.NewRequestWithContext(t.Context(), "POST", url+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set(api.LimitsHeader, limits)
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(resp.Body)
			if err := errors.Join(err, resp.Body.Close()); err != nil {
				t.Fatal(err)
			}
			more := bytes.Contains(answer, []byte(`"SegmentCount":1`)) || bytes.Contains(answer, []byte(`"LinkedFromCount":1`))
			if resp.StatusCode != 200 || more != (limits == "off") {
				t.Errorf("%s with limits %q: %d %s", path, limits, resp.StatusCode, answer)
			}
		}
	}
	http.DefaultClient.CloseIdleConnections()
}
