package demo

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// LoadConfig says what Load sends.
type LoadConfig struct {
	// URL is the base URL of web.
	URL string
	// Requests is how many are sent. 0 sends until the context ends.
	Requests int
	// Rate is how many are sent in a second. 0 is as many as Concurrency lets.
	Rate float64
	// Concurrency is how many are under way at once. 0 means 8.
	Concurrency int
	// Seed chooses the order of the scenarios. The same seed sends the same.
	Seed uint64
	// Progress, if set, is called after each answer, one call at a time. total
	// is Requests.
	Progress func(done, total int)
}

// Result counts what was sent and answered.
type Result struct {
	Sent       int // requests that were answered
	ByScenario map[Scenario]int
	ByStatus   map[int]int
	Failed     int // requests without an answer
}

// grace is how long requests may go on when the context of Load has ended.
const grace = 2 * time.Second

// Load sends loan applications of all scenarios to web; in each 50 of them
// every one occurs. It adds no trace headers, so each request is its own trace.
// When ctx ends it sends no more, waits up to 2 s for the answers to those under
// way and returns the error of ctx if Requests are not all sent. Requests
// without an answer are counted, and the first one's error is returned.
func Load(ctx context.Context, cfg LoadConfig) (Result, error) {
	if cfg.Concurrency <= 0 {
		cfg.Concurrency = 8
	}
	l := &load{cfg: cfg, result: Result{ByScenario: map[Scenario]int{}, ByStatus: map[int]int{}}}
	l.transport = &http.Transport{MaxIdleConnsPerHost: cfg.Concurrency}
	defer l.transport.CloseIdleConnections()

	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stopGrace := context.AfterFunc(ctx, func() {
		wait(lasting, grace)
		cancel()
	})
	defer stopGrace()

	jobs := make(chan job)
	var workers sync.WaitGroup
	for range cfg.Concurrency {
		workers.Go(func() {
			for j := range jobs {
				l.send(lasting, j)
			}
		})
	}
	err := l.schedule(ctx, jobs)
	close(jobs)
	workers.Wait()
	if err == nil {
		err = l.err
	}
	return l.result, err
}

type job struct {
	number   int
	scenario Scenario
}

type load struct {
	cfg       LoadConfig
	transport *http.Transport

	mu     sync.Mutex
	result Result
	err    error // of the first request without an answer
}

// schedule hands out the jobs at the rate that is asked for.
func (l *load) schedule(ctx context.Context, jobs chan<- job) error {
	random := rand.New(rand.NewPCG(l.cfg.Seed, 0))
	var tick <-chan time.Time
	if l.cfg.Rate > 0 {
		ticker := time.NewTicker(max(time.Duration(float64(time.Second)/l.cfg.Rate), time.Microsecond))
		defer ticker.Stop()
		tick = ticker.C
	}
	var round []Scenario
	for number := 0; l.cfg.Requests == 0 || number < l.cfg.Requests; number++ {
		if len(round) == 0 {
			round = deal(random)
		}
		if tick != nil {
			select {
			case <-tick:
			case <-ctx.Done():
				return l.cut(ctx)
			}
		}
		select {
		case jobs <- job{number, round[0]}:
			round = round[1:]
		case <-ctx.Done():
			return l.cut(ctx)
		}
	}
	return nil
}

// cut returns the error of ctx, unless its end is the only one that there is.
func (l *load) cut(ctx context.Context) error {
	if l.cfg.Requests == 0 {
		return nil
	}
	return ctx.Err()
}

func (l *load) send(ctx context.Context, j job) {
	status, err := l.roundTrip(ctx, j)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.result.Failed++
		if l.err == nil {
			l.err = fmt.Errorf("request %d (%s): %w", j.number, j.scenario, err)
		}
	} else {
		l.result.Sent++
		l.result.ByScenario[j.scenario]++
		l.result.ByStatus[status]++
	}
	if l.cfg.Progress != nil {
		l.cfg.Progress(l.result.Sent+l.result.Failed, l.cfg.Requests)
	}
}

func (l *load) roundTrip(ctx context.Context, j job) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	r, err := RequestFor(ctx, l.cfg.URL, j.scenario, j.number)
	if err != nil {
		return 0, err
	}
	resp, err := l.transport.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody))
	return resp.StatusCode, err
}

// runLoad is Run for the load: it waits until web is there.
func runLoad(ctx context.Context, cfg Config) error {
	if err := untilReady(ctx, func(ctx context.Context) error { return healthy(ctx, cfg.WebURL) }); err != nil {
		return fmt.Errorf("wait for %s: %w", Web, err)
	}
	_, err := Load(ctx, LoadConfig{URL: cfg.WebURL, Requests: cfg.Requests, Rate: cfg.Rate})
	if err != nil && ctx.Err() != nil {
		return nil
	}
	return err
}

func healthy(ctx context.Context, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/healthz", nil)
	if err != nil {
		return err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s/healthz: %s", url, resp.Status)
	}
	return nil
}
