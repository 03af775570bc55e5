package telemetry_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	collectorlogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// collector is an OTLP receiver that keeps what arrives.
type collector struct {
	collectortrace.UnimplementedTraceServiceServer
	url string

	mu      sync.Mutex
	traces  []*collectortrace.ExportTraceServiceRequest
	metrics []*collectormetrics.ExportMetricsServiceRequest
	logs    []*collectorlogs.ExportLogsServiceRequest
}

// metricsService is there because both services name their method Export.
type metricsService struct {
	collectormetrics.UnimplementedMetricsServiceServer
	*collector
}

func (c *collector) Export(_ context.Context, r *collectortrace.ExportTraceServiceRequest) (*collectortrace.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.traces = append(c.traces, r)
	return &collectortrace.ExportTraceServiceResponse{}, nil
}

func (s metricsService) Export(_ context.Context, r *collectormetrics.ExportMetricsServiceRequest) (*collectormetrics.ExportMetricsServiceResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.metrics = append(s.metrics, r)
	return &collectormetrics.ExportMetricsServiceResponse{}, nil
}

// startGRPCCollector serves OTLP/gRPC.
func startGRPCCollector(t *testing.T) *collector {
	t.Helper()
	l := listen(t)
	c := &collector{url: "http://" + l.Addr().String()}
	server := grpc.NewServer()
	collectortrace.RegisterTraceServiceServer(server, c)
	collectormetrics.RegisterMetricsServiceServer(server, metricsService{collector: c})
	collectorlogs.RegisterLogsServiceServer(server, logsService{collector: c})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // ends with Stop
	}()
	t.Cleanup(func() { server.Stop(); <-done })
	return c
}

// startHTTPCollector serves OTLP/HTTP below the given path.
func startHTTPCollector(t *testing.T, path string) *collector {
	t.Helper()
	c := &collector{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+path+"/v1/traces", func(w http.ResponseWriter, r *http.Request) {
		var request collectortrace.ExportTraceServiceRequest
		if decode(w, r, &request) {
			_, _ = c.Export(r.Context(), &request)
		}
	})
	mux.HandleFunc("POST "+path+"/v1/metrics", func(w http.ResponseWriter, r *http.Request) {
		var request collectormetrics.ExportMetricsServiceRequest
		if decode(w, r, &request) {
			_, _ = metricsService{collector: c}.Export(r.Context(), &request)
		}
	})
	mux.HandleFunc("POST "+path+"/v1/logs", func(w http.ResponseWriter, r *http.Request) {
		var request collectorlogs.ExportLogsServiceRequest
		if decode(w, r, &request) {
			_, _ = logsService{collector: c}.Export(r.Context(), &request)
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c.url = server.URL + path
	return c
}

func decode(w http.ResponseWriter, r *http.Request, m proto.Message) bool {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return false
		}
		body = unzipped
	}
	data, err := io.ReadAll(body)
	if err == nil {
		err = proto.Unmarshal(data, m)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	return err == nil
}

// spans returns all spans that arrived.
func (c *collector) spans() []*tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	var spans []*tracepb.Span
	for _, r := range c.traces {
		for _, rs := range r.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				spans = append(spans, ss.Spans...)
			}
		}
	}
	return spans
}

// resources returns the resource attributes of each batch that arrived.
func (c *collector) resources() []map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []map[string]string
	for _, r := range c.traces {
		for _, rs := range r.ResourceSpans {
			all = append(all, attributeMap(rs.Resource.Attributes))
		}
	}
	return all
}

// metricNames returns the names of all metrics that arrived.
func (c *collector) metricNames() map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := map[string]bool{}
	for _, r := range c.metrics {
		for _, rm := range r.ResourceMetrics {
			for _, sm := range rm.ScopeMetrics {
				for _, m := range sm.Metrics {
					names[m.Name] = true
				}
			}
		}
	}
	return names
}

func attributeMap(attrs []*commonpb.KeyValue) map[string]string {
	m := map[string]string{}
	for _, kv := range attrs {
		m[kv.Key] = kv.Value.GetStringValue()
	}
	return m
}
