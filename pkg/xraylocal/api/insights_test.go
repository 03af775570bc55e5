package api_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// inProcess calls a handler without a network, which a bubble of package
// synctest cannot have.
type inProcess struct{ http.Handler }

func (h inProcess) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

// openIn serves a data directory to AWS's client, in process.
func openIn(t *testing.T, dir string) (*xray.Client, *store.Store) {
	t.Helper()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	h := api.New(api.Config{Store: s, Logger: slog.New(slog.DiscardHandler), Strict: true})
	return xray.New(xray.Options{
		BaseEndpoint: aws.String("http://xray.test"), Region: "eu-central-1", Credentials: aws.CredentialsProviderFunc(credentials),
		HTTPClient: inProcess{h}, RetryMaxAttempts: 1,
	}), s
}

// serveMinute sends what came in a minute: requests of web to a table, of which
// some fail, and requests of other.
func serveMinute(t *testing.T, client *xray.Client, minute, faults int) {
	t.Helper()
	time.Sleep(30 * time.Second)
	var docs []string
	for i := range 6 {
		id, now := fmt.Sprintf("1-00000000-%024x", minute*100+i+1), float64(time.Now().UnixMilli())/1e3
		fault := ""
		if i < faults {
			fault = `"fault":true,`
		}
		docs = append(docs,
			fmt.Sprintf(`{"trace_id":%q,"id":"00000000000000a1","name":"web",%s"start_time":%f,"end_time":%f,"subsegments":[
				{"id":"00000000000000a2","name":"DynamoDB","namespace":"aws",%s"aws":{"operation":"GetItem","table_name":"loans"},"start_time":%f,"end_time":%f}]}`,
				id, fault, now-0.5, now, fault, now-0.4, now-0.1))
	}
	now := float64(time.Now().UnixMilli()) / 1e3
	docs = append(docs, fmt.Sprintf(`{"trace_id":"1-00000001-%024x","id":"00000000000000a1","name":"other","start_time":%f,"end_time":%f}`, minute+1, now-0.5, now))
	if _, err := client.PutTraceSegments(t.Context(), &xray.PutTraceSegmentsInput{TraceSegmentDocuments: docs}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(30 * time.Second)
}

// TestInsightsAsTimePasses serves for an hour, fails for six minutes, recovers,
// and restarts.
func TestInsightsAsTimePasses(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		client, s := openIn(t, dir)
		for name, filter := range map[string]string{"on": `service("web")`, "off": `service("web")`, "others": `service("other")`} {
			if _, err := client.CreateGroup(t.Context(), &xray.CreateGroupInput{GroupName: &name, FilterExpression: &filter,
				InsightsConfiguration: &types.InsightsConfiguration{InsightsEnabled: aws.Bool(name != "off")}}); err != nil {
				t.Fatal(err)
			}
		}
		begin := time.Now()
		summaries := func(group string, states ...types.InsightState) []types.InsightSummary {
			t.Helper()
			out, err := client.GetInsightSummaries(t.Context(), &xray.GetInsightSummariesInput{GroupName: &group, States: states,
				StartTime: &begin, EndTime: aws.Time(time.Now())})
			if err != nil {
				t.Fatal(err)
			}
			return out.InsightSummaries
		}
		const quiet, failing = 20, 6
		for minute := range quiet {
			serveMinute(t, client, minute, minute%8/7)
		}
		if found := summaries("Default"); len(found) != 0 {
			t.Fatalf("in quiet times: %+v", found)
		}
		for minute := range failing {
			serveMinute(t, client, quiet+minute, 4)
		}
		active := summaries("Default", types.InsightStateActive)
		if len(active) != 1 || len(summaries("Default", types.InsightStateClosed)) != 0 || active[0].EndTime != nil {
			t.Fatalf("active: %+v", active)
		}
		for minute := range 12 {
			serveMinute(t, client, quiet+failing+minute, 0)
		}
		closed := summaries("Default")
		if len(closed) != 1 || closed[0].State != types.InsightStateClosed || *closed[0].InsightId != *active[0].InsightId {
			t.Fatalf("closed: %+v", closed)
		}
		checkInsight(t, closed[0], begin.Add(quiet*time.Minute))
		if on := summaries("on"); len(on) != 1 || *on[0].InsightId == *closed[0].InsightId || *on[0].GroupName != "on" {
			t.Errorf("in the group: %+v", on)
		}
		if off, others := summaries("off"), summaries("others"); len(off)+len(others) != 0 {
			t.Errorf("%d without insights, %d of others", len(off), len(others))
		}
		checkInsightCalls(t, client, closed[0])

		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		client, s = openIn(t, dir)
		defer s.Close()
		out, err := client.GetInsight(t.Context(), &xray.GetInsightInput{InsightId: closed[0].InsightId})
		if err != nil || *out.Insight.Summary != *closed[0].Summary {
			t.Errorf("after a restart: %+v, %v", out, err)
		}
	})
}

func checkInsight(t *testing.T, s types.InsightSummary, from time.Time) {
	t.Helper()
	const failing = 6 * time.Minute
	if d := s.StartTime.Sub(from).Abs(); d > 2*time.Minute {
		t.Errorf("starts %v away from when it began", d)
	}
	if d := s.EndTime.Sub(from.Add(failing)).Abs(); d > 3*time.Minute {
		t.Errorf("ends %v away from when it ended", d)
	}
	if *s.RootCauseServiceId.Name != "loans" || *s.RootCauseServiceId.Type != "AWS::DynamoDB::Table" || len(s.TopAnomalousServices) != 2 ||
		s.Categories[0] != types.InsightCategoryFault || *s.GroupName != "Default" || !strings.HasSuffix(*s.GroupARN, ":group/Default") {
		t.Errorf("got %+v", s)
	}
	if c := s.ClientRequestImpactStatistics; *c.FaultCount < 24 || *c.FaultCount > 25 || *c.OkCount+*c.FaultCount != *c.TotalCount || *c.TotalCount < 7*6 {
		t.Errorf("clients: %d faults, %d ok, %d in all", *c.FaultCount, *c.OkCount, *c.TotalCount)
	}
	if c := s.RootCauseServiceRequestImpactStatistics; *c.FaultCount < 24 || *c.FaultCount > 25 || *c.TotalCount > 6*9 {
		t.Errorf("root cause: %d faults of %d", *c.FaultCount, *c.TotalCount)
	}
}

func checkInsightCalls(t *testing.T, client *xray.Client, s types.InsightSummary) {
	t.Helper()
	ctx := t.Context()
	one, err := client.GetInsight(ctx, &xray.GetInsightInput{InsightId: s.InsightId})
	if err != nil {
		t.Fatal(err)
	}
	i := one.Insight
	same := types.InsightSummary{Categories: i.Categories, ClientRequestImpactStatistics: i.ClientRequestImpactStatistics, EndTime: i.EndTime,
		GroupARN: i.GroupARN, GroupName: i.GroupName, InsightId: i.InsightId, LastUpdateTime: s.LastUpdateTime, RootCauseServiceId: i.RootCauseServiceId,
		RootCauseServiceRequestImpactStatistics: i.RootCauseServiceRequestImpactStatistics, StartTime: i.StartTime, State: i.State, Summary: i.Summary,
		TopAnomalousServices: i.TopAnomalousServices}
	if diff := cmp.Diff(s, same, cmpopts.IgnoreUnexported(types.InsightSummary{}, types.RequestImpactStatistics{}, types.ServiceId{}, types.AnomalousService{})); diff != "" {
		t.Errorf("GetInsight (-summary +insight):\n%s", diff)
	}

	var events []types.InsightEvent
	pages := xray.NewGetInsightEventsPaginator(client, &xray.GetInsightEventsInput{InsightId: s.InsightId, MaxResults: aws.Int32(1)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil || len(page.InsightEvents) != 1 {
			t.Fatalf("%+v, %v", page, err)
		}
		events = append(events, page.InsightEvents...)
	}
	if len(events) < 2 || !events[0].EventTime.Equal(*s.EndTime) || *events[0].Summary != *s.Summary || !events[0].EventTime.After(*events[1].EventTime) ||
		len(events[1].TopAnomalousServices) == 0 || events[1].RootCauseServiceRequestImpactStatistics == nil {
		t.Errorf("events %+v", events)
	}

	graph, err := client.GetInsightImpactGraph(ctx, &xray.GetInsightImpactGraphInput{InsightId: s.InsightId, StartTime: s.StartTime, EndTime: s.EndTime})
	if err != nil {
		t.Fatal(err)
	}
	var edges []string
	for n, service := range graph.Services {
		if int(*service.ReferenceId) != n {
			t.Errorf("service %d has the id %d", n, *service.ReferenceId)
		}
		for _, e := range service.Edges {
			to := graph.Services[*e.ReferenceId]
			edges = append(edges, *service.Name+" "+aws.ToString(service.Type)+" -> "+*to.Name+" "+aws.ToString(to.Type))
		}
	}
	if diff := cmp.Diff([]string{"web  -> loans AWS::DynamoDB::Table", "web client -> web "}, edges); diff != "" || *graph.InsightId != *s.InsightId {
		t.Errorf("impact (-want +got):\n%s", diff)
	}
}

func TestInsightErrors(t *testing.T) {
	_, client := newServer(t)
	ctx := t.Context()
	id := aws.String("01c6b6c0-0000-8000-8000-000000000000")
	start, end := at(t0), at(t0+100)
	invalid := func(_ any, err error) error { return err }
	tests := []struct {
		name, message string
		err           error
	}{
		{"no such insight", "Insight not found", invalid(client.GetInsight(ctx, &xray.GetInsightInput{InsightId: id}))},
		{"not ours", "Insight not found", invalid(client.GetInsightEvents(ctx, &xray.GetInsightEventsInput{InsightId: aws.String("01c6b6c0-0000-4000-8000-000000000000")}))},
		{"no such insight's graph", "Insight not found", invalid(client.GetInsightImpactGraph(ctx, &xray.GetInsightImpactGraphInput{InsightId: id, StartTime: start, EndTime: end}))},
		{"graph backwards", "End time cannot be earlier than start time",
			invalid(client.GetInsightImpactGraph(ctx, &xray.GetInsightImpactGraphInput{InsightId: id, StartTime: end, EndTime: start}))},
		{"graph too long", "Time range cannot be longer than 6 hours",
			invalid(client.GetInsightImpactGraph(ctx, &xray.GetInsightImpactGraphInput{InsightId: id, StartTime: start, EndTime: at(t0 + 1e6)}))},
		{"graph with token", "Invalid NextToken",
			invalid(client.GetInsightImpactGraph(ctx, &xray.GetInsightImpactGraphInput{InsightId: id, StartTime: start, EndTime: end, NextToken: id}))},
		{"no group", "Provide either GroupName or GroupARN", invalid(client.GetInsightSummaries(ctx, &xray.GetInsightSummariesInput{StartTime: start, EndTime: end}))},
		{"unknown group", "Group not found", invalid(client.GetInsightSummaries(ctx, &xray.GetInsightSummariesInput{StartTime: start, EndTime: end, GroupName: aws.String("x")}))},
		{"backwards", "End time cannot be earlier than start time",
			invalid(client.GetInsightSummaries(ctx, &xray.GetInsightSummariesInput{StartTime: end, EndTime: start, GroupName: aws.String("Default")}))},
		{"token", "Invalid NextToken",
			invalid(client.GetInsightSummaries(ctx, &xray.GetInsightSummariesInput{StartTime: start, EndTime: end, GroupName: aws.String("Default"), NextToken: aws.String("x")}))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var e *types.InvalidRequestException
			if !errors.As(tt.err, &e) || !strings.Contains(*e.Message, tt.message) {
				t.Errorf("got %v, want InvalidRequestException: %s", tt.err, tt.message)
			}
		})
	}
	if _, err := client.GetInsight(ctx, &xray.GetInsightInput{InsightId: aws.String("x")}); err == nil || !strings.Contains(err.Error(), "regular expression pattern") {
		t.Errorf("an id that is none: %v", err)
	}
	if _, err := client.GetInsightSummaries(ctx, &xray.GetInsightSummariesInput{StartTime: start, EndTime: end, GroupName: aws.String("Default"), MaxResults: aws.Int32(101)}); err == nil {
		t.Error("101 results are not refused")
	}
}

// TestForecast holds that an incident's faults are above what is expected.
func TestForecast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, s := openIn(t, t.TempDir())
		defer s.Close()
		begin := time.Now()
		for minute := range 20 {
			serveMinute(t, client, minute, minute/19*5+minute%2)
		}
		in := &xray.GetTimeSeriesServiceStatisticsInput{StartTime: &begin, EndTime: aws.Time(time.Now()),
			EntitySelectorExpression: aws.String(`service(id(type: "AWS::DynamoDB::Table"))`), ForecastStatistics: aws.Bool(true)}
		out, err := client.GetTimeSeriesServiceStatistics(t.Context(), in)
		if err != nil || len(out.TimeSeriesServiceStatistics) != 20 {
			t.Fatalf("%+v, %v", out, err)
		}
		for n, b := range out.TimeSeriesServiceStatistics {
			f := b.ServiceForecastStatistics
			faults := *b.ServiceSummaryStatistics.FaultStatistics.TotalCount
			switch {
			case n == 19:
				if f.FaultCountHigh != nil {
					t.Errorf("the first minute expects %d", *f.FaultCountHigh)
				}
			case (n == 0) != (faults > *f.FaultCountHigh) || *f.FaultCountLow != 0:
				t.Errorf("%d minutes before the last: %d faults, expected %d to %d", n, faults, *f.FaultCountLow, *f.FaultCountHigh)
			}
		}
		in.EntitySelectorExpression = nil
		var e *types.InvalidRequestException
		if _, err := client.GetTimeSeriesServiceStatistics(context.Background(), in); !errors.As(err, &e) {
			t.Errorf("without a service: %v", err)
		}
	})
}
