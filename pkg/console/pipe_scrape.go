package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Bounds of reading the collector's metrics.
const (
	scrapeTimeout = 3 * time.Second
	maxScrape     = 16 << 20               // bytes
	scrapeEvery   = 900 * time.Millisecond // several readers share one
)

// How long counters are remembered, for rates: while somebody looks, there is a
// scrape every few seconds.
const (
	keptScrapes = 90
	rateOver    = 20 * time.Second
)

// A scrape is the collector's metrics at one time. Names are without the suffix
// _total, which some versions add.
type scrape struct {
	at       time.Time
	families map[string]*dto.MetricFamily
}

// A scraper reads a Prometheus endpoint and remembers what it read. It is safe
// for concurrent use.
type scraper struct {
	url  string
	http *http.Client
	now  func() time.Time

	mu   sync.Mutex // one scrape at a time
	kept []scrape   // oldest first
	err  error      // of the last one
	last time.Time  // when that was
}

// newScraper reads "host:port", or a URL, which may lack the path.
func newScraper(endpoint string, now func() time.Time) *scraper {
	if !strings.Contains(endpoint, "://") {
		endpoint = "http://" + endpoint
	}
	if rest := endpoint[strings.Index(endpoint, "://")+3:]; !strings.Contains(rest, "/") {
		endpoint += "/metrics"
	}
	return &scraper{url: endpoint, now: now, http: &http.Client{
		Timeout:       scrapeTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// read returns the scrapes since the collector started or somebody began to
// look, oldest first; the last is from now.
func (s *scraper) read(ctx context.Context) ([]scrape, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if !s.last.IsZero() && now.Sub(s.last) < scrapeEvery {
		return s.kept[:len(s.kept):len(s.kept)], s.err
	}
	families, err := s.fetch(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err() // says nothing of the collector
	}
	s.last, s.err = now, err
	if err != nil {
		return s.kept[:len(s.kept):len(s.kept)], err
	}
	next := scrape{at: now, families: families}
	if n := len(s.kept); n > 0 && restarted(s.kept[n-1], next) {
		s.kept = nil
	}
	if len(s.kept) >= keptScrapes {
		s.kept = append([]scrape(nil), s.kept[len(s.kept)-keptScrapes+1:]...)
	}
	s.kept = append(s.kept, next)
	return s.kept[:len(s.kept):len(s.kept)], nil
}

// restarted says whether a counter has fallen: then it is another process.
func restarted(before, after scrape) bool {
	for _, name := range []string{"otelcol_process_uptime", "otelcol_receiver_accepted_spans", "otelcol_exporter_sent_spans"} {
		if after.sum(name, nil).value < before.sum(name, nil).value {
			return true
		}
	}
	return false
}

func (s *scraper) fetch(ctx context.Context) (map[string]*dto.MetricFamily, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, s.unreadable("has no address: " + err.Error())
	}
	req.Header.Set("Accept", "text/plain;version=0.0.4")
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, s.unreadable("does not answer: " + errors.Unwrap(err).Error())
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, s.unreadable("answers " + resp.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	read, err := parser.TextToMetricFamilies(io.LimitReader(resp.Body, maxScrape))
	if err != nil {
		return nil, s.unreadable("answers what are no metrics: " + err.Error())
	}
	families := make(map[string]*dto.MetricFamily, len(read))
	for name, family := range read {
		families[strings.TrimSuffix(name, "_total")] = family
	}
	return families, nil
}

func (s *scraper) unreadable(why string) error {
	return &problem{Status: http.StatusBadGateway, Title: "The collector's metrics cannot be read",
		Detail: fmt.Sprintf("%s %s. Is the collector running, and does its configuration serve metrics there? Name the address with --collector-metrics.", s.url, why)}
}

// A reading is a sum of series.
type reading struct {
	value float64
	known bool // there is a series
}

// sum adds up the series of a metric whose labels have the values that want
// names.
func (s scrape) sum(name string, want map[string]string) reading {
	var r reading
	for _, m := range s.series(name, want) {
		r.value += valueOf(m)
		r.known = true
	}
	return r
}

// by adds up the series by the value of a label.
func (s scrape) by(name, label string, want map[string]string) map[string]float64 {
	sums := map[string]float64{}
	for _, m := range s.series(name, want) {
		sums[labelOf(m, label)] += valueOf(m)
	}
	return sums
}

func (s scrape) series(name string, want map[string]string) (matching []*dto.Metric) {
	for _, m := range s.families[name].GetMetric() {
		ok := true
		for label, value := range want {
			ok = ok && labelOf(m, label) == value
		}
		if ok {
			matching = append(matching, m)
		}
	}
	return matching
}

func labelOf(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

func valueOf(m *dto.Metric) float64 {
	return m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
}
