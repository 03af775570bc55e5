package console

import (
	"net/http"

	"github.com/bragg-tracing/bragg/pkg/version"
)

// frameRoutes serves what all pages share: the filter bar and the notice.
func (c *console) frameRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /console/api/frame", answer(c.frame))
	mux.HandleFunc("GET /console/api/complete", answer(c.complete))
	mux.HandleFunc("GET /console/api/groups", answer(c.groups))
	mux.HandleFunc("POST /console/api/groups", answer(c.saveGroup))
	mux.HandleFunc("DELETE /console/api/groups", answer(c.deleteGroup))
}

// A frame is what surrounds each page.
type frame struct {
	Notice  string `json:"notice"` // what to know of the store; "" for nothing
	Version string `json:"version"`
	Region  string `json:"region"`
	Sink    bool   `json:"sink"`    // a New Relic sink is known
	Metrics bool   `json:"metrics"` // the collector's metrics are
}

func (c *console) frame(*http.Request) (any, error) {
	region := c.cfg.Region
	if region == "" {
		region = "us-east-1"
	}
	return frame{
		Notice: c.notice(), Version: version.String(), Region: region,
		Sink: c.cfg.NewRelicSink != "", Metrics: c.cfg.CollectorMetrics != "",
	}, nil
}
