package awsxrayexporter

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"go.opentelemetry.io/collector/exporter"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// A backend is X-Ray as the sender sees it.
type backend interface {
	// putSegments sends the body of one PutTraceSegments request and returns
	// the documents that were not processed. It does not try twice. Only if
	// sent may data be used again.
	putSegments(ctx context.Context, data []byte) (unprocessed []types.UnprocessedTraceSegment, sent bool, err error)
	// putTelemetry sends records of the telemetry.
	putTelemetry(ctx context.Context, in *xray.PutTelemetryRecordsInput) error
	// refresh forgets credentials that are said to have expired.
	refresh()
	// close closes idle connections.
	close()
}

// A sender delivers documents. It is safe for concurrent use; all pushes share
// its workers and its rate.
type sender struct {
	backend   backend
	logger    *zap.Logger // repeats a message at most ten times in ten seconds
	metrics   *metrics
	telemetry *telemetry // nil if off
	letters   *deadLetter
	rate      *rate
	slots     chan struct{} // one token for each put under way
	bodies    sync.Pool     // of *[]byte
	tries     int           // of a document in one push

	persistent bool          // what is left at the end stays on disk
	patience   time.Duration // for the rest at shutdown
	draining   atomic.Bool
	life       context.Context // ends when patience is over
	end        context.CancelCauseFunc
}

// errShutdown is why a put ends that is under way when patience is over.
var errShutdown = errors.New("the collector is shutting down")

func newSender(set exporter.Settings, cfg *Config, b backend) (*sender, error) {
	m, err := newMetrics(set.TelemetrySettings, set.ID)
	if err != nil {
		return nil, err
	}
	workers, tries := cfg.Session.NumberOfWorkers, cfg.Session.MaxRetries
	if workers == 0 {
		workers = defaultWorkers
	}
	if tries == 0 {
		tries = defaultTries
	}
	s := &sender{
		backend: b, metrics: m, letters: newDeadLetter(cfg.DeadLetter),
		logger: set.Logger.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
			return zapcore.NewSamplerWithOptions(core, 10*time.Second, 10, 0)
		})),
		rate: newRate(cfg.MaxDocumentsPerSecond), slots: make(chan struct{}, workers), tries: tries,
		persistent: cfg.persistent(), patience: cfg.ShutdownTimeout,
	}
	s.bodies.New = func() any { return new([]byte) }
	s.life, s.end = context.WithCancelCause(context.Background())
	if cfg.Telemetry.Enabled {
		s.telemetry = startTelemetry(set.ID, cfg, b, set.Logger)
	}
	return s, nil
}

// bind returns ctx so that it also ends with the sender's life.
func (s *sender) bind(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.life, func() { cancel(context.Cause(s.life)) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// drain begins the end: what is under way has until patience is over or ctx
// ends. The caller must call the function that drain returns.
func (s *sender) drain(ctx context.Context) (done func()) {
	s.draining.Store(true)
	end := func() { s.end(errShutdown) }
	timer := time.AfterFunc(s.patience, end)
	stop := context.AfterFunc(ctx, end)
	return func() {
		timer.Stop()
		stop()
		end()
	}
}

// close ends the sender after its last push.
func (s *sender) close(ctx context.Context) error {
	if s.telemetry != nil {
		s.telemetry.stop(ctx)
	}
	s.end(errShutdown)
	s.backend.close()
	return s.letters.close()
}
