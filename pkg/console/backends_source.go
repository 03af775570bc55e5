package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bragg-tracing/bragg/pkg/newrelic"
	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
	"github.com/bragg-tracing/bragg/pkg/verify"
)

// A NewRelicAccount is an account of New Relic that traces are read from.
type NewRelicAccount struct {
	Client *newrelic.Client
	ID     int
	Region licensekey.Region
}

// A newRelicSource is where it is read what New Relic has.
type newRelicSource interface {
	// view returns what there is of a trace, whose id is 32 hex digits.
	view(ctx context.Context, traceID string) (verify.View, error)
	// list returns the ids of the newest traces of a time range.
	list(ctx context.Context, from, to time.Time, limit int) ([]string, error)
	kind() string  // "sink" or "account"
	where() string // for people
}

// newRelicOf returns the source that the configuration names, nil for none.
func newRelicOf(cfg Config) newRelicSource {
	switch {
	case cfg.NewRelic != nil:
		return &accountSource{account: cfg.NewRelic, known: map[string]knownView{}}
	case cfg.NewRelicSink != "":
		return newSinkSource(cfg.NewRelicSink)
	}
	return nil
}

// Bounds of what the sink may answer.
const (
	sinkTimeout   = 5 * time.Second
	maxSinkAnswer = 64 << 20 // bytes
	sinkPage      = 1000     // traces of a list
)

// A sinkSource reads the local sink over its HTTP API.
type sinkSource struct {
	base string
	http *http.Client
}

func newSinkSource(base string) *sinkSource {
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	return &sinkSource{base: strings.TrimRight(base, "/"), http: &http.Client{
		Timeout:       sinkTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (s *sinkSource) kind() string  { return "sink" }
func (s *sinkSource) where() string { return s.base }

func (s *sinkSource) view(ctx context.Context, traceID string) (verify.View, error) {
	var body struct {
		Spans []sink.Span `json:"spans"`
	}
	err := s.get(ctx, "/spans?"+url.Values{"trace.id": {traceID}}.Encode(), &body)
	return verify.SinkView(body.Spans), err
}

func (s *sinkSource) list(ctx context.Context, from, to time.Time, limit int) ([]string, error) {
	var ids []string
	known := map[string]bool{}
	for {
		var body struct {
			Traces []sink.Trace `json:"traces"`
		}
		query := url.Values{"from": {fmt.Sprintf("%.6f", seconds(from))}, "to": {fmt.Sprintf("%.6f", seconds(to))}, "limit": {fmt.Sprint(sinkPage)}}
		if err := s.get(ctx, "/traces?"+query.Encode(), &body); err != nil {
			return nil, err
		}
		fresh := 0
		for _, t := range body.Traces {
			if !known[t.TraceID] {
				known[t.TraceID] = true
				ids = append(ids, t.TraceID)
				fresh++
			}
		}
		if len(ids) >= limit || len(body.Traces) < sinkPage || fresh == 0 {
			return ids[:min(limit, len(ids))], nil
		}
		to = time.Unix(0, body.Traces[len(body.Traces)-1].Start).Add(time.Microsecond) // those that began with it come again
	}
}

func (s *sinkSource) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+path, nil)
	if err != nil {
		return &problem{Status: http.StatusBadGateway, Title: "The New Relic sink has no address", Detail: fmt.Sprintf("--newrelic-sink %s: %v", s.base, err)}
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return &problem{Status: http.StatusBadGateway, Title: "The New Relic sink does not answer",
			Detail: fmt.Sprintf("%v. Is it running at %s? Start it with: bragg sink; name another with --newrelic-sink.", errors.Unwrap(err), s.base)}
	}
	defer resp.Body.Close()
	body := io.LimitReader(resp.Body, maxSinkAnswer)
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(body, 300)) // what there is of it will do
		return &problem{Status: http.StatusBadGateway, Title: fmt.Sprintf("The New Relic sink answered %d", resp.StatusCode),
			Detail: fmt.Sprintf("%s%s: %s", s.base, path, text)}
	}
	if err := json.NewDecoder(body).Decode(into); err != nil {
		return &problem{Status: http.StatusBadGateway, Title: "The New Relic sink answered what cannot be read",
			Detail: fmt.Sprintf("%s is perhaps another server: %v", s.base, err)}
	}
	return nil
}

// How long what New Relic said is taken for what it says: NerdGraph allows 120
// of the same query in a minute. What it did not have is asked for again sooner.
const (
	knownFor   = time.Minute
	unknownFor = 5 * time.Second
	maxKnown   = 2000
	lookBack   = 8 * 24 * time.Hour // New Relic keeps spans for eight days unless an account pays for more
)

// An accountSource reads an account of New Relic by NerdGraph.
type accountSource struct {
	account *NewRelicAccount

	mu    sync.Mutex
	known map[string]knownView
}

type knownView struct {
	view  verify.View
	until time.Time
}

func (s *accountSource) kind() string { return "account" }
func (s *accountSource) where() string {
	return fmt.Sprintf("account %d, %s", s.account.ID, s.account.Region)
}

func (s *accountSource) view(ctx context.Context, traceID string) (verify.View, error) {
	s.mu.Lock()
	known, ok := s.known[traceID]
	s.mu.Unlock()
	if ok && time.Now().Before(known.until) {
		return known.view, nil
	}
	spans, err := s.account.Client.Spans(ctx, traceID, lookBack)
	if err != nil {
		return verify.View{}, nerdGraphProblem(err)
	}
	known = knownView{verify.NewRelicView(spans), time.Now().Add(unknownFor)}
	if len(spans) > 0 {
		known.until = time.Now().Add(knownFor)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= maxKnown {
		clear(s.known)
	}
	s.known[traceID] = known
	return known.view, nil
}

// list leaves out what X-Ray was never to know of, and an account has more of
// that than of the rest: the ids of traces for X-Ray begin with their time.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids
func (s *accountSource) list(ctx context.Context, from, to time.Time, limit int) ([]string, error) {
	all, err := s.account.Client.Traces(ctx, from, to)
	if err != nil {
		return nil, nerdGraphProblem(err)
	}
	ids := slices.DeleteFunc(all, func(id string) bool {
		at, err := strconv.ParseUint(id[:min(8, len(id))], 16, 32)
		made := time.Unix(int64(at), 0)
		return err != nil || made.Before(from.Add(-idTimeSlack)) || made.After(to.Add(idTimeSlack))
	})
	return ids[:min(limit, len(ids))], nil
}

// idTimeSlack is how far the time in a trace's id may be from when it ran: the
// clocks of others, and traces that wait in a queue.
const idTimeSlack = time.Hour

func nerdGraphProblem(err error) error {
	var graph *newrelic.Error
	if errors.As(err, &graph) {
		return &problem{Status: http.StatusBadGateway, Title: "New Relic did not answer the query", Detail: graph.Error() + ". Remedy: " + graph.Remedy() + "."}
	}
	return err
}
