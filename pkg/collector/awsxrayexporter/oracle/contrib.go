package oracle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/awsxrayexporter"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// A Contrib is contrib's exporter with an endpoint on loopback that keeps what
// it is sent. It must be closed, and belongs to one goroutine at a time.
type Contrib struct {
	exporter exporter.Traces
	endpoint *httptest.Server

	mu   sync.Mutex
	docs []string
	err  error
}

// NewContrib starts contrib's exporter. It signs with the credentials that the
// environment holds.
func NewContrib(ctx context.Context, cfg translate.Config) (*Contrib, error) {
	c := &Contrib{}
	c.endpoint = httptest.NewServer(http.HandlerFunc(c.serve))
	factory := awsxrayexporter.NewFactory()
	own := factory.CreateDefaultConfig().(*awsxrayexporter.Config)
	own.AWSSessionSettings.Endpoint = c.endpoint.URL
	own.AWSSessionSettings.Region = "eu-west-1"
	own.IndexedAttributes = cfg.IndexedAttributes
	own.IndexAllAttributes = cfg.IndexAllAttributes
	own.LogGroupNames = cfg.LogGroupNames
	var err error
	if c.exporter, err = factory.CreateTraces(ctx, exportertest.NewNopSettings(factory.Type()), own); err == nil {
		err = c.exporter.Start(ctx, componenttest.NewNopHost())
	}
	if err != nil {
		c.endpoint.Close()
		return nil, fmt.Errorf("start contrib's exporter: %w", err)
	}
	return c, nil
}

// Close stops exporter and endpoint.
func (c *Contrib) Close(ctx context.Context) error {
	err := c.exporter.Shutdown(ctx)
	c.endpoint.Close()
	return err
}

// A PanicError is a panic of contrib's exporter.
type PanicError struct{ Value any }

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Translate returns the documents of td, in order, or a *PanicError. It may
// change td, as contrib's exporter does.
func (c *Contrib) Translate(ctx context.Context, td ptrace.Traces) (docs []string, err error) {
	c.mu.Lock()
	c.docs, c.err = nil, nil
	c.mu.Unlock()
	defer func() {
		if v := recover(); v != nil {
			docs, err = nil, &PanicError{v}
		}
	}()
	err = c.exporter.ConsumeTraces(ctx, td)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.docs, errors.Join(err, c.err)
}

// serve is PutTraceSegments.
func (c *Contrib) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.URL.Path != "/TraceSegments" {
		c.err = fmt.Errorf("contrib's exporter called %s", r.URL.Path)
	}
	var request struct{ TraceSegmentDocuments []string }
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &request)
	}
	if err != nil {
		c.err = errors.Join(c.err, fmt.Errorf("read contrib's request: %w", err))
	}
	c.docs = append(c.docs, request.TraceSegmentDocuments...)
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"UnprocessedTraceSegments":[]}`)
}
