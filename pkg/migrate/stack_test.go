package migrate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/bragg-tracing/bragg/pkg/collector"
	"github.com/bragg-tracing/bragg/pkg/collector/collectortest"
	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
)

// A stack is the collector with both backends.
type stack struct {
	xray         *xraylocal.Server
	sink         *sink.Sink
	otlp, daemon string // the collector's
}

func newStack(t *testing.T) *stack {
	t.Helper()
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "BRAGGLOCAL", "AWS_SECRET_ACCESS_KEY": "not-a-secret", "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"} {
		t.Setenv(name, value)
	}
	quiet := slog.New(slog.DiscardHandler)
	s := &stack{}
	var err error
	s.xray, err = xraylocal.Open(xraylocal.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", Logger: quiet})
	must(t, err)
	must(t, s.xray.Start())
	s.sink, err = sink.Open(sink.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", Logger: quiet})
	must(t, err)
	must(t, s.sink.Start())
	env, err := collectortest.Ports()
	must(t, err)
	maps.Copy(env, map[string]string{
		"BRAGG_BIND": "127.0.0.1", "BRAGG_XRAY_EXPORTERS": "[awsxray]", "BRAGG_NEWRELIC_EXPORTERS": "[otlp_http/newrelic]",
		"BRAGG_XRAY_ENDPOINT": "http://" + s.xray.Addr(), "BRAGG_NEWRELIC_ENDPOINT": s.sink.URL(),
		"NEW_RELIC_LICENSE_KEY": licensekey.Local, "AWS_REGION": "us-east-1",
	})
	s.otlp, s.daemon = "http://127.0.0.1:"+env["BRAGG_OTLP_GRPC_PORT"], "127.0.0.1:"+env["BRAGG_DAEMON_PORT"]
	config, err := collectortest.Configuration(t.TempDir())
	must(t, err)
	c, err := collector.Start(t.Context(), collector.Options{ConfigFile: config, Env: env})
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(c.Shutdown(ctx), s.sink.Close(ctx), s.xray.Close(ctx)); err != nil {
			t.Error(err)
		}
	})
	return s
}

// A part is a segment or subsegment, with the name of the one above.
type part struct {
	*segment.Document
	above string
}

// timing are the parts whose number depends on when the network does what.
var timing = map[string]bool{"connect": true, "dial": true, "dns": true, "tls": true, "request": true, "response": true}

// await waits until X-Ray has the trace whole: n parts beside those of timing, one
// of them the root, each under another of the trace, and New Relic a span of each.
// The error says what is missing.
func (s *stack) await(t *testing.T, id string, n int, patience time.Duration) (parts []part, err error) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) { // the backends have no signal to wait for
		parts, err = s.whole(t, id, n)
		if err == nil || time.Now().After(deadline) {
			return parts, err
		}
	}
}

func (s *stack) whole(t *testing.T, id string, n int) ([]part, error) {
	t.Helper()
	parts := s.parts(t, id)
	stored, err := s.sink.Spans(t.Context(), id)
	must(t, err)
	spans := map[string]bool{}
	for _, span := range stored {
		spans[span.SpanID] = true
	}
	names := map[string]string{}
	for _, p := range parts {
		names[p.ID] = p.Name
	}
	roots, counted := 0, 0
	for i, p := range parts {
		if !spans[p.ID] {
			return nil, fmt.Errorf("New Relic has no span of %s", p.Name)
		}
		if p.ParentID == "" {
			roots++
		} else if parts[i].above = names[p.ParentID]; parts[i].above == "" {
			return nil, fmt.Errorf("what is above %s is not in the trace", p.Name)
		}
		if !timing[p.Name] {
			counted++
		}
	}
	if roots != 1 || counted != n || len(spans) != len(parts) {
		return nil, fmt.Errorf("trace %s: %d roots, %d parts in X-Ray, %d of %d, and %d spans in New Relic: %v", id, roots, len(parts), counted, n, len(spans), names)
	}
	return parts, nil
}

// parts are what X-Ray has of a trace.
func (s *stack) parts(t *testing.T, id string) (parts []part) {
	t.Helper()
	api, err := client.New("http://"+s.xray.Addr(), "")
	must(t, err)
	out, err := api.BatchGetTraces(t.Context(), &xray.BatchGetTracesInput{TraceIds: []string{id}})
	must(t, err)
	for _, trace := range out.Traces {
		for _, s := range trace.Segments {
			d, err := segment.Decode([]byte(*s.Document))
			must(t, err)
			parts = append(parts, flatten(d, "")...)
		}
	}
	return parts
}

// flatten returns a segment and what is inside of it; what X-Ray inferred is left
// out. What is inside has the one above as its parent: the X-Ray SDK puts the
// segment there.
func flatten(d *segment.Document, above string) []part {
	if d.Inferred {
		return nil
	}
	if above != "" {
		d.ParentID = above
	}
	all := []part{{Document: d}}
	for _, s := range d.Subsegments {
		all = append(all, flatten(s, d.ID)...)
	}
	return all
}
