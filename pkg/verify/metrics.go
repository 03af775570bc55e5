package verify

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Counts are a collector's own metrics, which say what became of spans.
type Counts map[CountKey]float64

// A CountKey names one of a collector's metrics.
type CountKey struct {
	Metric   string // without otelcol_ before and _total after it
	Exporter string // or receiver, or processor
	Why      string // its code or reason, or of a sampler "sampled" or "not sampled"; "" if it has none
}

const metricsTimeout = 3 * time.Second

// ReadCounts reads the Prometheus page of a collector's own metrics.
func ReadCounts(ctx context.Context, url string) (Counts, error) {
	ctx, cancel := context.WithTimeout(ctx, metricsTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("collector's metrics: %w", err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("collector's metrics: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("collector's metrics at %s: %s", url, resp.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return nil, fmt.Errorf("collector's metrics at %s: %w", url, err)
	}
	return countsOf(families), nil
}

func countsOf(families map[string]*dto.MetricFamily) Counts {
	c := Counts{}
	for name, family := range families {
		if !strings.HasPrefix(name, "otelcol_") {
			continue
		}
		for _, m := range family.GetMetric() {
			key := CountKey{Metric: strings.TrimSuffix(strings.TrimPrefix(name, "otelcol_"), "_total")}
			for _, l := range m.GetLabel() {
				switch l.GetName() {
				case "exporter", "receiver", "processor":
					key.Exporter = l.GetValue()
				case "code", "reason":
					key.Why = l.GetValue()
				case "sampled":
					key.Why = map[string]string{"true": "sampled", "false": "not sampled"}[l.GetValue()]
				}
			}
			c[key] += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return c
}

// Sum adds up what has the metric's name, of exporters whose type is one of
// those, by reason.
func (c Counts) Sum(metric string, of func(exporter string) bool) (total float64, why map[string]float64) {
	why = map[string]float64{}
	for key, n := range c {
		if key.Metric == metric && of(key.Exporter) {
			total += n
			if key.Why != "" && n != 0 {
				why[key.Why] += n
			}
		}
	}
	return total, why
}

// Since returns how the Counts grew from before.
func (c Counts) Since(before Counts) Counts {
	grown := Counts{}
	for key, n := range c {
		grown[key] = n - before[key]
	}
	return grown
}

// samplerCounters are what samplers and filters count what they let go by, with
// the reason that tells those that they did not; "" where all are.
var samplerCounters = map[string]string{
	"processor_tail_sampling_global_count_traces_sampled":  "not sampled",
	"processor_probabilistic_sampler_count_traces_sampled": "not sampled",
	"processor_filter_spans.filtered":                      "",
	"processor_filter_spans_filtered":                      "",
}

// NotSampled returns how many traces or spans the collector's samplers and
// filters have dropped.
func (c Counts) NotSampled() (n float64) {
	for key, value := range c {
		if why, ok := samplerCounters[key.Metric]; ok && why == key.Why {
			n += value
		}
	}
	return n
}
