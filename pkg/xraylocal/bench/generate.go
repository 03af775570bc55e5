//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// What a store is filled with.
const (
	tracesPerHour     = 50_000
	documentsPerTrace = 5
	documentSize      = 2000 // bytes, about
	clients           = 2000 // values of annotation client_id
	epoch             = 1_790_000_000
)

var services = []string{"gateway", "orders", "payments", "inventory", "shipping", "accounts"}

// A generator makes the documents of traces: always the same for a seed and a
// number, whatever was made before.
type generator struct{ seed uint64 }

func (g generator) traceID(n int) string {
	r := rand.New(rand.NewPCG(g.seed, uint64(n)))
	return fmt.Sprintf("1-%08x-%08x%016x", epoch+int(start(n)), r.Uint32(), r.Uint64())
}

// start is when a trace began, in seconds after the epoch.
func start(n int) float64 { return float64(n) * 3600 / tracesPerHour }

func clientID(n int) string { return fmt.Sprintf("client-%04d", n) }

// trace makes the documents of one trace: a gateway that calls four services, of
// which some call a table. One trace in twenty has a fault.
func (g generator) trace(n int) []string {
	id := g.traceID(n)
	r := rand.New(rand.NewPCG(g.seed^0x5eed, uint64(n)))
	faulty := -1
	if r.IntN(20) == 0 {
		faulty = r.IntN(documentsPerTrace)
	}
	begin := epoch + start(n)
	client := clientID(r.IntN(clients))
	var calls []string
	docs := make([]string, documentsPerTrace)
	for i := 1; i < documentsPerTrace; i++ {
		service := services[1+r.IntN(len(services)-1)]
		call := fmt.Sprintf("%08x%08x", r.Uint32(), i)
		from, took := begin+0.01*float64(i), 0.02+0.1*r.Float64()
		calls = append(calls, fmt.Sprintf(`{"id":%q,"name":%q,"start_time":%.6f,"end_time":%.6f,"namespace":"remote","http":{"request":{"method":"GET","url":"http://%s/v1"},"response":{"status":200}}}`,
			call, service, from, from+took, service))
		docs[i] = g.document(r, id, service, call, from+0.001, took-0.002, client, i == faulty,
			fmt.Sprintf(`{"id":"%08x%08x","name":"DynamoDB","start_time":%.6f,"end_time":%.6f,"namespace":"aws","aws":{"operation":"GetItem","table_name":"%s"}}`,
				r.Uint32(), i, from+0.005, from+0.01, service))
	}
	docs[0] = g.document(r, id, services[0], "", begin, 0.3+r.Float64(), client, faulty == 0, strings.Join(calls, ","))
	return docs
}

func (g generator) document(r *rand.Rand, traceID, name, parent string, start, took float64, client string, fault bool, subsegments string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"trace_id":%q,"id":"%016x","name":%q,"start_time":%.6f,"end_time":%.6f,"origin":"AWS::ECS::Container"`,
		traceID, r.Uint64(), name, start, start+took)
	if parent != "" {
		fmt.Fprintf(&b, `,"parent_id":%q`, parent)
	}
	status := 200
	if fault {
		status = 500
		b.WriteString(`,"fault":true,"cause":{"exceptions":[{"id":"00000000000000ee","type":"Timeout","message":"deadline exceeded"}]}`)
	}
	fmt.Fprintf(&b, `,"http":{"request":{"method":"GET","url":"http://%s.example.com/v1/orders/%d","user_agent":"Go-http-client/1.1","client_ip":"10.0.%d.%d"},"response":{"status":%d,"content_length":%d}}`,
		name, r.IntN(100_000), r.IntN(256), r.IntN(256), status, r.IntN(10_000))
	fmt.Fprintf(&b, `,"annotations":{"client_id":%q,"tier":%q,"retries":%d}`, client, []string{"gold", "silver", "basic"}[r.IntN(3)], r.IntN(4))
	b.WriteString(`,"aws":{"xray":{"sdk":"opentelemetry for go","sdk_version":"1.47.0","auto_instrumentation":false},"ecs":{"container":"` + name + `"}}`)
	fmt.Fprintf(&b, `,"subsegments":[%s],"metadata":{"default":{"otel.resource.service.name":%q,"request":"`, subsegments, name)
	for b.Len() < documentSize-60 { // what differs from document to document, and what does not
		fmt.Fprintf(&b, `item=%d&warehouse=north&quantity=%d;`, r.IntN(1_000_000), r.IntN(10))
	}
	fmt.Fprintf(&b, `","sequence":%d}}}`, r.IntN(1_000_000))
	return b.String()
}
