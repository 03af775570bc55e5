package xraylocal

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/daemon"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/otlp"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// DefaultListen is where X-Ray Local listens unless told otherwise.
const DefaultListen = "127.0.0.1:2080"

// A Config says where X-Ray Local keeps its data, where it listens and who may
// call. Only Dir, or InMemory, is required.
type Config struct {
	Dir      string // data directory; made, for this user only, if it is not there
	InMemory bool   // keep data in memory, in the place of Dir, until Close

	// MaxAge and MaxSize, in bytes, are how much is kept: see
	// store.WithRetention. Zero is store.DefaultMaxAge and DefaultMaxSize; what
	// is negative has no limit.
	MaxAge  time.Duration
	MaxSize int64

	Listen string // "host:port", DefaultListen if empty; port 0 takes a free one

	// AllowRemote permits a Listen beyond the loopback interface. Then every
	// request needs the Token, but GET /healthz.
	AllowRemote bool
	// AllowHosts are names, without port, that a request's Host header may have
	// beside those of the loopback interface and the host of Listen.
	AllowHosts []string
	// IngestOpen lets in, without the Token, what agents send: segments,
	// telemetry and the sampling calls. For private networks.
	IngestOpen bool
	// Token may come as bearer token, as access key id of an AWS signature, as
	// cookie, or once as ?token= of a page.
	Token string

	// Lenient lifts AWS's limits on calls (see README.md).
	Lenient bool
	// CallsPerSecond, if positive, has calls beyond it throttled; see api.Config.
	CallsPerSecond float64
	// Isolate gives each region and account a namespace of its own, by the
	// signature of each call: see api.Config.
	Isolate bool
	// TimeBasis is the time by which service graphs and time series count.
	TimeBasis servicegraph.Basis

	// Daemon is the "host:port" where, beside, the X-Ray daemon's protocol is
	// served over UDP and TCP; "" for nowhere. Beyond the loopback interface it
	// needs AllowRemote and IngestOpen: UDP knows no token.
	Daemon string

	// NewConsole makes the handler of GET requests outside the API, and of all
	// below /console/, given the API, which asks for no token there. Nil serves
	// no pages.
	NewConsole func(api http.Handler) http.Handler

	Logger *slog.Logger // slog.Default if nil
}

// A Server is X-Ray Local with its store open. It is safe for concurrent use.
// Close releases the store also if Start was never called.
type Server struct {
	cfg     Config
	store   *store.Store
	api     *api.Handler
	handler http.Handler
	server  *http.Server

	mu       sync.Mutex
	listener net.Listener
	daemon   *daemon.Daemon // nil if there is none
	served   chan struct{}  // closed when serving has ended; nil before Start
}

func openStore(cfg Config) (*store.Store, error) {
	age, size := cmp.Or(cfg.MaxAge, store.DefaultMaxAge), cmp.Or(cfg.MaxSize, store.DefaultMaxSize)
	opts := []store.Option{store.WithRetention(max(age, 0), max(size, 0)), store.WithLogger(cfg.Logger)}
	if cfg.InMemory {
		return store.OpenInMemory(opts...)
	}
	return store.Open(cfg.Dir, opts...)
}

// Open checks the configuration and opens the store; it does not listen yet.
// Its error is a *ListenError or a *store.OpenError.
func Open(cfg Config) (*Server, error) {
	if cfg.Listen == "" {
		cfg.Listen = DefaultListen
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	g, err := newGuard(cfg)
	if err != nil {
		return nil, err
	}
	st, err := openStore(cfg)
	if err != nil {
		return nil, err
	}
	calls := api.New(api.Config{
		Store: st, Logger: cfg.Logger, Strict: !cfg.Lenient, Isolate: cfg.Isolate, TimeBasis: cfg.TimeBasis,
		CallsPerSecond: cfg.CallsPerSecond,
	})
	g.next = routes(cfg, calls)
	s := &Server{cfg: cfg, store: st, api: calls, handler: g}
	s.server = &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
	}
	return s, nil
}

// consolePath is where the pages' own requests go, of any method.
const consolePath = "/console/"

// routes tells pages from calls of the API.
func routes(cfg Config, calls http.Handler) http.Handler {
	var console http.Handler = http.HandlerFunc(noConsole)
	if cfg.NewConsole != nil {
		console = cfg.NewConsole(calls)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, consolePath):
			console.ServeHTTP(w, r)
		case !isGet(r) || api.IsPath(r.URL.Path):
			calls.ServeHTTP(w, r)
		case r.URL.Path == healthPath:
			_, _ = io.WriteString(w, "ok\n")
		default:
			console.ServeHTTP(w, r)
		}
	})
}

func noConsole(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "This is X-Ray Local, AWS X-Ray's API on this machine. It was started without a console.", http.StatusNotFound)
}

// Start listens, and serves in the background until Close. Its error is a
// *ListenError. It may be called once.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.served != nil {
		return errors.New("X-Ray Local was started already")
	}
	listener, err := net.Listen("tcp", s.cfg.Listen)
	if err != nil {
		return listenError(s.cfg.Listen, err)
	}
	if s.cfg.Daemon != "" {
		if s.daemon, err = s.startDaemon(); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	s.listener, s.served = listener, make(chan struct{})
	go func() {
		defer close(s.served)
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.cfg.Logger.Error("X-Ray Local has stopped serving", "address", listener.Addr().String(), "error", err)
		}
	}()
	return nil
}

// startDaemon lets in over TCP who may come in where the API listens.
func (s *Server) startDaemon() (*daemon.Daemon, error) {
	cfg := s.cfg
	cfg.Listen = cfg.Daemon
	g, err := newGuard(cfg)
	if err != nil {
		return nil, err
	}
	if g.remote && !cfg.IngestOpen {
		return nil, &ListenError{cfg.Daemon, "let segments in with --ingest-open, or choose a loopback address for the daemon", errNoToken}
	}
	g.next = s.api
	d, err := daemon.Start(daemon.Config{
		Listen: cfg.Daemon, Put: s.api.Put, API: g, Logger: cfg.Logger,
		Refused:      func(raw []byte, err error) { s.api.RefuseDocument(api.ByDaemon, raw, err) },
		RefusedSpans: func(refused otlp.Refusal) { s.api.RefuseSpans(api.ByDaemon, refused) },
	})
	if err != nil {
		e := listenError(cfg.Daemon, err)
		e.Remedy += ", or do without it: --daemon=off"
		return nil, e
	}
	return d, nil
}

// DaemonAddr returns the "host:port" of the X-Ray daemon's protocol, "" before
// Start and if there is none.
func (s *Server) DaemonAddr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.daemon == nil {
		return ""
	}
	return s.daemon.Addr()
}

// Addr returns the "host:port" that the server listens on, "" before Start.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Handler returns what the server serves, its checks of callers included.
func (s *Server) Handler() http.Handler { return s.handler }

// Store returns the store, which the server closes.
func (s *Server) Store() *store.Store { return s.store }

// Close stops listening, lets the requests that are being answered finish until
// ctx ends, cuts off the rest, and closes the store. What was acknowledged is
// kept in any case. A second Close does nothing.
func (s *Server) Close(ctx context.Context) error {
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.server.Close())
	}
	s.mu.Lock()
	served, daemon := s.served, s.daemon
	s.daemon = nil
	s.mu.Unlock()
	if daemon != nil {
		err = errors.Join(err, daemon.Close(ctx))
	}
	if served != nil {
		<-served // the listener is closed: it ends at once
	}
	s.api.Close()
	return errors.Join(err, s.store.Close())
}
