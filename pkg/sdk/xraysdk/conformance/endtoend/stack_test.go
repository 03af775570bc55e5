package endtoend

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/bragg-tracing/bragg/pkg/collector"
	"github.com/bragg-tracing/bragg/pkg/collector/collectortest"
	"github.com/bragg-tracing/bragg/pkg/xraylocal"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
)

// A stack is the collector, as the project configures it, in front of X-Ray
// Local.
type stack struct {
	xray   *xraylocal.Server
	api    *xray.Client
	daemon string // host:port of the awsxray receiver
	otlp   string // URL of the OTLP receiver
}

func startStack(t *testing.T) *stack {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "BRAGGLOCAL", "AWS_SECRET_ACCESS_KEY": "not-a-secret", "AWS_REGION": "us-east-1",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	s := &stack{}
	var err error
	s.xray, err = xraylocal.Open(xraylocal.Config{InMemory: true, Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.xray.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.xray.Close(context.Background()) })
	if s.api, err = client.New("http://"+s.xray.Addr(), ""); err != nil {
		t.Fatal(err)
	}
	env, err := collectortest.Ports()
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(env, map[string]string{
		"BRAGG_BIND": "127.0.0.1", "BRAGG_XRAY_EXPORTERS": "[awsxray]",
		"BRAGG_XRAY_ENDPOINT": "http://" + s.xray.Addr(), "AWS_REGION": "us-east-1",
	})
	s.daemon, s.otlp = "127.0.0.1:"+env["BRAGG_DAEMON_PORT"], "http://127.0.0.1:"+env["BRAGG_OTLP_GRPC_PORT"]
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	config, err := collectortest.Configuration(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c, err := collector.Start(ctx, collector.Options{ConfigFile: config, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Shutdown(context.Background()) })
	return s
}

// trace returns the segments of a trace, and what is in them, one by one.
// Segments that X-Ray inferred are not among them.
func (s *stack) trace(ctx context.Context, id string) ([]document, error) {
	out, err := s.api.BatchGetTraces(ctx, &xray.BatchGetTracesInput{TraceIds: []string{id}})
	if err != nil {
		return nil, fmt.Errorf("trace %s: %w", id, err)
	}
	var list []document
	for _, trace := range out.Traces {
		for _, segment := range trace.Segments {
			var d document
			if err := json.Unmarshal([]byte(*segment.Document), &d); err != nil {
				return nil, err
			}
			list = append(list, flatten(d, "")...)
		}
	}
	return list, nil
}

// putFunction sends the segment that Lambda makes of a function, to whose id the
// program's subsegments are added.
func (s *stack) putFunction(t *testing.T, traceID string) {
	t.Helper()
	now := time.Now().Unix()
	text := fmt.Sprintf(`{"name": "function", "id": "53995c3f42cd8ad8", "trace_id": %q, "start_time": %d, "end_time": %d, "origin": "AWS::Lambda::Function"}`,
		traceID, now-1, now)
	if _, err := s.api.PutTraceSegments(t.Context(), &xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{text}}); err != nil {
		t.Fatal(err)
	}
}

// A document is a segment or subsegment without its subsegments.
type document map[string]any

func (d document) text(member string) string { s, _ := d[member].(string); return s }

func flatten(d document, parent string) []document {
	if d["inferred"] == true {
		return nil
	}
	if parent != "" {
		d["parent_id"] = parent // the X-Ray SDK has the segment's there, however deep
	}
	children, _ := d["subsegments"].([]any)
	delete(d, "subsegments")
	list := []document{d}
	for _, child := range children {
		if c, ok := child.(map[string]any); ok {
			list = append(list, flatten(c, d.text("id"))...)
		}
	}
	return list
}
