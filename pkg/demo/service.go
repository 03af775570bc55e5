package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

// version is the demo services' own: they are what a user's services would be.
const version = "1.4.0"

// spanQueue is the number of spans that wait for export in each service. It is
// far more than a burst of the load makes in the second between two exports.
const spanQueue = 1 << 16

// maxBody limits the requests of the demo services, in bytes.
const maxBody = 64 << 10

// A service is one running service with all that it owns.
type service struct {
	name string
	cfg  *Config
	log  *slog.Logger
	sdk  *telemetry.SDK // nil where OpenTelemetry is not used

	url      string
	server   *http.Server
	served   chan struct{} // closed when the server has returned
	serveErr error         // valid then
	cleanup  []func() error
}

// builders make the handlers. What they start they add to the service's
// cleanup, so that it is stopped even when they fail.
var builders = map[string]func(context.Context, *service) (http.Handler, error){
	Web:          newWeb,
	Applications: newApplications,
	Scoring:      newScoring,
	Documents:    newDocuments,
	Legacy:       newLegacy,
	DynamoDB:     newDynamoDB,
	S3:           newS3,
}

// startService starts the named service on address.
func startService(ctx context.Context, name, address string, cfg Config) (*service, error) {
	s := &service{name: name, cfg: &cfg, log: cfg.Logger, served: make(chan struct{})}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.log = s.log.With("service", name)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	handler, err := builders[name](ctx, s)
	if err != nil {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortLimit)
		defer cancel()
		listener.Close()
		s.release() // as the errors of these, not what matters
		s.stopTelemetry(stopCtx)
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	s.serve(listener, handler)
	return s, nil
}

func (s *service) serve(listener net.Listener, handler http.Handler) {
	s.url = "http://" + listener.Addr().String()
	health := http.NewServeMux()
	health.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	health.Handle("/", handler)
	s.server = &http.Server{
		Handler:           s.checkHost(listener.Addr(), health),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	go func() {
		defer close(s.served)
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.serveErr = fmt.Errorf("serve %s: %w", s.name, err)
		}
	}()
}

// checkHost keeps web pages, by way of a name that they let point here, from
// talking to a service that listens on loopback.
func (s *service) checkHost(address net.Addr, next http.Handler) http.Handler {
	tcp, ok := address.(*net.TCPAddr)
	if !ok || !tcp.IP.IsLoopback() {
		return next
	}
	allowed := []string{"localhost", "127.0.0.1", "::1", "[::1]", tcp.IP.String(), s.name}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if !slices.Contains(allowed, host) {
			http.Error(w, "this service answers only to this machine", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// startTelemetry starts the service's OpenTelemetry, which samples everything.
func (s *service) startTelemetry(ctx context.Context) error {
	options := []telemetry.Option{
		telemetry.WithoutGlobals(),
		telemetry.WithServiceName(s.name),
		telemetry.WithServiceVersion(version),
		telemetry.WithResourceAttributes(
			attribute.String("service.namespace", "lending"),
			attribute.String("deployment.environment.name", "demo")),
		telemetry.WithSampler(sdktrace.AlwaysSample()),
		telemetry.WithSpanQueueSize(spanQueue),
		telemetry.WithLogger(s.log),
	}
	if s.cfg.OTLPEndpoint != "" {
		options = append(options, telemetry.WithEndpoint(s.cfg.OTLPEndpoint))
	}
	if s.cfg.Recorder != nil {
		options = append(options, telemetry.WithSpanProcessor(spanRecorder{s.cfg.Recorder, s.name}))
	}
	sdk, err := telemetry.Start(ctx, options...)
	if err != nil {
		return err
	}
	s.sdk = sdk
	return nil
}

// flush exports the spans that have ended.
func (s *service) flush(ctx context.Context) error {
	if s.sdk == nil {
		return nil
	}
	if err := s.sdk.Flush(ctx); err != nil {
		return fmt.Errorf("flush %s: %w", s.name, err)
	}
	return nil
}

// stop accepts no more requests, waits for those in flight and releases what
// they used, all within ctx. What the SDK holds is left to stopTelemetry, so
// that a collector that does not answer keeps no request from its end.
func (s *service) stop(ctx context.Context) error {
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.server.Close())
	}
	<-s.served
	if err := errors.Join(err, s.serveErr, s.release()); err != nil {
		return fmt.Errorf("stop %s: %w", s.name, err)
	}
	return nil
}

// release gives back what the service owns besides its server and its SDK.
func (s *service) release() error {
	var errs []error
	for _, f := range slices.Backward(s.cleanup) {
		errs = append(errs, f())
	}
	s.cleanup = nil
	return errors.Join(errs...)
}

// stopTelemetry exports what the service recorded and ends its SDK.
func (s *service) stopTelemetry(ctx context.Context) error {
	if s.sdk == nil {
		return nil
	}
	if err := s.sdk.Shutdown(ctx); err != nil {
		return fmt.Errorf("stop telemetry of %s: %w", s.name, err)
	}
	return nil
}

// onStop registers what is to be released when no request runs any more.
func (s *service) onStop(f func() error) { s.cleanup = append(s.cleanup, f) }
