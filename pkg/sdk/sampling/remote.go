package sampling

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const (
	// DefaultEndpoint is where the proxies of the collector and of the X-Ray
	// daemon listen.
	DefaultEndpoint = "http://127.0.0.1:2000"

	// DefaultPollingInterval is the time between two fetches of the rules.
	DefaultPollingInterval = 5 * time.Minute

	// maxAge is how long rules hold when they cannot be fetched again.
	maxAge = time.Hour
)

// Option changes how NewRemote builds a sampler.
type Option func(*Remote) error

// WithEndpoint sets the URL that X-Ray's sampling operations are called at.
// The default is [DefaultEndpoint].
func WithEndpoint(endpoint string) Option {
	return func(s *Remote) error {
		u, err := url.Parse(endpoint)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
			// The parser's error holds the text, which may hold a password.
			return errors.New("endpoint: want a URL like " + DefaultEndpoint)
		}
		s.client.endpoint = strings.TrimRight(endpoint, "/")
		return nil
	}
}

// WithPollingInterval sets the time between two fetches of the rules: at least
// a second. Targets are asked for as often as X-Ray wants it, every 10 seconds.
func WithPollingInterval(d time.Duration) Option {
	return func(s *Remote) error {
		if d < time.Second {
			return fmt.Errorf("polling interval %v: want a second or more", d)
		}
		s.interval = d
		return nil
	}
}

// WithHTTPClient sets the client that calls X-Ray. One whose transport signs
// requests for the service xray can call X-Ray's own endpoint. Its requests
// must not be traced: that would ask this sampler.
func WithHTTPClient(c *http.Client) Option {
	return func(s *Remote) error {
		s.client.http = c
		return nil
	}
}

// WithFallback sets who decides while there are no rules of X-Ray's. The
// default is [DefaultRules].
func WithFallback(rules *Rules) Option {
	return func(s *Remote) error {
		s.fallback = rules
		return nil
	}
}

// WithResource says which service the spans belong to that the sampler is
// asked about: rules may be for a service.name, a kind of service or an ARN.
func WithResource(r *resource.Resource) Option {
	return func(s *Remote) error {
		s.service = serviceOf(r)
		return nil
	}
}

// WithLogger sets where the sampler says that X-Ray stopped or began to answer.
// The default is slog.Default.
func WithLogger(l *slog.Logger) Option {
	return func(s *Remote) error {
		s.logger = l
		return nil
	}
}

// Remote samples by X-Ray's centralized rules. Its methods may be called
// concurrently.
type Remote struct {
	client   client
	interval time.Duration
	fallback *Rules
	service  Request
	logger   *slog.Logger
	clientID string

	clock *clock
	set   atomic.Pointer[ruleSet]

	cancel context.CancelFunc
	done   chan struct{} // closed when the poller has ended
}

var _ sdktrace.Sampler = (*Remote)(nil)

// NewRemote starts a sampler. It does not wait for X-Ray; until the rules are
// there, the fallback decides. The error is for an option that cannot be used.
// The caller owns the sampler and must call Shutdown, which ends its goroutine.
func NewRemote(opts ...Option) (*Remote, error) {
	s := &Remote{
		client:   client{http: newHTTPClient(), endpoint: DefaultEndpoint},
		interval: DefaultPollingInterval,
		fallback: DefaultRules(),
		logger:   slog.Default(),
		clientID: newClientID(),
		clock:    newClock(),
		done:     make(chan struct{}),
	}
	for _, o := range opts {
		if err := o(s); err != nil {
			return nil, fmt.Errorf("X-Ray sampler: %w", err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go func() {
		defer close(s.done)
		newPoller(s).run(ctx)
	}()
	return s, nil
}

// newHTTPClient returns a client of the sampler's own, so that nobody traces
// its requests and its connections are not in anybody's pool.
func newHTTPClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		MaxIdleConns:        2,
		IdleConnTimeout:     time.Minute,
		TLSHandshakeTimeout: callTimeout,
		ForceAttemptHTTP2:   true,
	}}
}

// newClientID returns the 24 hexadecimal digits by which X-Ray tells the
// processes apart that share a reservoir.
func newClientID() string {
	var id [12]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// Decide answers a request by the first of X-Ray's rules that matches it. It
// does not allocate, lock or wait.
func (s *Remote) Decide(r *Request) Decision {
	now := s.clock.now()
	set := s.set.Load()
	if set == nil || now-set.fetched >= maxAge {
		return s.fallback.Decide(r)
	}
	if rule := set.match(r); rule != nil {
		return rule.sample(now)
	}
	return s.fallback.Decide(r)
}

// ShouldSample implements sdktrace.Sampler by the span's attributes and the
// resource given with [WithResource]. It does not look at the parent.
func (s *Remote) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	r := s.service
	r.setAttributes(p.Attributes)
	return s.Decide(&r).result(&p)
}

// Description implements sdktrace.Sampler.
func (s *Remote) Description() string {
	return "XRayRemoteSampler{" + s.client.endpoint + "}"
}

// Shutdown ends the goroutine that talks to X-Ray. It returns when that is done
// or when ctx ends. Decisions go on as they are, with rules that age; later
// calls do the same again.
func (s *Remote) Shutdown(ctx context.Context) error {
	s.cancel()
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("shut the X-Ray sampler down: %w", context.Cause(ctx))
	}
}
