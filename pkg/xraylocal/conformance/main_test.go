package conformance

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/bragg-tracing/bragg/pkg/xraylocal"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
)

// start starts an X-Ray Local as compose does, by the name xraylocal and with
// ingest open, and returns it with a client that knows its token, and the port.
func start(t *testing.T) (server *xraylocal.Server, api *xray.Client, port string) {
	t.Helper()
	server, err := xraylocal.Open(xraylocal.Config{
		Dir: t.TempDir(), Listen: "0.0.0.0:0", AllowRemote: true, AllowHosts: []string{"xraylocal"}, IngestOpen: true,
		Token: "token", Daemon: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if _, port, err = net.SplitHostPort(server.Addr()); err != nil {
		t.Fatal(err)
	}
	if api, err = client.New("http://127.0.0.1:"+port, "token"); err != nil {
		t.Fatal(err)
	}
	return server, api, port
}

// segments waits until a trace has n segments that were sent, and returns them.
func segments(t *testing.T, c *xray.Client, id string, n int) (docs []map[string]any) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		out, err := c.BatchGetTraces(t.Context(), &xray.BatchGetTracesInput{TraceIds: []string{id}})
		if err != nil {
			t.Fatal(err)
		}
		docs = nil
		for _, trace := range out.Traces {
			for _, s := range trace.Segments {
				if doc := object(t, *s.Document); doc["inferred"] != true {
					docs = append(docs, doc)
				}
			}
		}
		if len(docs) >= n {
			return docs
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d segments of trace %s have arrived, want %d", len(docs), id, n)
		}
	}
}

// object reads a document, without what says nothing: flags that are not set,
// which X-Ray does not give back, and the SDK's mark of what is not sampled.
func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	leaveOutFalse(doc)
	return doc
}

func leaveOutFalse(doc map[string]any) {
	for _, flag := range []string{"error", "fault", "throttle", "Dummy"} {
		if doc[flag] == false {
			delete(doc, flag)
		}
	}
	in, _ := doc["subsegments"].([]any)
	for _, sub := range in {
		leaveOutFalse(sub.(map[string]any))
	}
}
