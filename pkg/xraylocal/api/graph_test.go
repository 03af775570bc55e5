package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

var update = flag.Bool("update", false, "write the golden files")

// serveWith is newServer with another configuration.
func serveWith(t testing.TB, cfg api.Config) (url string, client *xray.Client) {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cfg.Store, cfg.Logger = s, slog.New(slog.DiscardHandler)
	server := httptest.NewServer(api.New(cfg))
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return server.URL, xray.New(xray.Options{
		BaseEndpoint: &server.URL, Region: "eu-central-1", Credentials: aws.CredentialsProviderFunc(credentials),
		HTTPClient: &http.Client{Transport: transport}, RetryMaxAttempts: 1,
	})
}

// golden compares what the API answers, byte for byte but for white space, with
// a file.
func golden(t *testing.T, url, path, request, file string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Post(url+path, "application/json", strings.NewReader(request))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s, %v", path, resp.StatusCode, body, err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, body, "", " "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	name := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(name, got.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestGraphsAsTheyAreWritten(t *testing.T) {
	url, client := serveWith(t, api.Config{Strict: true, TimeBasis: servicegraph.ByDocument})
	putSample(t, client)
	golden(t, url, "/ServiceGraph", `{"StartTime":1790158300,"EndTime":1790158500}`, "service-graph.json")
	golden(t, url, "/TraceGraph", `{"TraceIds":["`+front+`"]}`, "trace-graph.json")
	golden(t, url, "/TimeSeriesServiceStatistics", `{"StartTime":1790158300,"EndTime":1790158500,"EntitySelectorExpression":"service(\"scoring\")"}`, "time-series.json")
	golden(t, url, "/TimeSeriesServiceStatistics", `{"StartTime":1790158300,"EndTime":1790158500,"EntitySelectorExpression":"service(\"nobody\")"}`, "time-series-of-nobody.json")
}

// TestGetServiceGraphByReceipt holds what X-Ray does by default: a graph is of
// what arrived in its range, whatever the documents say.
func TestGetServiceGraphByReceipt(t *testing.T) {
	_, client := newServer(t)
	before := time.Now()
	putSample(t, client)
	after := time.Now()
	graph := func(start, end time.Time) []types.Service {
		t.Helper()
		out, err := client.GetServiceGraph(t.Context(), &xray.GetServiceGraphInput{StartTime: &start, EndTime: &end})
		if err != nil {
			t.Fatal(err)
		}
		if out.ContainsOldGroupVersions || out.NextToken != nil || out.StartTime.Sub(start).Abs() > time.Millisecond || out.EndTime.Sub(end).Abs() > time.Millisecond {
			t.Errorf("got %v to %v, old %t, token %v", out.StartTime, out.EndTime, out.ContainsOldGroupVersions, out.NextToken)
		}
		return out.Services
	}
	if s := graph(*at(t0 - 100), *at(t0 + 100)); len(s) != 0 {
		t.Errorf("%d services when the documents say", len(s))
	}
	if s := graph(after.Add(time.Second), after.Add(time.Hour)); len(s) != 0 {
		t.Errorf("%d services after they came", len(s))
	}
	services := graph(before.Add(-time.Millisecond), after.Add(time.Millisecond))
	byID := map[int32]types.Service{}
	for _, s := range services {
		byID[*s.ReferenceId] = s
	}
	edges := map[string]int64{}
	for _, s := range services {
		for _, e := range s.Edges {
			to, ok := byID[*e.ReferenceId]
			if !ok {
				t.Fatalf("an edge of %s leads to node %d, which is not there", *s.Name, *e.ReferenceId)
			}
			edges[*s.Name+" "+aws.ToString(s.Type)+" -> "+*to.Name+" "+aws.ToString(to.Type)] += *e.SummaryStatistics.TotalCount
			checkHistogram(t, e.ResponseTimeHistogram, *e.SummaryStatistics.TotalCount)
		}
		if s.SummaryStatistics != nil {
			checkHistogram(t, s.ResponseTimeHistogram, *s.SummaryStatistics.TotalCount)
			checkHistogram(t, s.DurationHistogram, *s.SummaryStatistics.TotalCount)
		}
	}
	want := map[string]int64{
		"web client -> web ":                                        1,
		"web  -> scoring AWS::ECS::Container":                       1,
		"web  -> mail.example.com remote":                           1,
		"scoring AWS::ECS::Container -> loans AWS::DynamoDB::Table": 1,
	}
	if diff := cmp.Diff(want, edges); diff != "" || len(services) != 6 {
		t.Errorf("%d services; edges (-want +got):\n%s", len(services), diff)
	}
}

func checkHistogram(t *testing.T, h []types.HistogramEntry, total int64) {
	t.Helper()
	var sum int64
	for _, e := range h {
		sum += int64(e.Count)
	}
	if sum != total {
		t.Errorf("a histogram of %d of %d requests", sum, total)
	}
}

func TestGetTraceGraphOfSeveral(t *testing.T) {
	_, client := serveWith(t, api.Config{})
	putSample(t, client)
	out, err := client.GetTraceGraph(t.Context(), &xray.GetTraceGraphInput{TraceIds: []string{front, open, orphan}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range out.Services {
		names = append(names, *s.Name+" "+*s.State)
		if s.StartTime != nil || s.EndTime != nil {
			t.Errorf("%s has times", *s.Name)
		}
	}
	if got, want := strings.Join(names, ", "), "loans unknown, mail.example.com passive, scoring active, web active, web unknown, worker active"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTimeSeries(t *testing.T) {
	_, client := serveWith(t, api.Config{Strict: true, TimeBasis: servicegraph.ByDocument})
	putSample(t, client)
	series := func(in xray.GetTimeSeriesServiceStatisticsInput) []types.TimeSeriesServiceStatistics {
		t.Helper()
		out, err := client.GetTimeSeriesServiceStatistics(t.Context(), &in)
		if err != nil {
			t.Fatal(err)
		}
		if out.NextToken != nil || out.ContainsOldGroupVersions {
			t.Errorf("token %v, old %t", out.NextToken, out.ContainsOldGroupVersions)
		}
		return out.TimeSeriesServiceStatistics
	}
	const minute = 1790158380 // what is asked for ends in the minute after it
	whole := series(xray.GetTimeSeriesServiceStatisticsInput{StartTime: at(minute), EndTime: at(minute + 60)})
	if len(whole) != 1 || !whole[0].Timestamp.Equal(*at(minute + 60)) || *whole[0].EdgeSummaryStatistics.FaultStatistics.TotalCount != 1 ||
		*whole[0].EdgeSummaryStatistics.TotalCount != 1 || whole[0].ServiceSummaryStatistics != nil || whole[0].ServiceForecastStatistics == nil {
		t.Errorf("got %+v", whole)
	}
	for name, in := range map[string]xray.GetTimeSeriesServiceStatisticsInput{
		"inside of a period":         {StartTime: at(minute + 10), EndTime: at(minute + 50)},
		"up to before the end":       {StartTime: at(minute), EndTime: at(minute + 59)},
		"from the end":               {StartTime: at(minute + 60), EndTime: at(minute + 120)},
		"a longer period, not whole": {StartTime: at(minute), EndTime: at(minute + 60), Period: aws.Int32(300)},
	} {
		if got := series(in); len(got) != 0 {
			t.Errorf("%s: %d periods", name, len(got))
		}
	}
	five := series(xray.GetTimeSeriesServiceStatisticsInput{StartTime: at(minute - 300), EndTime: at(minute + 300), Period: aws.Int32(300),
		EntitySelectorExpression: aws.String(`edge("web", id(name: "scoring", type: "AWS::ECS::Container"))`)})
	if len(five) != 1 || five[0].Timestamp.Unix()%300 != 0 || *five[0].EdgeSummaryStatistics.TotalResponseTime != 0.7 {
		t.Errorf("got %+v", five)
	}
}

// TestGraphsOfGroups holds that a group's filter applies to what is there
// already, as soon as it is changed.
func TestGraphsOfGroups(t *testing.T) {
	_, client := serveWith(t, api.Config{Strict: true, TimeBasis: servicegraph.ByDocument})
	putSample(t, client)
	ctx := t.Context()
	group, err := client.CreateGroup(ctx, &xray.CreateGroupInput{GroupName: aws.String("g"), FilterExpression: aws.String(`service("scoring")`)})
	if err != nil {
		t.Fatal(err)
	}
	names := func() string {
		t.Helper()
		out, err := client.GetServiceGraph(ctx, &xray.GetServiceGraphInput{StartTime: at(t0 - 100), EndTime: at(t0 + 100), GroupARN: group.Group.GroupARN})
		if err != nil {
			t.Fatal(err)
		}
		series, err := client.GetTimeSeriesServiceStatistics(ctx, &xray.GetTimeSeriesServiceStatisticsInput{StartTime: at(t0 - 100), EndTime: at(t0 + 100),
			GroupName: aws.String("g"), EntitySelectorExpression: aws.String("service()")})
		if err != nil {
			t.Fatal(err)
		}
		var requests, inSeries int64
		var names []string
		for _, s := range out.Services {
			names = append(names, *s.Name+" "+aws.ToString(s.Type))
			if s.SummaryStatistics != nil {
				requests += *s.SummaryStatistics.TotalCount
			} else {
				requests += *s.Edges[0].SummaryStatistics.TotalCount // a client
			}
		}
		for _, b := range series.TimeSeriesServiceStatistics {
			inSeries += *b.ServiceSummaryStatistics.TotalCount
		}
		if requests != inSeries {
			t.Errorf("%d requests in the graph, %d in the series", requests, inSeries)
		}
		return strings.Join(names, ", ")
	}
	if got, want := names(), "loans AWS::DynamoDB::Table, mail.example.com remote, scoring AWS::ECS::Container, web , web client"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := client.UpdateGroup(ctx, &xray.UpdateGroupInput{GroupName: aws.String("g"), FilterExpression: aws.String("partial")}); err != nil {
		t.Fatal(err)
	}
	if got := names(); got != "worker " {
		t.Errorf("after the change got %s", got)
	}
}

func TestGraphErrors(t *testing.T) {
	_, client := newServer(t)
	putSample(t, client)
	start, end := at(t0-100), at(t0+100)
	graph := func(in xray.GetServiceGraphInput) error {
		_, err := client.GetServiceGraph(t.Context(), &in)
		return err
	}
	trace := func(token *string, ids ...string) error {
		_, err := client.GetTraceGraph(t.Context(), &xray.GetTraceGraphInput{TraceIds: append([]string{}, ids...), NextToken: token})
		return err
	}
	series := func(in xray.GetTimeSeriesServiceStatisticsInput) error {
		_, err := client.GetTimeSeriesServiceStatistics(t.Context(), &in)
		return err
	}
	text := aws.String
	tests := []struct {
		name, message string
		err           error
	}{
		{"graph backwards", "End time cannot be earlier than start time", graph(xray.GetServiceGraphInput{StartTime: end, EndTime: start})},
		{"graph too long", "Time range cannot be longer than 6 hours", graph(xray.GetServiceGraphInput{StartTime: start, EndTime: at(t0 + 21600)})},
		{"graph with token", "NextToken is currently not supported", graph(xray.GetServiceGraphInput{StartTime: start, EndTime: end, NextToken: text("x")})},
		{"graph of no group", "Group not found", graph(xray.GetServiceGraphInput{StartTime: start, EndTime: end, GroupName: text("none")})},
		{"graph of group twice", "Provide either GroupName or GroupARN", graph(xray.GetServiceGraphInput{StartTime: start, EndTime: end,
			GroupName: text("Default"), GroupARN: text("arn:aws:xray:eu-central-1:000000000000:group/Default")})},
		{"no trace ids", "Zero trace ids provided", trace(nil)},
		{"two trace ids", "Currently only one trace Id is supported", trace(nil, front, open)},
		{"no trace id", "Invalid traceId. ErrorCode: InvalidId", trace(nil, "1-2-3")},
		{"unknown trace id", "Trace id not found", trace(nil, "1-00000000-00000000000000000000ffff")},
		{"trace with token", "NextToken is currently not supported", trace(text("x"), front)},
		{"series backwards", "End time cannot be earlier than start time", series(xray.GetTimeSeriesServiceStatisticsInput{StartTime: end, EndTime: start})},
		{"period", "Time period must be one of [60, 300]", series(xray.GetTimeSeriesServiceStatisticsInput{StartTime: start, EndTime: end, Period: aws.Int32(61)})},
		{"series with token", "Invalid token x", series(xray.GetTimeSeriesServiceStatisticsInput{StartTime: start, EndTime: end, NextToken: text("x")})},
		{"series of no group", "Group not found", series(xray.GetTimeSeriesServiceStatisticsInput{StartTime: start, EndTime: end, GroupName: text("none")})},
		{"selector with a filter", "Invalid entity selector expression", series(xray.GetTimeSeriesServiceStatisticsInput{StartTime: start, EndTime: end,
			EntitySelectorExpression: text(`service("web") { fault }`)})},
		{"selector with an annotation", "Invalid entity selector expression", series(xray.GetTimeSeriesServiceStatisticsInput{StartTime: start, EndTime: end,
			EntitySelectorExpression: text(`service("web") AND annotation.x = 1`)})},
		{"selector that is none", "Invalid entity selector expression", series(xray.GetTimeSeriesServiceStatisticsInput{StartTime: start, EndTime: end,
			EntitySelectorExpression: text(`service("web"`)})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var invalid *types.InvalidRequestException
			if !errors.As(tt.err, &invalid) || !strings.Contains(*invalid.Message, tt.message) {
				t.Errorf("got %v, want InvalidRequestException: %s", tt.err, tt.message)
			}
		})
	}
}
