// Package console is the web console of X-Ray Local: its pages, and what they
// read.
//
// The pages are TypeScript in ui, built by Vite into ui/dist and embedded. What
// they show is computed here and in the packages below xraylocal, and served as
// JSON below /console/api: a browser only draws. What is in a trace was sent by
// somebody else, so the pages may run and load nothing but their own files.
package console

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

// A Config says what the console reads beside X-Ray's API. The zero Config is
// that of X-Ray Local alone.
type Config struct {
	// NewRelicSink is the URL of the local New Relic sink's HTTP API, "" for none.
	NewRelicSink string
	// NewRelic is asked in the place of the sink, if not nil.
	NewRelic *NewRelicAccount
	// CollectorMetrics is the URL or "host:port" of the collector's Prometheus
	// endpoint, "" for none.
	CollectorMetrics string
	// Region is what deep links into AWS's console name, "us-east-1" if empty.
	Region string
}

// An Insider is an API that knows what came to it beside traces.
type Insider interface {
	// Agents returns what has sent telemetry records.
	Agents(context.Context) ([]api.Agent, error)
	// Refusals returns the newest documents that were not taken, newest first,
	// and how many there were.
	Refusals() (newest []api.Refusal, all int)
}

// A Noticer says what a person who looks at the traces should know, or "".
type Noticer interface{ Notice() string }

// A Tracer reads a trace without the detour over JSON; nil stands for none.
type Tracer interface {
	Trace(ctx context.Context, id string) (*assembly.Trace, error)
}

// A Knower reads what is kept of traces beside their documents, without the detour
// over JSON; nil stands for none.
type Knower interface {
	Summaries(ctx context.Context, of api.Selection, limit int, token string) (*api.SummaryPage, error)
	Facts(ctx context.Context, of api.Selection, patience time.Duration, f func(*index.Facts) error) (store.Covered, error)
	LinksIn(ctx context.Context, id string) (newest []summary.LinkIn, all int, err error)
}

// ForAPI returns the console of the X-Ray API that api serves, which it calls
// in memory. If api is a Noticer, the pages show its notice; if it is an
// Insider, what it knows; if it is a Tracer, they read traces with it; if it is a
// Knower, they count all that match, and show links from other traces.
func ForAPI(api http.Handler) http.Handler { return Config{}.ForAPI(api) }

// ForAPI is the function ForAPI with this configuration.
func (cfg Config) ForAPI(api http.Handler) http.Handler {
	c := &console{cfg: cfg, xray: client.InProcess(api), now: time.Now, notice: func() string { return "" },
		counting: make(chan struct{}, countsAtOnce)}
	if n, ok := api.(Noticer); ok {
		c.notice = n.Notice
	}
	c.insider, _ = api.(Insider)
	c.tracer, _ = api.(Tracer)
	c.knower, _ = api.(Knower)
	return c.handler()
}

type console struct {
	cfg    Config
	xray   *xray.Client // in memory, not held to AWS's limits
	now    func() time.Time
	notice func() string

	insider  Insider        // nil if the API is none
	newRelic newRelicSource // nil if none is named
	equals   equals         // in both backends
	metrics  *scraper       // of the collector; nil if none are named
	tracer   Tracer         // or nil
	knower   Knower         // or nil
	counting chan struct{}  // holds as many as are counted at once
	traces   traceCache
}

// handler serves the pages, and below /console/api what they read. It is safe
// for concurrent use. Who may reach it is for the server around it to say.
func (c *console) handler() http.Handler {
	mux := http.NewServeMux()
	c.frameRoutes(mux)
	c.mapRoutes(mux)
	c.tracesRoutes(mux)
	c.traceRoutes(mux)
	c.analyticsRoutes(mux)
	c.compareRoutes(mux)
	c.backendsRoutes(mux)
	c.pipeRoutes(mux)
	mux.HandleFunc("/console/", answer(func(r *http.Request) (any, error) {
		return nil, &problem{Status: http.StatusNotFound, Title: "The console has no " + r.Method + " " + r.URL.Path}
	}))
	mux.Handle("/", pages())
	return secured(http.NewCrossOriginProtection().Handler(mux))
}

// secured sets the headers that hold for all answers.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy",
			"default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
