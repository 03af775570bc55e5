package api_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
)

func TestGetRetrievedTracesGraph(t *testing.T) {
	_, client := serveWith(t, api.Config{Strict: true})
	ctx := t.Context()
	const linked = "1-00000000-000000000000000000000004"
	putSample(t, client)
	if _, err := client.PutTraceSegments(ctx, &xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{
		`{"trace_id":"` + linked + `","id":"00000000000000d1","name":"worker","start_time":1790158410,"end_time":1790158411,
			"links":[{"trace_id":"` + front + `","id":"00000000000000c2","attributes":{"aws.xray.reference_type":"parent"}},{"trace_id":"` + open + `"}],
			"subsegments":[{"id":"00000000000000d2","name":"batch","start_time":1790158410,"end_time":1790158411,
				"links":[{"trace_id":"` + orphan + `","attributes":{"aws.xray.reference_type":"parent"}}]}]}`,
	}}); err != nil {
		t.Fatal(err)
	}
	start, err := client.StartTraceRetrieval(ctx, &xray.StartTraceRetrievalInput{TraceIds: []string{front, linked}, StartTime: at(t0 - 100), EndTime: at(t0 + 100)})
	if err != nil {
		t.Fatal(err)
	}
	out, err := client.GetRetrievedTracesGraph(ctx, &xray.GetRetrievedTracesGraphInput{RetrievalToken: start.RetrievalToken})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]types.GraphLink{}
	dashed := ""
	for _, s := range out.Services {
		name := *s.Service.Name + "|" + aws.ToString(s.Service.Type)
		got[name] = s.Links
		for _, e := range s.Service.Edges {
			if aws.ToString(e.EdgeType) == "link" {
				dashed += name + "->" + *out.Services[*e.ReferenceId].Service.Name
				checkHistogram(t, e.ReceivedEventAgeHistogram, 1)
			}
		}
	}
	none := []types.GraphLink{}
	want := map[string][]types.GraphLink{
		"web|": none, "web|client": none, "scoring|AWS::ECS::Container": none, "loans|AWS::DynamoDB::Table": none,
		"mail.example.com|remote": none, "worker|client": none,
		"worker|": {
			{ReferenceType: aws.String("parent"), SourceTraceId: aws.String(linked), DestinationTraceIds: []string{front, orphan}},
			{SourceTraceId: aws.String(linked), DestinationTraceIds: []string{open}},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(types.GraphLink{})); diff != "" || out.RetrievalStatus != types.RetrievalStatusComplete {
		t.Errorf("%s; links (-want +got):\n%s", out.RetrievalStatus, diff)
	}
	if want := "mail.example.com|remote->worker"; dashed != want {
		t.Errorf("linked %q, want %q", dashed, want)
	}

	if _, err := client.CancelTraceRetrieval(ctx, &xray.CancelTraceRetrievalInput{RetrievalToken: start.RetrievalToken}); err != nil {
		t.Fatal(err)
	}
	if out, err = client.GetRetrievedTracesGraph(ctx, &xray.GetRetrievedTracesGraphInput{RetrievalToken: start.RetrievalToken}); err != nil ||
		out.RetrievalStatus != types.RetrievalStatusCancelled || len(out.Services) != 0 {
		t.Errorf("after cancelling: %+v, %v", out, err)
	}
	var notFound *types.ResourceNotFoundException
	if _, err := client.GetRetrievedTracesGraph(ctx, &xray.GetRetrievedTracesGraphInput{RetrievalToken: aws.String("x")}); !errors.As(err, &notFound) {
		t.Errorf("got %v", err)
	}
	var invalid *types.InvalidRequestException
	if _, err := client.StartTraceRetrieval(ctx, &xray.StartTraceRetrievalInput{TraceIds: []string{}, StartTime: at(1), EndTime: at(2)}); !errors.As(err, &invalid) {
		t.Errorf("got %v", err)
	}
}
