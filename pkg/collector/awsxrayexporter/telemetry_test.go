package awsxrayexporter

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/bragg-tracing/bragg/pkg/collector/internal/contributors"
)

// A recorder is a backend that keeps telemetry, or fails.
type recorder struct {
	client
	mu   sync.Mutex
	err  error
	puts []*xray.PutTelemetryRecordsInput
}

func (r *recorder) putTelemetry(_ context.Context, in *xray.PutTelemetryRecordsInput) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.puts = append(r.puts, in)
	}
	return r.err
}

// fail sets what putTelemetry returns from now on.
func (r *recorder) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

// taken returns the requests since the last call.
func (r *recorder) taken() []*xray.PutTelemetryRecordsInput {
	r.mu.Lock()
	defer r.mu.Unlock()
	puts := r.puts
	r.puts = nil
	return puts
}

func TestTelemetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := createDefaultConfig().(*Config)
		cfg.Session.ResourceARN = "arn"
		cfg.Telemetry = TelemetryConfig{Enabled: true, IncludeMetadata: true, Hostname: "host"}
		r := &recorder{err: errors.New("down")}
		x := startTelemetry(component.MustNewIDWithName("awsxray", t.Name()), cfg, r, zap.NewNop())
		defer x.stop(t.Context())

		time.Sleep(5 * time.Minute) // nothing to tell
		x.settled(40, 2)
		x.failed(statusError(503))
		x.failed(statusError(429))
		time.Sleep(45 * time.Minute) // more than thirty records, each with its own failure
		synctest.Wait()
		r.fail(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		puts := r.taken()
		if len(puts) != 3 {
			t.Fatalf("%d puts, want three of ten records", len(puts))
		}
		in := puts[0]
		if aws.ToString(in.Hostname) != "host" || aws.ToString(in.ResourceARN) != "arn" || len(in.TelemetryRecords) != 10 {
			t.Errorf("put %+v", in)
		}
		x.settled(40, 2)
		time.Sleep(time.Minute)
		synctest.Wait()
		got := r.taken()[0].TelemetryRecords[0]
		if got.Timestamp == nil || *got.SegmentsSentCount != 40 || *got.SegmentsRejectedCount != 2 || *got.SegmentsReceivedCount != 42 {
			t.Errorf("the record is %+v", got)
		}
	})
}

// TestTelemetryOfReceivers: the receiver with the exporter's id and the
// contributors are counted, once.
func TestTelemetryOfReceivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own, other, stranger := component.MustNewIDWithName("awsxray", "own"), component.MustNewIDWithName("awsxray", "other"), component.MustNewIDWithName("awsxray", "stranger")
		cfg := createDefaultConfig().(*Config)
		cfg.Telemetry = TelemetryConfig{Enabled: true, Contributors: []component.ID{other}}
		r := new(recorder)
		x := startTelemetry(own, cfg, r, zap.NewNop())
		defer x.stop(t.Context())
		contributors.Of(own).Received.Add(100)
		contributors.Of(other).Received.Add(20)
		contributors.Of(other).Rejected.Add(3)
		contributors.Of(other).Spillover.Add(4)
		contributors.Of(stranger).Received.Add(5)
		x.settled(90, 2)
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		got := r.taken()[0].TelemetryRecords[0]
		if *got.SegmentsReceivedCount != 120 || *got.SegmentsRejectedCount != 5 || *got.SegmentsSpilloverCount != 4 || *got.SegmentsSentCount != 90 {
			t.Errorf("%d received, %d rejected, %d spilled, %d sent", *got.SegmentsReceivedCount, *got.SegmentsRejectedCount, *got.SegmentsSpilloverCount, *got.SegmentsSentCount)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if more := r.taken(); len(more) != 0 {
			t.Errorf("%d more records of the same counts", len(more))
		}
	})
}

func statusError(status int) error {
	return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: errors.New("status"),
	}}
}

func TestTelemetryCountsErrors(t *testing.T) {
	var c counts
	for _, err := range []error{
		statusError(500), statusError(503), statusError(429), statusError(302),
		fmt.Errorf("dial: %w", syscall.ECONNREFUSED),
		&net.DNSError{IsNotFound: true}, &net.OpError{Err: context.DeadlineExceeded}, errors.New("else"),
	} {
		*c.of(err)++
	}
	want := &types.BackendConnectionErrors{
		HTTPCode5XXCount: aws.Int32(2), HTTPCode4XXCount: aws.Int32(1), ConnectionRefusedCount: aws.Int32(1),
		UnknownHostCount: aws.Int32(1), TimeoutCount: aws.Int32(1), OtherCount: aws.Int32(2),
	}
	if diff := cmp.Diff(want, c.record(time.Now()).BackendConnectionErrors, cmp.AllowUnexported(types.BackendConnectionErrors{})); diff != "" {
		t.Error(diff)
	}
}

// TestTelemetryEndToEnd: what telemetry.enabled sends is signed and arrives.
func TestTelemetryEndToEnd(t *testing.T) {
	e := newEndpoint(t, nil)
	r := start(t, e.URL, func(cfg *Config) { cfg.Telemetry.Enabled = true })
	r.send(t, 100)
	e.await(t, 100)
	x := r.Traces.(*traces).sender.telemetry
	for x.pending() == 0 { // the answer is judged after it was sent
		time.Sleep(time.Millisecond)
	}
	x.report(t.Context())
	r.stop(t)
	if len(e.records) != 1 {
		t.Errorf("%d requests of telemetry, want 1", len(e.records))
	}
}

// pending returns how many documents the next record tells of.
func (t *telemetry) pending() int32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts.sent
}
