package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(built.dir) //nolint:errcheck // in the system's directory for what is temporary
		os.Exit(code)
	}))
}

const (
	rehearsalRequests = 50
	rehearsalToken    = "TOKENOFTHEREHEARSAL"
	arrivalLimit      = 30 * time.Second
)

// TestRehearsal runs docker-compose.yml without an engine. Every service's
// program, command, environment, files and health check is what compose would
// start; see stage for what takes the place of containers and names.
func TestRehearsal(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs every program")
	}
	t.Parallel()
	d := readDeployment(t)
	project := d.mustLoad(t, map[string]string{
		"BRAGG_TOKEN": rehearsalToken, "BRAGG_VERSION": rehearsalVersion,
		"DEMO_REQUESTS": fmt.Sprint(rehearsalRequests), "DEMO_RATE": "100",
	})
	begun := time.Now().Add(-time.Second)
	s := newStage(t, d, project)
	for _, name := range project.ServiceNames() {
		s.start(name)
	}
	s.waitExit("load")

	api := xrayClient(s, "xraylocal:2080", rehearsalToken)
	var traces spansByTrace
	t.Run("X-Ray Local has every trace", func(t *testing.T) {
		traces = awaitTraces(t, api, begun)
		want := []string{"applications", "documents", "legacy", "scoring", "web"}
		if diff := cmp.Diff(want, traces.services()); diff != "" {
			t.Errorf("services with segments (-want +got):\n%s", diff)
		}
	})
	t.Run("the New Relic sink has the same spans", func(t *testing.T) {
		for id, spans := range traces {
			if diff := awaitSpans(t, s, id, spans); diff != "" {
				t.Errorf("trace %s (-X-Ray Local +sink):\n%s", id, diff)
			}
		}
	})
	t.Run("the collector asked by name", func(t *testing.T) {
		for _, want := range []string{"POST http://xraylocal:2080/TraceSegments", "POST http://newrelic:4319/v1/traces"} {
			if !slices.Contains(s.forwarded(), want) {
				t.Errorf("no %s among %q", want, s.forwarded())
			}
		}
	})
	t.Run("access to X-Ray Local", func(t *testing.T) { testAccess(t, s) })
	s.stop()
	t.Run("the traces outlive their container", func(t *testing.T) {
		s.start("xraylocal")
		if got := readTraces(t, api, begun); len(got) != rehearsalRequests+1 { // and the one of testAccess
			t.Errorf("%d traces after a restart, want %d", len(got), rehearsalRequests+1)
		}
		s.stop()
	})
}

// xrayClient returns AWS's own client, which knows no token. It asks for host
// and is connected to where X-Ray Local listens.
func xrayClient(s *stage, host, accessKey string) *xray.Client {
	address := s.addresses["xraylocal"]["2080/tcp"]
	return xray.New(xray.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String("http://" + host),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: "not-a-secret"}, nil
		}),
		HTTPClient: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, address)
			},
		}},
	})
}

// spansByTrace holds, for the id of a trace and the id of a span, the name of
// the service that the span is of.
type spansByTrace map[string]map[string]string

// services returns the names of all services.
func (s spansByTrace) services() []string {
	names := map[string]bool{}
	for _, spans := range s {
		for _, service := range spans {
			names[service] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// readTraces returns the segments and subsegments of every trace since begun,
// but for those that were inferred.
func readTraces(t *testing.T, api *xray.Client, begun time.Time) spansByTrace {
	t.Helper()
	summaries, _, err := client.ListTraces(t.Context(), api, begun, time.Now().Add(time.Second), 10*rehearsalRequests)
	if err != nil {
		t.Fatal(err)
	}
	traces := spansByTrace{}
	for _, summary := range summaries {
		id := aws.ToString(summary.Id)
		trace, err := client.GetTrace(t.Context(), api, id)
		if err != nil {
			t.Fatal(err)
		}
		traces[id] = map[string]string{}
		for _, document := range trace.Documents {
			if !document.Inferred {
				addSpans(traces[id], document, document.Name)
			}
		}
	}
	return traces
}

func addSpans(spans map[string]string, d *segment.Document, service string) {
	spans[d.ID] = service
	for _, child := range d.Subsegments {
		addSpans(spans, child, service)
	}
}

// awaitTraces waits until X-Ray Local has all traces and no more comes.
func awaitTraces(t *testing.T, api *xray.Client, begun time.Time) spansByTrace {
	t.Helper()
	deadline := time.Now().Add(arrivalLimit)
	var before spansByTrace
	for {
		traces := readTraces(t, api, begun)
		if len(traces) == rehearsalRequests && cmp.Equal(before, traces) {
			return traces
		}
		if time.Now().After(deadline) {
			t.Fatalf("X-Ray Local has %d traces, want %d", len(traces), rehearsalRequests)
		}
		before = traces
		time.Sleep(time.Second) // other processes: there is nothing to wait on
	}
}

// awaitSpans waits until the sink has the same spans of a trace, and returns the
// difference that is left.
func awaitSpans(t *testing.T, s *stage, trace string, spans map[string]string) string {
	t.Helper()
	deadline := time.Now().Add(arrivalLimit)
	for {
		diff := cmp.Diff(spans, sinkSpans(t, s, trace))
		if diff == "" || time.Now().After(deadline) {
			return diff
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// sinkSpans asks the sink for a trace as a person would, from the host. It
// returns the services by the ids of their spans.
func sinkSpans(t *testing.T, s *stage, trace string) map[string]string {
	t.Helper()
	resp, err := http.Get("http://" + s.addresses["newrelic"]["4319/tcp"] + "/spans?trace.id=" + trace)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Spans []struct {
			ID      string `json:"id"`
			Service string `json:"service.name"`
		} `json:"spans"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	spans := map[string]string{}
	for _, span := range answer.Spans {
		spans[span.ID] = span.Service
	}
	return spans
}

// testAccess proves what --ingest-open opens and what it does not, for a SigV4
// client that can send no token.
func testAccess(t *testing.T, s *stage) {
	now := time.Now()
	id := fmt.Sprintf("1-%08x-%024x", now.Unix(), now.UnixNano())
	document := fmt.Sprintf(`{"trace_id":%q,"id":"00000000000000aa","name":"stranger","start_time":%d,"end_time":%d}`, id, now.Unix(), now.Unix())
	put := func(api *xray.Client) error {
		out, err := api.PutTraceSegments(t.Context(), &xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{document}})
		if err == nil && len(out.UnprocessedTraceSegments) > 0 {
			err = fmt.Errorf("not processed: %s", aws.ToString(out.UnprocessedTraceSegments[0].Message))
		}
		return err
	}
	get := func(api *xray.Client) error {
		out, err := api.BatchGetTraces(t.Context(), &xray.BatchGetTracesInput{TraceIds: []string{id}})
		if err == nil && (len(out.Traces) != 1 || !hasSegment(out.Traces[0], "00000000000000aa")) {
			err = fmt.Errorf("read %+v", out.Traces)
		}
		return err
	}
	tests := []struct {
		name      string
		host, key string
		call      func(*xray.Client) error
		accepted  bool
	}{
		{"segments by name, without a token", "xraylocal:2080", "AKIAEXAMPLE", put, true},
		{"segments by another name", "rebound.example:2080", "AKIAEXAMPLE", put, false},
		{"segments by another name, with the token", "rebound.example:2080", rehearsalToken, put, false},
		{"reading without a token", "xraylocal:2080", "AKIAEXAMPLE", get, false},
		{"reading with another token", "xraylocal:2080", rehearsalToken + "X", get, false},
		{"reading from the host, without a token", "127.0.0.1:2080", "AKIAEXAMPLE", get, false},
		{"reading with the token as access key id", "xraylocal:2080", rehearsalToken, get, true},
		{"reading from the host, with the token", "127.0.0.1:2080", rehearsalToken, get, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := test.call(xrayClient(s, test.host, test.key)); (err == nil) != test.accepted {
				t.Errorf("error %v, want accepted %t", err, test.accepted)
			}
		})
	}
}

func hasSegment(trace types.Trace, id string) bool {
	return slices.ContainsFunc(trace.Segments, func(s types.Segment) bool { return aws.ToString(s.Id) == id })
}
