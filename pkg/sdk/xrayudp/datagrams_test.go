package xrayudp

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/bragg-tracing/bragg/pkg/sdk/internal/chunk"
)

// recorder is a socket that keeps what is written, and loses nothing.
type recorder struct {
	net.Conn
	datagrams [][]byte
}

func (r *recorder) Write(b []byte) (int, error) {
	r.datagrams = append(r.datagrams, bytes.Clone(b))
	return len(b), nil
}

func (r *recorder) SetWriteDeadline(time.Time) error { return nil }

// spansIn reads a datagram as AWS's exporters write it.
func spansIn(t *testing.T, datagram []byte) (ids []uint64) {
	t.Helper()
	text, ok := bytes.CutPrefix(datagram, []byte(daemonHeader+sampled))
	if !ok {
		t.Fatalf("datagram %.50q", datagram)
	}
	message, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		t.Fatal(err)
	}
	var request collectortrace.ExportTraceServiceRequest
	if err := proto.Unmarshal(message, &request); err != nil {
		t.Fatal(err)
	}
	for _, rs := range request.ResourceSpans {
		if len(rs.GetResource().GetAttributes()) == 0 {
			t.Error("spans without their resource")
		}
		for _, ss := range rs.ScopeSpans {
			if ss.GetScope().GetName() == "" {
				t.Error("spans without their scope")
			}
			for _, s := range ss.Spans {
				ids = append(ids, binary.BigEndian.Uint64(s.SpanId))
			}
		}
	}
	return ids
}

// TestEverySpanArrivesOnce exports spans of sizes from nothing to beyond a
// datagram, many of them around the limit.
func TestEverySpanArrivesOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var traces []*tracepb.ResourceSpans
	id := uint64(0)
	for range 20 {
		rs := &tracepb.ResourceSpans{Resource: &resourcepb.Resource{Attributes: []*commonpb.KeyValue{{Key: strings.Repeat("r", 1+random.IntN(500))}}}}
		for range 1 + random.IntN(3) {
			ss := &tracepb.ScopeSpans{Scope: &commonpb.InstrumentationScope{Name: "scope"}}
			for range random.IntN(40) {
				id++
				size := random.IntN(3000)
				if random.IntN(10) == 0 {
					size = MaxSpan - 1000 + random.IntN(2000)
				}
				ss.Spans = append(ss.Spans, &tracepb.Span{SpanId: binary.BigEndian.AppendUint64(nil, id), Flags: 1, Name: strings.Repeat("x", size)})
			}
			rs.ScopeSpans = append(rs.ScopeSpans, ss)
		}
		traces = append(traces, rs)
	}
	var socket recorder
	c := &client{conn: &socket}
	err := c.UploadTraces(context.Background(), traces)
	var lost *chunk.LostError
	if !errors.As(err, &lost) || lost.Spans == 0 || uint64(lost.Spans) != c.lost {
		t.Fatalf("error %v, %d lost; want those that are too large", err, c.lost)
	}
	seen, largest := map[uint64]bool{}, 0
	for _, d := range socket.datagrams {
		largest = max(largest, len(d))
		for _, span := range spansIn(t, d) {
			if seen[span] {
				t.Errorf("span %d came twice", span)
			}
			seen[span] = true
		}
	}
	if len(seen)+lost.Spans != int(id) {
		t.Errorf("%d spans of %d arrived and %d were lost", len(seen), id, lost.Spans)
	}
	if largest > maxDatagram || largest < 60_000 {
		t.Errorf("the largest of %d datagrams has %d bytes, want nearly %d and not more", len(socket.datagrams), largest, maxDatagram)
	}
}
