package propagation_test

import (
	"context"
	"fmt"

	otelpropagation "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/propagation"
)

// Behind a load balancer the header may have a trace id alone. The service's
// span becomes the root of that trace.
func ExampleNew() {
	incoming := otelpropagation.MapCarrier{"X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678"}
	ctx := propagation.New(propagation.Nearest).Extract(context.Background(), incoming)
	parent := trace.SpanContextFromContext(ctx)
	fmt.Println(parent.TraceID(), parent.HasSpanID(), propagation.Deferred(ctx))
	// Output: 67891233abcdef012345678912345678 false true
}

func ExampleParseHeader() {
	h, err := propagation.ParseHeader("Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:1")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(propagation.TraceIDString(h.TraceID), h.ParentID, h.Sampling == propagation.Sampled, h.Fields)
	// Output: 1-67891233-abcdef012345678912345678 53995c3f42cd8ad8 true Lineage=1:a87bd80c:1
}
