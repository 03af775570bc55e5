package truth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"go.opentelemetry.io/otel"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracelambda"
)

// childVariable makes this test binary a Lambda function of that name.
const childVariable = "TRUTH_LAMBDA_CHILD"

// lambdaChild is main of a function, as its author writes it.
func lambdaChild(string) {
	sdk, err := telemetry.Start(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	tracelambda.Start(decide, tracelambda.WithProviders(sdk))
}

// decide answers HTTP requests and all else by what the event says.
func decide(ctx context.Context, event json.RawMessage) (any, error) {
	_, span := otel.Tracer("decide").Start(ctx, "evaluate")
	defer span.End()
	var wish struct {
		Path, RawPath, Fail string
		Sleep               int // ms
	}
	if err := json.Unmarshal(event, &wish); err != nil {
		return nil, err
	}
	time.Sleep(time.Duration(wish.Sleep) * time.Millisecond)
	switch {
	case wish.Fail == "error":
		return nil, errors.New("weights are missing")
	case wish.Fail == "panic":
		panic("weights are missing")
	case wish.Path != "":
		return events.APIGatewayProxyResponse{StatusCode: http.StatusNotFound}, nil
	case wish.RawPath != "":
		return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusCreated}, nil
	}
	return span.SpanContext().TraceID().String(), nil
}

// traceHeader makes the header of a new trace, as Lambda gives it.
func traceHeader(n int) (id, header string) {
	id = fmt.Sprintf("%08x%024x", time.Now().Unix(), n)
	return id, "Root=1-" + id[:8] + "-" + id[8:] + ";Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:0"
}

func TestLambda(t *testing.T) {
	t.Parallel()
	function := startFunction(t, "decide", 1)
	const minute = time.Minute
	t.Run("API Gateway", func(t *testing.T) {
		event, err := json.Marshal(events.APIGatewayProxyRequest{
			HTTPMethod: "GET", Path: "/loans/7", Resource: "/loans/{id}", Headers: map[string]string{"Host": "api.example.com", "X-Forwarded-Proto": "https"},
			RequestContext: events.APIGatewayProxyRequestContext{Identity: events.APIGatewayRequestIdentity{SourceIP: "203.0.113.9"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		id, header := traceHeader(1)
		if got := function.invoke(t, header, string(event), minute); got.failed || !strings.Contains(got.body, `"statusCode":404`) {
			t.Errorf("answer %+v", got)
		}
		r := await(t, id, 2)
		d := r.check(want{
			name: "decide", span: "GET /loans/{id}", kind: "server", err: true, method: "GET", url: "https://api.example.com/loans/7", status: 404,
			attributes: map[string]any{
				"faas.trigger": "http", "faas.coldstart": true, "faas.invocation_id": "request-1", "http.route": "/loans/{id}",
				"cloud.account.id": "123456789012",
			},
		})
		if d.ParentID != "53995c3f42cd8ad8" || d.HTTP.Request.ClientIP != "203.0.113.9" {
			t.Errorf("segment %s", show(d))
		}
		r.check(want{name: "evaluate", parent: "decide"})
	})
	t.Run("SQS", func(t *testing.T) {
		id, header := traceHeader(2)
		other, sent := traceHeader(3)
		event, err := json.Marshal(events.SQSEvent{Records: []events.SQSMessage{{
			MessageId: "a", EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:us-east-1:1:loans", Attributes: map[string]string{"AWSTraceHeader": sent},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		function.invoke(t, header, string(event), minute)
		d := await(t, id, 2).check(want{
			name: "decide", kind: "consumer", links: 1,
			attributes: map[string]any{"messaging.system": "aws_sqs", "messaging.destination.name": "loans", "messaging.message.id": "a", "faas.coldstart": false},
		})
		if d.Links[0].TraceID != "1-"+other[:8]+"-"+other[8:] {
			t.Errorf("link %+v", d.Links[0])
		}
	})
	t.Run("error", func(t *testing.T) {
		id, header := traceHeader(4)
		if got := function.invoke(t, header, `{"Fail":"error"}`, minute); !got.failed {
			t.Errorf("answer %+v", got)
		}
		await(t, id, 2).check(want{name: "decide", kind: "server", fault: true, exception: "errors.errorString", message: "weights are missing"})
	})
	t.Run("timeout", func(t *testing.T) {
		id, header := traceHeader(5)
		if got := function.invoke(t, header, `{"Sleep":5000}`, 700*time.Millisecond); got.body != "timeout" {
			t.Errorf("answer %+v", got)
		}
		// The function's own span is lost with the process, which Lambda ends here.
		await(t, id, 1).check(want{name: "decide", kind: "server", fault: true, exception: "timeout", message: "before its timeout"})
	})
}

// TestLambdaPanic: the process ends with it, and the fault is there.
func TestLambdaPanic(t *testing.T) {
	t.Parallel()
	function := startFunction(t, "decide-panic", 1)
	id, header := traceHeader(6)
	if got := function.invoke(t, header, `{"Fail":"panic"}`, time.Minute); !got.failed {
		t.Errorf("answer %+v", got)
	}
	d := await(t, id, 2).check(want{name: "decide-panic", kind: "server", fault: true, exception: "panic", message: "weights are missing"})
	if len(d.Cause.Exceptions[0].Stack) == 0 {
		t.Error("the panic has no stack")
	}
	<-function.exited
}

// TestLambdaAtOnce: several invocations at once, in one process, are each in
// their own trace.
func TestLambdaAtOnce(t *testing.T) {
	t.Parallel()
	function := startFunction(t, "decide-at-once", 4)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			id, header := traceHeader(100 + n)
			if got := function.invoke(t, header, `{"Sleep":100}`, time.Minute); got.body != `"`+id+`"` {
				t.Errorf("answer %+v, want trace %s", got, id)
			}
			await(t, id, 2).check(want{name: "decide-at-once", kind: "server"})
		})
	}
	all.Wait()
}
