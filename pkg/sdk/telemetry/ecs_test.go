package telemetry_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

// recordedMetadata returns a handler with AWS's own answers, which the
// detector's module ships with its tests.
func recordedMetadata(t *testing.T, launchType string) http.Handler {
	t.Helper()
	command := exec.Command("go", "list", "-f", "{{.Dir}}", "go.opentelemetry.io/contrib/detectors/aws/ecs")
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	dir, err := command.Output()
	if err != nil {
		t.Fatalf("where is the detector's module: %v", err)
	}
	mux := http.NewServeMux()
	for path, document := range map[string]string{"/v4": "container", "/v4/task": "task"} {
		file := filepath.Join(strings.TrimSpace(string(dir)), "test", "metadatav4-response-"+document+"-"+launchType+".json")
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
	}
	return mux
}

func TestECSMetadata(t *testing.T) {
	never := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	broken := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"Cluster":`)) }
	slowBody := func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("{"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	tests := []struct {
		name     string
		metadata http.Handler
		want     map[attribute.Key]string // empty: nothing of ECS, and a warning
	}{
		{"fargate", recordedMetadata(t, "fargate"), map[attribute.Key]string{
			"cloud.platform": "aws_ecs", "cloud.region": "us-west-2", "aws.ecs.launchtype": "fargate",
			"aws.ecs.task.arn": "arn:aws:ecs:us-west-2:111122223333:task/default/e9028f8d5d8e4f258373e7b93ce9a3c3",
		}},
		{"ec2", recordedMetadata(t, "ec2"), map[attribute.Key]string{"cloud.platform": "aws_ecs", "aws.ecs.launchtype": "ec2"}},
		{"broken", http.HandlerFunc(broken), nil},
		{"not found", http.NotFoundHandler(), nil},
		{"never answers", http.HandlerFunc(never), nil},
		{"never ends", http.HandlerFunc(slowBody), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			server := httptest.NewServer(tt.metadata)
			defer server.Close()
			defer http.DefaultTransport.(*http.Transport).CloseIdleConnections() // the detector's
			t.Setenv("ECS_CONTAINER_METADATA_URI_V4", server.URL+"/v4")
			var log logBuffer
			begin := time.Now()
			sdk := start(t, telemetry.WithLogger(log.logger()))
			if took := time.Since(begin); took > 2500*time.Millisecond {
				t.Errorf("Start took %v", took)
			}
			for key, want := range tt.want {
				if got, _ := sdk.Resource().Set().Value(key); got.AsString() != want {
					t.Errorf("%s = %q, want %q", key, got.AsString(), want)
				}
			}
			if id, ok := sdk.Resource().Set().Value("container.id"); ok && id.AsString() == "" {
				t.Error("container.id is there but empty")
			}
			_, found := sdk.Resource().Set().Value("cloud.platform")
			if failed := tt.want == nil; found == failed || strings.Contains(log.String(), "ECS metadata") != failed {
				t.Errorf("cloud.platform found: %t; log:\n%s", found, &log)
			}
			if name, _ := sdk.Resource().Set().Value("service.name"); name.AsString() != "test" {
				t.Errorf("service.name = %q", name.AsString())
			}
		})
	}
}
