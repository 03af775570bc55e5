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

// counts are a collector's own metrics that say what became of spans, summed
// over signals and processes: metric name without _total, exporter, and the
// code or reason if there is one.
type counts map[countKey]float64

type countKey struct{ metric, exporter, why string }

const metricsTimeout = 3 * time.Second

// readCounts reads the Prometheus page of a collector's own metrics.
func readCounts(ctx context.Context, url string) (counts, error) {
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

func countsOf(families map[string]*dto.MetricFamily) counts {
	c := counts{}
	for name, family := range families {
		if !strings.HasPrefix(name, "otelcol_") {
			continue
		}
		for _, m := range family.GetMetric() {
			key := countKey{metric: strings.TrimSuffix(strings.TrimPrefix(name, "otelcol_"), "_total")}
			for _, l := range m.GetLabel() {
				switch l.GetName() {
				case "exporter", "receiver", "processor":
					key.exporter = l.GetValue()
				case "code", "reason":
					key.why = l.GetValue()
				}
			}
			c[key] += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return c
}

// sum adds up what has the metric's name, of exporters whose type is one of
// those, by reason.
func (c counts) sum(metric string, of func(exporter string) bool) (total float64, why map[string]float64) {
	why = map[string]float64{}
	for key, n := range c {
		if key.metric == metric && of(key.exporter) {
			total += n
			if key.why != "" && n != 0 {
				why[key.why] += n
			}
		}
	}
	return total, why
}

// since returns how the counts grew from before.
func (c counts) since(before counts) counts {
	grown := counts{}
	for key, n := range c {
		grown[key] = n - before[key]
	}
	return grown
}
