package sink

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
)

// DefaultListen is the address that a sink listens on until told otherwise.
const DefaultListen = "127.0.0.1:4319"

// Config says how a sink works. Only Dir is needed.
type Config struct {
	Dir         string   // the data directory, made with mode 0700 if it is not there
	Listen      string   // host:port, DefaultListen if empty; port 0 for a free one
	AllowRemote bool     // allow a Listen that other machines can reach
	AllowHosts  []string // names in Host headers beside localhost and IP addresses
	AcceptKeys  []string // the only license keys to accept; none means each well-formed one
	Logger      *slog.Logger
}

// Sink is an OTLP receiver with a store. Its methods may be called
// concurrently. Close it to release its goroutines, port and files.
type Sink struct {
	cfg   Config
	log   *slog.Logger
	store *store
	grpc  *grpc.Server
	http  *http.Server

	mu       sync.Mutex
	listener net.Listener  // nil before Start
	served   chan struct{} // closed when the server's goroutine has ended
}

// Open opens the data directory, but does not listen yet: reading works
// already. An error names what is wrong and what to do, in one line.
func Open(cfg Config) (*Sink, error) {
	cfg.Listen = cmp.Or(cfg.Listen, DefaultListen)
	if err := checkListen(cfg.Listen, cfg.AllowRemote); err != nil {
		return nil, fmt.Errorf("newrelic sink: %w", err)
	}
	s := &Sink{cfg: cfg, log: cmp.Or(cfg.Logger, slog.Default())}
	var err error
	if s.store, err = openStore(cfg.Dir, defaultRetention, s.log); err != nil {
		return nil, fmt.Errorf("newrelic sink: %w", err)
	}
	s.grpc = newGRPCServer(s)
	s.http = newHTTPServer(s)
	return s, nil
}

// Start listens and serves until Close. It returns once the port is open.
func (s *Sink) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		return errors.New("newrelic sink: it is already started")
	}
	listener, err := net.Listen("tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("newrelic sink: %w", explainListen(s.cfg.Listen, err))
	}
	s.listener, s.served = listener, make(chan struct{})
	go func() {
		defer close(s.served)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("New Relic sink stopped serving", "error", err)
		}
	}()
	return nil
}

func explainListen(address string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port in use: %s: stop the program that listens there, or choose another address", address)
	}
	return fmt.Errorf("%w: choose another address", err)
}

// Addr returns the address that the sink listens on, host:port, "" before
// Start.
func (s *Sink) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// URL returns the base URL of the OTLP endpoint, for gRPC and HTTP alike, ""
// before Start.
func (s *Sink) URL() string {
	addr := s.Addr()
	if addr == "" {
		return ""
	}
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		addr = net.JoinHostPort("127.0.0.1", port)
	}
	return "http://" + addr
}

// closeTimeout bounds Close when its context has no deadline.
const closeTimeout = 5 * time.Second

// Close stops listening, lets the requests under way finish until ctx ends, or
// for 5 seconds when it has no deadline, and closes the store. Everything that
// was acknowledged is on disk. A second Close does nothing.
func (s *Sink) Close(ctx context.Context) error {
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, closeTimeout)
		defer cancel()
	}
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("newrelic sink: requests cut off: %w", err), s.http.Close())
	}
	s.grpc.Stop()
	s.mu.Lock()
	served := s.served
	s.mu.Unlock()
	if served != nil {
		<-served
	}
	return errors.Join(err, s.store.close())
}
