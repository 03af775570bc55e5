package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newServer serves the API over a listener, and returns its address and AWS's
// own client of it.
func newServer(t testing.TB) (url string, client *xray.Client) {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api.New(api.Config{Store: s, Logger: slog.New(slog.DiscardHandler), Strict: true}))
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return server.URL, xray.New(xray.Options{
		BaseEndpoint:     &server.URL,
		Region:           "eu-central-1",
		Credentials:      aws.CredentialsProviderFunc(credentials),
		HTTPClient:       &http.Client{Transport: transport},
		RetryMaxAttempts: 1,
	})
}

func credentials(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "any", SecretAccessKey: "thing"}, nil
}

const (
	t0     = 1790158405.25
	front  = "1-00000000-000000000000000000000001"
	orphan = "1-00000000-000000000000000000000002"
	open   = "1-00000000-000000000000000000000003"
)

// sample is a request through two services, a table and a remote API, every
// span a document of its own and children first, as a collector sends them; a
// trace whose root is missing; and one in progress.
var sample = []string{
	`{"trace_id":"` + front + `","id":"00000000000000a3","parent_id":"00000000000000a2","type":"subsegment","name":"DynamoDB","namespace":"aws","start_time":1790158405.5,"end_time":1790158405.75,"aws":{"operation":"PutItem","table_name":"loans"},"http":{"response":{"status":400}},"error":true}`,
	`{"trace_id":"` + front + `","id":"00000000000000a2","parent_id":"00000000000000b1","type":"subsegment","name":"decide","start_time":1790158405.4,"end_time":1790158405.8,"annotations":{"decision":"approved","score":7.5}}`,
	`{"trace_id":"` + front + `","id":"00000000000000b1","parent_id":"00000000000000c1","name":"scoring","origin":"AWS::ECS::Container","start_time":1790158405.3,"end_time":1790158405.9,"annotations":{"decision":"approved","vip":true},"user":"ada","resource_arn":"arn:aws:ecs:x","aws":{"ec2":{"instance_id":"i-1","availability_zone":"us-west-2a"}}}`,
	`{"trace_id":"` + front + `","id":"00000000000000c1","parent_id":"00000000000000d1","type":"subsegment","name":"scoring","namespace":"remote","start_time":1790158405.3,"end_time":1790158406,"http":{"request":{"url":"http://scoring/?a=1&b=2","traced":true},"response":{"status":200,"content_length":-1}}}`,
	`{"trace_id":"` + front + `","id":"00000000000000c2","parent_id":"00000000000000d1","type":"subsegment","name":"mail.example.com","namespace":"remote","start_time":1790158406,"end_time":1790158406.125}`,
	`{"trace_id":"` + front + `","id":"00000000000000d1","name":"web","start_time":1790158405.25,"end_time":1790158406.25,"http":{"request":{"method":"POST","url":"http://web/apply","user_agent":"curl","client_ip":"192.0.2.1"},"response":{"status":503}},"annotations":{"decision":"declined"},"user":"ada"}`,
	`{"trace_id":"` + orphan + `","id":"00000000000000b1","parent_id":"00000000000000ff","name":"worker","start_time":1790158400,"end_time":1790158401,"http":{"response":{"status":500}}}`,
	`{"trace_id":"` + open + `","id":"00000000000000d1","name":"web","start_time":1790158390,"in_progress":true,"throttle":true,"error":true}`,
}

func putSample(t *testing.T, client *xray.Client) {
	t.Helper()
	out, err := client.PutTraceSegments(t.Context(), &xray.PutTraceSegmentsInput{TraceSegmentDocuments: sample})
	if err != nil || len(out.UnprocessedTraceSegments) != 0 {
		t.Fatalf("%v, %v", out, err)
	}
}

var ignoreMetadata = cmp.FilterPath(func(p cmp.Path) bool { return strings.HasSuffix(p.String(), "noSmithyDocumentSerde") }, cmp.Ignore())

func TestBatchGetTraces(t *testing.T) {
	_, client := newServer(t)
	putSample(t, client)
	out, err := client.BatchGetTraces(t.Context(), &xray.BatchGetTracesInput{TraceIds: []string{front, "1-00000000-00000000000000000000ffff", open}})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Traces) != 2 || out.UnprocessedTraceIds == nil || len(out.UnprocessedTraceIds) != 0 || out.NextToken != nil {
		t.Fatalf("got %d traces, unprocessed %v, token %v", len(out.Traces), out.UnprocessedTraceIds, out.NextToken)
	}
	trace := out.Traces[0]
	if *trace.Id != front || *trace.Duration != 1 || trace.LimitExceeded == nil || *trace.LimitExceeded {
		t.Errorf("trace %v, duration %v, limit %v", *trace.Id, *trace.Duration, trace.LimitExceeded)
	}
	want := []string{
		`{"id":"00000000000000d1","name":"web","start_time":1790158405.25,"trace_id":"` + front + `","end_time":1790158406.25,"http":{"request":{"method":"POST","url":"http://web/apply","user_agent":"curl","client_ip":"192.0.2.1"},"response":{"status":503}},"user":"ada","annotations":{"decision":"declined"},"subsegments":[` +
			`{"id":"00000000000000c1","name":"scoring","start_time":1790158405.3,"end_time":1790158406,"http":{"request":{"url":"http://scoring/?a=1&b=2"},"response":{"status":200,"content_length":-1}},"namespace":"remote"},` +
			`{"id":"00000000000000c2","name":"mail.example.com","start_time":1790158406,"end_time":1790158406.125,"namespace":"remote"}]}`,
		`{"id":"00000000000000b1","name":"scoring","start_time":1790158405.3,"trace_id":"` + front + `","end_time":1790158405.9,"parent_id":"00000000000000c1","aws":{"ec2":{"availability_zone":"us-west-2a","instance_id":"i-1"}},"origin":"AWS::ECS::Container","resource_arn":"arn:aws:ecs:x","user":"ada","annotations":{"decision":"approved","vip":true},"subsegments":[` +
			`{"id":"00000000000000a2","name":"decide","start_time":1790158405.4,"end_time":1790158405.8,"annotations":{"decision":"approved","score":7.5},"subsegments":[` +
			`{"id":"00000000000000a3","name":"DynamoDB","start_time":1790158405.5,"end_time":1790158405.75,"error":true,"http":{"response":{"status":400}},"aws":{"operation":"PutItem","table_name":"loans"},"namespace":"aws"}]}]}`,
		`{"id":"*","name":"DynamoDB","start_time":1790158405.5,"trace_id":"` + front + `","end_time":1790158405.75,"parent_id":"00000000000000a3","inferred":true,"error":true,"http":{"response":{"status":400}},"aws":{"operation":"PutItem","table_name":"loans"},"origin":"AWS::DynamoDB::Table"}`,
		`{"id":"*","name":"mail.example.com","start_time":1790158406,"trace_id":"` + front + `","end_time":1790158406.125,"parent_id":"00000000000000c2","inferred":true}`,
	}
	var got []string
	for _, seg := range trace.Segments {
		doc := *seg.Document
		if strings.Contains(doc, `"inferred":true`) {
			doc = strings.Replace(doc, *seg.Id, "*", 1)
		}
		got = append(got, doc)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
}

func TestGetTraceSummaries(t *testing.T) {
	_, client := newServer(t)
	putSample(t, client)
	out, err := client.GetTraceSummaries(t.Context(), &xray.GetTraceSummariesInput{
		StartTime: at(t0 - 100), EndTime: at(t0 + 100), FilterExpression: aws.String(""),
	})
	if err != nil {
		t.Fatal(err)
	}
	id := func(name, typ string) types.ServiceId {
		s := types.ServiceId{Name: &name, Names: []string{name}}
		if typ != "" {
			s.Type = &typ
		}
		return s
	}
	entry := id("web", "")
	text := func(s string) types.ValueWithServiceIds {
		return types.ValueWithServiceIds{AnnotationValue: &types.AnnotationValueMemberStringValue{Value: s}}
	}
	empty := func(s types.TraceSummary) types.TraceSummary {
		s.FaultRootCauses, s.ErrorRootCauses, s.ResponseTimeRootCauses = []types.FaultRootCause{}, []types.ErrorRootCause{}, []types.ResponseTimeRootCause{}
		if s.Annotations == nil {
			s.Annotations = map[string][]types.ValueWithServiceIds{}
			s.Users, s.ResourceARNs = []types.TraceUser{}, []types.ResourceARNDetail{}
			s.InstanceIds, s.AvailabilityZones = []types.InstanceIdDetail{}, []types.AvailabilityZoneDetail{}
			s.Http = &types.Http{}
		}
		s.Revision = 1
		return s
	}
	want := []types.TraceSummary{
		empty(types.TraceSummary{
			Id: aws.String(front), StartTime: at(t0), Duration: aws.Float64(1), ResponseTime: aws.Float64(1),
			HasFault: aws.Bool(true), HasError: aws.Bool(false), HasThrottle: aws.Bool(false), IsPartial: aws.Bool(false),
			Http: &types.Http{HttpURL: aws.String("http://web/apply"), HttpMethod: aws.String("POST"), HttpStatus: aws.Int32(503), UserAgent: aws.String("curl"), ClientIp: aws.String("192.0.2.1")},
			Annotations: map[string][]types.ValueWithServiceIds{
				"decision": {text("declined"), text("approved")},
				"score":    {{AnnotationValue: &types.AnnotationValueMemberNumberValue{Value: 7.5}}},
				"vip":      {{AnnotationValue: &types.AnnotationValueMemberBooleanValue{Value: true}}},
			},
			Users:        []types.TraceUser{{UserName: aws.String("ada")}},
			ResourceARNs: []types.ResourceARNDetail{{ARN: aws.String("arn:aws:ecs:x")}},
			InstanceIds:  []types.InstanceIdDetail{{Id: aws.String("i-1")}}, AvailabilityZones: []types.AvailabilityZoneDetail{{Name: aws.String("us-west-2a")}},
			EntryPoint: &entry,
			ServiceIds: []types.ServiceId{id("web", ""), id("scoring", "AWS::ECS::Container"), id("loans", "AWS::DynamoDB::Table"), id("mail.example.com", "remote"), id("web", "client")},
		}),
		empty(types.TraceSummary{
			Id: aws.String(orphan), StartTime: at(1790158400), Duration: aws.Float64(1),
			HasFault: aws.Bool(false), HasError: aws.Bool(false), HasThrottle: aws.Bool(false), IsPartial: aws.Bool(true),
			ServiceIds: []types.ServiceId{id("worker", "")},
		}),
		empty(types.TraceSummary{
			Id: aws.String(open), StartTime: at(1790158390),
			HasFault: aws.Bool(false), HasError: aws.Bool(false), HasThrottle: aws.Bool(true), IsPartial: aws.Bool(false),
			EntryPoint: &entry, ServiceIds: []types.ServiceId{id("web", ""), id("web", "client")},
		}),
	}
	names := func(name string) (*string, []string) { return aws.String(name), []string{name} }
	loans := types.ErrorRootCauseService{Type: aws.String("AWS::DynamoDB::Table"), Inferred: aws.Bool(true),
		EntityPath: []types.ErrorRootCauseEntity{{Name: aws.String("DynamoDB"), Exceptions: []types.RootCauseException{}, Remote: aws.Bool(false)}}}
	loans.Name, loans.Names = names("loans")
	want[0].ErrorRootCauses = []types.ErrorRootCause{{ClientImpacting: aws.Bool(false), Services: []types.ErrorRootCauseService{loans}}}
	slow := func(name string, coverage float64, remote bool) types.ResponseTimeRootCauseEntity {
		return types.ResponseTimeRootCauseEntity{Name: &name, Coverage: &coverage, Remote: &remote}
	}
	web := types.ResponseTimeRootCauseService{Type: aws.String(""), Inferred: aws.Bool(false),
		EntityPath: []types.ResponseTimeRootCauseEntity{slow("web", 1, false), slow("scoring", 0.7, true)}}
	web.Name, web.Names = names("web")
	scoring := types.ResponseTimeRootCauseService{Type: aws.String("AWS::ECS::Container"), Inferred: aws.Bool(false),
		EntityPath: []types.ResponseTimeRootCauseEntity{slow("scoring", 0.6, false)}}
	scoring.Name, scoring.Names = names("scoring")
	want[0].ResponseTimeRootCauses = []types.ResponseTimeRootCause{{ClientImpacting: aws.Bool(true), Services: []types.ResponseTimeRootCauseService{web, scoring}}}
	if diff := cmp.Diff(want, out.TraceSummaries, ignoreMetadata); diff != "" {
		t.Errorf("summaries (-want +got):\n%s", diff)
	}
	if out.NextToken != nil || *out.TracesProcessedCount != 3 || !out.ApproximateTime.Equal(*at(t0 - 100)) {
		t.Errorf("token %v, processed %d, approximate time %v", out.NextToken, *out.TracesProcessedCount, out.ApproximateTime)
	}
}

func at(seconds float64) *time.Time {
	return aws.Time(time.UnixMilli(int64(seconds * 1000)).UTC())
}

func TestGetTraceSummariesRanges(t *testing.T) {
	_, client := newServer(t)
	before := time.Now().Add(-time.Second)
	putSample(t, client)
	after := time.Now().Add(time.Second)
	fixed := func(v float64) *types.SamplingStrategy {
		return &types.SamplingStrategy{Name: types.SamplingStrategyNameFixedRate, Value: &v}
	}
	tests := []struct {
		name string
		in   xray.GetTraceSummariesInput
		want []string
	}{
		{"start, one", xray.GetTraceSummariesInput{StartTime: at(t0), EndTime: at(t0)}, []string{front}},
		{"start, none", xray.GetTraceSummariesInput{StartTime: at(t0 + 1), EndTime: at(t0 + 2)}, nil},
		{"end", xray.GetTraceSummariesInput{TimeRangeType: "Service", StartTime: at(t0 + 0.9), EndTime: at(t0 + 2)}, []string{front}},
		{"event", xray.GetTraceSummariesInput{TimeRangeType: "Event", StartTime: &before, EndTime: &after}, []string{front, orphan, open}},
		{"event, none", xray.GetTraceSummariesInput{TimeRangeType: "Event", StartTime: at(t0), EndTime: at(t0 + 1)}, nil},
		{"everything sampled", xray.GetTraceSummariesInput{TimeRangeType: "Event", StartTime: &before, EndTime: &after,
			Sampling: aws.Bool(true), SamplingStrategy: fixed(1)}, []string{front, orphan, open}},
		{"nothing sampled", xray.GetTraceSummariesInput{TimeRangeType: "Event", StartTime: &before, EndTime: &after,
			Sampling: aws.Bool(true), SamplingStrategy: fixed(0)}, nil},
		{"strategy without sampling", xray.GetTraceSummariesInput{StartTime: at(t0), EndTime: at(t0), SamplingStrategy: fixed(7)}, []string{front}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := client.GetTraceSummaries(t.Context(), &tt.in)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range out.TraceSummaries {
				got = append(got, *s.Id)
				if arrival := tt.in.TimeRangeType != ""; (s.MatchedEventTime != nil) != arrival {
					t.Errorf("matched event time %v", s.MatchedEventTime)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("traces (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPaging(t *testing.T) {
	_, client := newServer(t)
	const n = 2*api.PageSize + 30
	var docs []string
	put := func(i int, start float64) {
		docs = append(docs, fmt.Sprintf(`{"trace_id":"1-00000000-%024x","id":"%016x","name":"web","start_time":%f,"end_time":%f}`, i, i+1, start, start+1))
	}
	flush := func() {
		for len(docs) > 0 {
			some := docs[:min(len(docs), api.MaxDocuments)]
			docs = docs[len(some):]
			if _, err := client.PutTraceSegments(t.Context(), &xray.PutTraceSegmentsInput{TraceSegmentDocuments: some}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range n {
		put(i, t0+float64(i))
	}
	flush()
	pager := xray.NewGetTraceSummariesPaginator(client, &xray.GetTraceSummariesInput{StartTime: at(t0 - 1), EndTime: at(t0 + 2*n)})
	next, pages := n-1, 0
	for pager.HasMorePages() {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page.TraceSummaries {
			if want := fmt.Sprintf("1-00000000-%024x", next); *s.Id != want {
				t.Fatalf("got %s, want %s", *s.Id, want)
			}
			next--
		}
		pages++
		put(n+pages, t0+float64(n/2)+0.5) // amidst what is still to come
		flush()
	}
	if next != -1 || pages != 3 {
		t.Errorf("%d traces missing after %d pages", next+1, pages)
	}
}

func TestPutTraceSegmentsPartly(t *testing.T) {
	_, client := newServer(t)
	out, err := client.PutTraceSegments(t.Context(), &xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{
		"{", sample[5], "{}", `{"id":"00000000000000d1","name":"web","start_time":1,"trace_id":"` + front + `"}`,
	}})
	if err != nil {
		t.Fatal(err)
	}
	refused := func(id *string, code string) types.UnprocessedTraceSegment {
		return types.UnprocessedTraceSegment{Id: id, ErrorCode: &code, Message: aws.String("Invalid segment. ErrorCode: " + code)}
	}
	want := []types.UnprocessedTraceSegment{refused(nil, "ParseError"), refused(nil, "MissingId"), refused(aws.String("00000000000000d1"), "MissingEndTime")}
	if diff := cmp.Diff(want, out.UnprocessedTraceSegments, ignoreMetadata); diff != "" {
		t.Errorf("unprocessed (-want +got):\n%s", diff)
	}
	got, err := client.BatchGetTraces(t.Context(), &xray.BatchGetTracesInput{TraceIds: []string{front}})
	if err != nil || len(got.Traces) != 1 {
		t.Errorf("the good document: %v, %v", got, err)
	}
}

// TestNulls holds the members that the service sends although they are null.
func TestNulls(t *testing.T) {
	url, client := newServer(t)
	putSample(t, client)
	res, err := http.Post(url+"/TraceSummaries", "application/json", strings.NewReader(`{"StartTime":1790158390,"EndTime":1790158390}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	var got any
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	var want any
	if err := json.Unmarshal([]byte(`{"TraceSummaries":[{
		"Id":"`+open+`","StartTime":1790158390,"Duration":null,"ResponseTime":null,
		"HasFault":false,"HasError":false,"HasThrottle":true,"IsPartial":false,
		"Http":{"HttpURL":null,"HttpStatus":null,"HttpMethod":null,"UserAgent":null,"ClientIp":null},
		"Annotations":{},"Users":[],
		"ServiceIds":[{"Name":"web","Names":["web"],"AccountId":null,"Type":null},{"Name":"web","Names":["web"],"AccountId":null,"Type":"client"}],
		"ResourceARNs":[],"InstanceIds":[],"AvailabilityZones":[],
		"EntryPoint":{"Name":"web","Names":["web"],"AccountId":null,"Type":null},
		"FaultRootCauses":[],"ErrorRootCauses":[],"ResponseTimeRootCauses":[],
		"Revision":1,"MatchedEventTime":null,"MatchedService":null,"MatchedEdge":null}],
		"ApproximateTime":1790158390,"TracesProcessedCount":1,"NextToken":null}`), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

// TestPaths holds the table of paths against the requests that AWS's SDK ships
// as fixtures for all operations.
func TestPaths(t *testing.T) {
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/xray").Output()
	if err != nil {
		t.Fatal(err)
	}
	snaps, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "request_snapshot", "*.request.snap"))
	if err != nil || len(snaps) < 38 {
		t.Fatalf("%d snapshots, %v", len(snaps), err)
	}
	for _, snap := range snaps {
		b, err := os.ReadFile(snap)
		if err != nil {
			t.Fatal(err)
		}
		method, path, _ := strings.Cut(strings.SplitN(string(b), "\n", 2)[0], " ")
		path = strings.Fields(path)[0]
		if method != "POST" || !api.IsPath(path) {
			t.Errorf("%s: %s %s is not known", filepath.Base(snap), method, path)
		}
	}
}
