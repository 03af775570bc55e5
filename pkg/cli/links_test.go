package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// local serves X-Ray Local with documents in it.
func local(t *testing.T, documents ...string) (*httptest.Server, *xray.Client) {
	t.Helper()
	st, err := store.OpenInMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	server := httptest.NewServer(api.New(api.Config{Store: st, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Strict: true}))
	t.Cleanup(server.Close)
	calls, err := client.New(server.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	out, err := calls.PutTraceSegments(t.Context(), &xray.PutTraceSegmentsInput{TraceSegmentDocuments: documents})
	if err != nil || len(out.UnprocessedTraceSegments) > 0 {
		t.Fatal(out, err)
	}
	return server, calls
}

// queue is a trace that sends a message, and one that the message led to.
func queue() (sender, receiver string, documents []string) {
	now := time.Now().Unix() - 10
	id := func(n int) string { return fmt.Sprintf("1-%08x-%024x", now, n) }
	document := func(n int, more string) string {
		return fmt.Sprintf(`{"trace_id":%q,"id":"00000000000000a%d","start_time":%d,"end_time":%d,%s}`, id(n), n, now+int64(n), now+int64(n)+1, more)
	}
	return id(1), id(2), []string{
		document(1, `"name":"shop","http":{"request":{"method":"POST","url":"http://shop/orders"},"response":{"status":202}}`),
		document(2, fmt.Sprintf(`"name":"worker","fault":true,"links":[{"trace_id":%q,"id":"00000000000000a1","attributes":{"aws.xray.link_type":"message"}}]`, id(1))),
		fmt.Sprintf(`{"trace_id":%q,"id":"00000000000000b2","parent_id":"00000000000000a2","name":"mail","start_time":%d,"end_time":%d}`, id(2), now+2, now+3),
	}
}

func TestTraceLinks(t *testing.T) {
	setEnvironment(t, "120")
	sender, receiver, documents := queue()
	server, _ := local(t, documents...)
	for id, want := range map[string]string{
		sender:   "\nLinked from\n  " + receiver + "  worker (message)\n",
		receiver: "\nLinks to\n  " + sender + "  by worker (message)\n",
	} {
		out, err := execute(newTraceCommand(), "--endpoint", server.URL, id)
		if err != nil || !strings.HasSuffix(out, want) {
			t.Errorf("%v, got\n%s\nwant at the end\n%s", err, out, want)
		}
	}
	out, err := execute(newTraceCommand(), "--endpoint", server.URL, "--json", sender)
	var traces []struct {
		LinkedFrom      []map[string]any
		LinkedFromCount int
	}
	if err != nil || json.Unmarshal([]byte(out), &traces) != nil || len(traces) != 1 {
		t.Fatal(out, err)
	}
	if l := traces[0]; l.LinkedFromCount != 1 || l.LinkedFrom[0]["TraceId"] != receiver || l.LinkedFrom[0]["SegmentId"] != "00000000000000a2" {
		t.Errorf("as JSON %+v", l)
	}
}

func TestTracesOfAGroup(t *testing.T) {
	setEnvironment(t, "120")
	_, receiver, documents := queue()
	server, calls := local(t, documents...)
	if _, err := calls.CreateGroup(t.Context(), &xray.CreateGroupInput{GroupName: aws.String("bad"), FilterExpression: aws.String("fault")}); err != nil {
		t.Fatal(err)
	}
	out, err := execute(newTracesCommand(), "--endpoint", server.URL, "--group", "bad")
	if err != nil || strings.Count(out, "  1-") != 1 || !strings.Contains(out, receiver) || !strings.Contains(out, "SEGMENTS") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = execute(newTracesCommand(), "--endpoint", server.URL, "--group", "bad", "--filter", `service("shop") OR service("mail")`, "--json")
	var listed []struct {
		ID           string `json:"Id"`
		SegmentCount int
	}
	if err != nil || json.Unmarshal([]byte(out), &listed) != nil || len(listed) != 1 || listed[0].ID != receiver || listed[0].SegmentCount != 2 {
		t.Errorf("%v %s", err, out)
	}
	if out, err = execute(newTracesCommand(), "--endpoint", server.URL, "--group", "bad", "--filter", "ok"); err != nil || !strings.Contains(out, "None of 2 traces") {
		t.Errorf("none of the group: %v %s", err, out)
	}
	if _, err = execute(newTracesCommand(), "--endpoint", server.URL, "--group", "good"); err == nil || !strings.Contains(err.Error(), "group not found") {
		t.Errorf("of no group: %v", err)
	}
}
