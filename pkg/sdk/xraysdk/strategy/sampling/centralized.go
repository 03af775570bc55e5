package sampling

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	rules "github.com/bragg-tracing/bragg/pkg/sdk/sampling"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/daemoncfg"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/daemon"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/logger"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/plugins"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/resources"
)

// CentralizedStrategy decides by AWS X-Ray's rules, which it asks the daemon
// or a collector for, and by local rules as long as there are none. Make it
// with one of the New functions. The first decision starts its one goroutine,
// which Shutdown ends.
type CentralizedStrategy struct {
	fallback *rules.Rules
	remote   atomic.Pointer[rules.Remote]

	mu       sync.Mutex
	endpoint string // of the daemon, host:port; "" before it is known
	stopped  bool
}

// NewCentralizedStrategy returns a strategy that, as long as it has no rules,
// records 1 request a second and 5 % of the others.
func NewCentralizedStrategy() (*CentralizedStrategy, error) {
	return NewCentralizedStrategyWithJSONBytes(resources.MustAsset("resources/DefaultSamplingRules.json"))
}

// NewCentralizedStrategyWithFilePath returns a strategy that decides by a rule
// file as long as it has no rules.
func NewCentralizedStrategyWithFilePath(fp string) (*CentralizedStrategy, error) {
	local, err := NewLocalizedStrategyFromFilePath(fp)
	if err != nil {
		return nil, err
	}
	return &CentralizedStrategy{fallback: local.rules}, nil
}

// NewCentralizedStrategyWithJSONBytes is NewCentralizedStrategyWithFilePath
// with the file's content.
func NewCentralizedStrategyWithJSONBytes(b []byte) (*CentralizedStrategy, error) {
	local, err := NewLocalizedStrategyFromJSONBytes(b)
	if err != nil {
		return nil, err
	}
	return &CentralizedStrategy{fallback: local.rules}, nil
}

// ShouldTrace decides by the first rule that applies. A request without
// ServiceType gets the one that a plugin found.
func (s *CentralizedStrategy) ShouldTrace(request *Request) *Decision {
	r := request.other()
	if r.ServiceType == "" {
		r.ServiceType = plugins.Current().Origin
	}
	remote := s.remote.Load()
	if remote == nil {
		if remote = s.start(); remote == nil {
			return decision(s.fallback.Decide(r))
		}
	}
	return decision(remote.Decide(r))
}

// start starts asking for rules; nil if it cannot or must not.
func (s *CentralizedStrategy) start() *rules.Remote {
	s.mu.Lock()
	defer s.mu.Unlock()
	if remote := s.remote.Load(); remote != nil || s.stopped {
		return remote
	}
	if s.endpoint == "" {
		s.endpoint = daemon.Default
		if addresses, ok, err := daemon.FromEnvironment(); err != nil {
			logger.Errorf("%s: %v; using %s", daemon.Variable, err, daemon.Default)
		} else if ok {
			s.endpoint = addresses.TCP
		}
	}
	remote, err := rules.NewRemote(rules.WithEndpoint("http://"+s.endpoint), rules.WithFallback(s.fallback),
		rules.WithLogger(logger.Slog()))
	if err != nil {
		logger.Errorf("centralized sampling: %v", err)
		s.stopped = true
		return nil
	}
	s.remote.Store(remote)
	return remote
}

// LoadDaemonEndpoints says where to ask. It must be called before the first
// decision; later calls change nothing.
func (s *CentralizedStrategy) LoadDaemonEndpoints(endpoints *daemoncfg.DaemonEndpoints) {
	if endpoints == nil || endpoints.TCPAddr == nil {
		return
	}
	s.LoadDaemonAddress(endpoints.TCPAddr.String())
}

// LoadDaemonAddress is LoadDaemonEndpoints with host:port, which is looked up
// when it is asked.
func (s *CentralizedStrategy) LoadDaemonAddress(tcp string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endpoint = tcp
}

// Shutdown ends the goroutine. Decisions go on, by the rules that are there.
func (s *CentralizedStrategy) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	if remote := s.remote.Load(); remote != nil {
		return remote.Shutdown(ctx)
	}
	return nil
}

// CentralizedManifest is a set of centralized rules. Nothing here uses it; it
// is there for code that names it.
type CentralizedManifest struct {
	Default *CentralizedRule
	Rules   []*CentralizedRule
	Index   map[string]*CentralizedRule
}

// CentralizedRule is a centralized rule.
type CentralizedRule struct {
	reservoir CentralizedReservoir
	*Properties
}

// AppliesTo reports whether the rule's patterns match; what is empty matches.
func (r *CentralizedRule) AppliesTo(request *Request) bool {
	return matches(r.Host, request.Host) && matches(r.URLPath, request.URL) &&
		matches(r.HTTPMethod, request.Method) && matches(r.ServiceName, request.ServiceName)
}

// Sample decides one request by the rule's FixedTarget and Rate.
func (r *CentralizedRule) Sample() *Decision {
	if r.Properties == nil {
		return &Decision{}
	}
	return &Decision{Sample: r.reservoir.reservoir.take(r.FixedTarget, time.Now().Unix()) || rand.Float64() < r.Rate}
}

// CentralizedReservoir counts the requests of a second.
type CentralizedReservoir struct {
	reservoir Reservoir
}

// Take takes one of the requests of the second now, if there is one left.
func (r *CentralizedReservoir) Take(now int64) bool {
	return r.reservoir.take(r.reservoir.capacity, now)
}
