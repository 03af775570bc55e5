package awsxrayreceiver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sdkheader "github.com/aws/aws-xray-sdk-go/v2/header"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver/passthrough"
)

// sdkAddress makes the test binary a program with AWS's X-Ray SDK, which has
// goroutines that never end.
const sdkAddress = "AWSXRAYRECEIVER_TEST_DAEMON"

// runSDK records segments with a subsegment that fails, until its standard
// input ends.
func runSDK() error {
	if err := xray.Configure(xray.Config{DaemonAddr: os.Getenv(sdkAddress)}); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() { _, _ = io.ReadAll(os.Stdin); close(done) }()
	for tick := time.Tick(time.Millisecond); ; <-tick {
		select {
		case <-done:
			return nil
		default:
		}
		request, err := http.NewRequest(http.MethodGet, "http://shop.example.com/cart", nil)
		if err != nil {
			return err
		}
		ctx, segment := xray.NewSegmentFromHeader(context.Background(), "shop", request, sdkheader.FromString(""))
		_ = xray.Capture(ctx, "charge", func(ctx context.Context) error {
			_ = xray.AddAnnotation(ctx, "tier", "gold")
			_ = xray.AddMetadata(ctx, "cart", []int{1, 2})
			return errors.New("card refused")
		})
		segment.Close(nil)
	}
}

func TestXRaySDK(t *testing.T) {
	signed(t)
	var rules atomic.Int64
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/GetSamplingRules":
			rules.Add(1)
			_, _ = w.Write([]byte(`{"SamplingRuleRecords":[{"SamplingRule":{"RuleName":"Default","RuleARN":"arn:d","ResourceARN":"*","Priority":10000,"FixedRate":1,"ReservoirSize":1,"ServiceName":"*","ServiceType":"*","Host":"*","HTTPMethod":"*","URLPath":"*","Version":1}}]}`))
		case "/SamplingTargets":
			_, _ = w.Write([]byte(`{"SamplingTargetDocuments":[],"LastRuleModification":0,"UnprocessedStatistics":[]}`))
		}
	}))
	defer up.Close()
	cfg := testConfig()
	cfg.ProxyServer.AWSEndpoint = up.URL
	next := make(sink, 10_000)
	r := start(t, cfg, next)

	program := exec.CommandContext(t.Context(), os.Args[0])
	var out bytes.Buffer
	program.Stdout, program.Stderr = &out, &out
	input, err := program.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	program.Env = append(os.Environ(), sdkAddress+"=tcp:"+r.proxy.address.String()+" udp:"+r.listener.Addr().String())
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	first := next.next(t)
	until(t, "the SDK's sampling call", func() bool { return rules.Load() > 0 })
	input.Close()
	if err := program.Wait(); err != nil {
		t.Fatalf("the program with the SDK: %v\n%s", err, out.Bytes())
	}
	checkSDKTrace(t, first)
}

func checkSDKTrace(t *testing.T, td ptrace.Traces) {
	t.Helper()
	rs := td.ResourceSpans().At(0)
	spans := rs.ScopeSpans().At(0).Spans()
	if spans.Len() != 2 {
		t.Fatalf("%d spans", spans.Len())
	}
	resource := rs.Resource().Attributes().AsRaw()
	if resource["service.name"] != "shop" || resource["telemetry.sdk.language"] != "go" || resource["process.runtime.name"] != "gc" {
		t.Errorf("resource is %v", resource)
	}
	segment, charge := spans.At(0), spans.At(1)
	if segment.Kind() != ptrace.SpanKindServer || charge.Kind() != ptrace.SpanKindInternal || charge.ParentSpanID() != segment.SpanID() {
		t.Errorf("kinds are %v and %v", segment.Kind(), charge.Kind())
	}
	if charge.Status().Code() != ptrace.StatusCodeError || charge.Events().Len() != 1 || charge.EndTimestamp() < charge.StartTimestamp() {
		t.Error("the failed subsegment is not a failed span")
	}
	if stack, _ := charge.Events().At(0).Attributes().Get("exception.stacktrace"); !strings.Contains(stack.Str(), "sdk_test.go:") {
		t.Errorf("stack is %s", stack.Str())
	}
	if tier, _ := charge.Attributes().Get("tier"); tier.Str() != "gold" {
		t.Errorf("attributes are %v", charge.Attributes().AsRaw())
	}
	document, _ := segment.Attributes().Get("aws.xray.document")
	if passthrough.Judge(td).Of(0) != passthrough.Send || !json.Valid([]byte(document.Str())) {
		t.Errorf("document is %s", document.Str())
	}
}
