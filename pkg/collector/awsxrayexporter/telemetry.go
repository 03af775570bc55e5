package awsxrayexporter

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/bragg-tracing/bragg/pkg/collector/internal/contributors"
)

// PutTelemetryRecords: one record a minute, up to telemetryKept of them while
// X-Ray takes none, telemetryBatch of them in one request.
const (
	telemetryInterval = time.Minute
	telemetryKept     = 30
	telemetryBatch    = 10
)

// A telemetry counts what became of documents and reports it to X-Ray. The
// methods of a nil one do nothing. It is safe for concurrent use.
type telemetry struct {
	backend backend
	logger  *zap.Logger
	about   xray.PutTelemetryRecordsInput // without records
	sources []component.ID                // of receivers whose counts it reports

	mu     sync.Mutex
	counts counts

	records []types.TelemetryRecord // of run
	cancel  context.CancelFunc
	done    chan struct{}
}

// counts are those of one record.
type counts struct {
	received, spilled                                 int32
	sent, rejected                                    int32
	client, server, refused, timeout, unknown, others int32
}

// startTelemetry starts the reports of the exporter with an id, which are also
// those of the receiver with that id and of the contributors. The caller must
// call stop.
func startTelemetry(id component.ID, cfg *Config, b backend, logger *zap.Logger) *telemetry {
	ctx, cancel := context.WithCancel(context.Background())
	t := &telemetry{backend: b, logger: logger, cancel: cancel, done: make(chan struct{})}
	t.sources = append(append(t.sources, id), cfg.Telemetry.Contributors...)
	if c := cfg.Telemetry; c.IncludeMetadata {
		t.about.Hostname = first(c.Hostname, os.Getenv("AWS_HOSTNAME"))
		t.about.EC2InstanceId = first(c.InstanceID, os.Getenv("AWS_INSTANCE_ID"))
		t.about.ResourceARN = first(c.ResourceARN, cfg.Session.ResourceARN)
	}
	go t.run(ctx)
	return t
}

func first(a, b string) *string {
	if a == "" {
		a = b
	}
	return &a
}

func (t *telemetry) run(ctx context.Context) {
	defer close(t.done)
	tick := time.NewTicker(telemetryInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			t.report(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// stop ends the reports. What is not reported yet is not sent.
func (t *telemetry) stop(ctx context.Context) {
	t.cancel()
	select {
	case <-t.done:
	case <-ctx.Done():
	}
}

// report makes a record of the counts, if there are any, and sends all records,
// the newest first.
func (t *telemetry) report(ctx context.Context) {
	t.mu.Lock()
	c := t.counts
	t.counts = counts{}
	t.mu.Unlock()
	c.join(contributors.Take(t.sources...))
	if c == (counts{}) {
		return
	}
	t.records = append(t.records, c.record(time.Now()))
	if over := len(t.records) - telemetryKept; over > 0 {
		t.records = t.records[over:]
	}
	for len(t.records) > 0 {
		from := max(0, len(t.records)-telemetryBatch)
		in := t.about
		in.TelemetryRecords = t.records[from:]
		if err := t.backend.putTelemetry(ctx, &in); err != nil {
			t.failed(err)
			t.logger.Debug("telemetry records are kept for later", zap.Int("records", len(t.records)), zap.Error(err))
			return
		}
		t.records = t.records[:from]
	}
}

// join adds what receivers counted. Without any, received is what the exporter
// got answers for.
func (c *counts) join(of contributors.Counts, exist bool) {
	if !exist {
		c.received = c.sent + c.rejected
		return
	}
	c.received = int32(of.Received)
	c.rejected += int32(of.Rejected)
	c.spilled = int32(of.Spillover)
}

func (c counts) record(at time.Time) types.TelemetryRecord {
	return types.TelemetryRecord{
		Timestamp:              &at,
		SegmentsReceivedCount:  &c.received,
		SegmentsSentCount:      &c.sent,
		SegmentsRejectedCount:  &c.rejected,
		SegmentsSpilloverCount: &c.spilled,
		BackendConnectionErrors: &types.BackendConnectionErrors{
			HTTPCode4XXCount: &c.client, HTTPCode5XXCount: &c.server, ConnectionRefusedCount: &c.refused,
			TimeoutCount: &c.timeout, UnknownHostCount: &c.unknown, OtherCount: &c.others,
		},
	}
}

// settled counts the documents of an answered request.
func (t *telemetry) settled(sent, rejected int) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.sent += int32(sent)
	t.counts.rejected += int32(rejected)
}

// failed counts a request that failed.
func (t *telemetry) failed(err error) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	*t.counts.of(err)++
}

// of returns the counter of an error's sort.
func (c *counts) of(err error) *int32 {
	var (
		response *awshttp.ResponseError
		network  net.Error
		lookup   *net.DNSError
	)
	switch {
	case errors.As(err, &response) && response.HTTPStatusCode()/100 == 5:
		return &c.server
	case errors.As(err, &response) && response.HTTPStatusCode()/100 == 4:
		return &c.client
	case errors.Is(err, syscall.ECONNREFUSED):
		return &c.refused
	case errors.As(err, &lookup):
		return &c.unknown
	case errors.As(err, &network) && network.Timeout():
		return &c.timeout
	}
	return &c.others
}
