package oracle

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	ec2 "go.opentelemetry.io/contrib/detectors/aws/ec2/v2"
	"go.opentelemetry.io/contrib/detectors/aws/ecs"
	"go.opentelemetry.io/contrib/detectors/aws/lambda"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/bragg-tracing/bragg/pkg/sdk/detect"
)

// difference is an attribute that the two do not agree on, "" for one that a
// side has not.
type difference struct{ contrib, ours string }

// attributes makes a map of a resource.
func attributes(r *resource.Resource) map[string]string {
	m := map[string]string{}
	if r != nil {
		for _, kv := range r.Attributes() {
			m[string(kv.Key)] = kv.Value.String()
		}
	}
	return m
}

// compare runs both detectors. Each difference must be in the list, and each of
// the list must be there.
func compare(t *testing.T, contrib, ours resource.Detector, list map[string]difference) {
	t.Helper()
	theirs, err := contrib.Detect(t.Context())
	if err != nil {
		t.Logf("contrib: %v", err)
	}
	own, err := ours.Detect(t.Context())
	if err != nil {
		t.Errorf("ours: %v", err)
	}
	a, b := attributes(theirs), attributes(own)
	keys := map[string]bool{}
	for _, m := range []map[string]string{a, b} {
		for key := range m {
			keys[key] = true
		}
	}
	for key := range keys {
		want, listed := list[key]
		switch {
		case !listed && a[key] != b[key]:
			t.Errorf("%s: contrib's is %q, ours %q", key, a[key], b[key])
		case listed && (a[key] != want.contrib || b[key] != want.ours):
			t.Errorf("%s: contrib's is %q, ours %q; the list says %+v", key, a[key], b[key], want)
		}
	}
	for key := range list {
		if !keys[key] {
			t.Errorf("%s is in the list, and in neither resource", key)
		}
	}
	if len(b) == 0 {
		t.Error("nothing was found")
	}
}

// elsewhere takes the variables away by which detectors know their places.
func elsewhere(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"ECS_CONTAINER_METADATA_URI", "ECS_CONTAINER_METADATA_URI_V4", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_EC2_METADATA_DISABLED", "AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION",
	} {
		t.Setenv(name, "")
	}
}

// fixtures returns the directory of the responses that contrib's tests use,
// recorded from AWS.
func fixtures(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "go.opentelemetry.io/contrib/detectors/aws/ecs").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "test")
}

// metadata serves the two documents of ECS, the container's changed.
func metadata(t *testing.T, kind string, change func(container map[string]any)) {
	t.Helper()
	dir := fixtures(t)
	content, err := os.ReadFile(filepath.Join(dir, "metadatav4-response-container-"+kind+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var container map[string]any
	if err := json.Unmarshal(content, &container); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(container)
	}
	task, err := os.ReadFile(filepath.Join(dir, "metadatav4-response-task-"+kind+".json"))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v4", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(container) })
	mux.HandleFunc("GET /v4/task", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(task) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Setenv("ECS_CONTAINER_METADATA_URI_V4", server.URL+"/v4")
}

func TestECS(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for kind, own := range map[string]map[string]string{
		"ec2": {
			"container.name": "curl", "container.id": "ea32192c8553fbff06c9340478a2ff089b2bb5646fb718b4ee206641c9086d66",
			"container.image.name": "111122223333.dkr.ecr.us-west-2.amazonaws.com/curltest:latest", "aws.ecs.task.id": "158d1c8083dd49d6b527399fd6414f5c",
		},
		"fargate": {
			"container.name": "curl", "container.id": "cd189a933e5849daa93386466019ab50-2495160603",
			"container.image.name": "111122223333.dkr.ecr.us-west-2.amazonaws.com/curltest:latest", "aws.ecs.task.id": "e9028f8d5d8e4f258373e7b93ce9a3c3",
		},
	} {
		t.Run(kind, func(t *testing.T) {
			elsewhere(t)
			metadata(t, kind, nil)
			compare(t, ecs.NewResourceDetector(), detect.ECS(), map[string]difference{
				"container.name":       {host, own["container.name"]}, // contrib takes the host's
				"container.id":         {"", own["container.id"]},     // contrib reads the cgroup, which has none on Fargate and in version 2
				"container.image.name": {"", own["container.image.name"]},
				"aws.ecs.task.id":      {"", own["aws.ecs.task.id"]},
			})
		})
	}
}

// TestECSWithIncompleteLogOptions: contrib then finds nothing at all.
func TestECSWithIncompleteLogOptions(t *testing.T) {
	for _, missing := range []string{"awslogs-group", "awslogs-stream"} {
		elsewhere(t)
		metadata(t, "ec2", func(container map[string]any) { delete(container["LogOptions"].(map[string]any), missing) })
		theirs, err := ecs.NewResourceDetector().Detect(t.Context())
		if n := len(attributes(theirs)); err == nil || n != 0 {
			t.Errorf("without %s contrib finds %d attributes (%v); the README says that it finds none", missing, n, err)
		}
		own, err := detect.ECS().Detect(t.Context())
		m := attributes(own)
		if err != nil || m["aws.ecs.task.family"] != "curltest" || m["container.name"] != "curl" || m["aws.log.stream.arns"] != "" {
			t.Errorf("without %s: %v, %v", missing, m, err)
		}
	}
}

// TestEC2 has a metadata service of version 2.
func TestEC2(t *testing.T) {
	elsewhere(t)
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
		_, _ = io.WriteString(w, "token")
	})
	for path, body := range map[string]string{
		"/latest/dynamic/instance-identity/document": `{"accountId": "123456789012", "architecture": "arm64", "availabilityZone": "eu-west-1b",
			"imageId": "ami-1", "instanceId": "i-1", "instanceType": "m7g.large", "region": "eu-west-1"}`,
		"/latest/meta-data/hostname": "ip-10-0-0-1.eu-west-1.compute.internal",
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
	}
	server := httptest.NewServer(mux)
	defer server.Close()
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.URL)
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	compare(t, ec2.NewResourceDetector(), detect.EC2(), nil)
}

func TestLambda(t *testing.T) {
	elsewhere(t)
	for name, value := range map[string]string{
		"AWS_LAMBDA_FUNCTION_NAME": "resize", "AWS_LAMBDA_FUNCTION_VERSION": "7", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_REGION": "eu-west-1",
		"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/resize", "AWS_LAMBDA_LOG_STREAM_NAME": "2026/07/01/[7]abc",
	} {
		t.Setenv(name, value)
	}
	compare(t, lambda.NewResourceDetector(), detect.Lambda(), map[string]difference{
		"cloud.platform":       {"", "aws_lambda"},
		"aws.log.group.names":  {"", `["/aws/lambda/resize"]`},
		"aws.log.stream.names": {"", `["2026/07/01/[7]abc"]`},
	})
}
