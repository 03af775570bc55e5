// Package xraylocaltest reads back, in tests, what was sent to an X-Ray Local.
package xraylocaltest

import (
	"encoding/json"
	"net"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/bragg-tracing/bragg/pkg/segment/udp"
)

// Segments waits up to 10 s until a trace has n segments that were sent, and
// returns them as Object does, without those that X-Ray infers.
func Segments(t *testing.T, c *xray.Client, id string, n int) (docs []map[string]any) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		out, err := c.BatchGetTraces(t.Context(), &xray.BatchGetTracesInput{TraceIds: []string{id}})
		if err != nil {
			t.Fatal(err)
		}
		docs = nil
		for _, trace := range out.Traces {
			for _, s := range trace.Segments {
				if doc := Object(t, *s.Document); doc["inferred"] != true {
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

// Object reads a document, without what says nothing: flags that are not set,
// which X-Ray does not give back, and the SDK's mark of what is not sampled.
func Object(t *testing.T, document string) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(document), &doc); err != nil {
		t.Fatalf("%v in %s", err, document)
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

// A Tap is a port to which an X-Ray SDK sends, on the way to a daemon's.
type Tap struct {
	Addr string // host:port for the SDK
	in   net.PacketConn
	out  net.Conn
}

// NewTap opens a tap before the daemon's port at addr; it is closed with the test.
func NewTap(t *testing.T, addr string) *Tap {
	t.Helper()
	in, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	out, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close() })
	return &Tap{in.LocalAddr().String(), in, out}
}

// Pass waits for one datagram, sends it on and returns the document in it.
func (p *Tap) Pass(t *testing.T) string {
	t.Helper()
	datagram := make([]byte, udp.MaxDatagram)
	n, _, err := p.in.ReadFrom(datagram)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.out.Write(datagram[:n]); err != nil {
		t.Fatal(err)
	}
	document, err := udp.DocumentIn(datagram[:n])
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}
