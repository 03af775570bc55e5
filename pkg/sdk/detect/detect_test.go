package detect

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// elsewhere takes the variables away by which detectors know their places.
func elsewhere(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"ECS_CONTAINER_METADATA_URI", "ECS_CONTAINER_METADATA_URI_V4", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "HOSTNAME",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "")
}

// attributes makes a map of a resource, with slices as JSON has them.
func attributes(r *resource.Resource) map[string]string {
	m := map[string]string{}
	if r != nil {
		for _, kv := range r.Attributes() {
			m[string(kv.Key)] = kv.Value.String()
		}
	}
	return m
}

// check runs a detector and compares.
func check(t *testing.T, d Detector, want map[string]string, problem string) {
	t.Helper()
	begin := time.Now()
	r, err := d.Detect(t.Context())
	if took := time.Since(begin); took > Timeout+500*time.Millisecond {
		t.Errorf("took %v", took)
	}
	if diff := cmp.Diff(want, attributes(r)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if (err == nil) != (problem == "") || err != nil && !strings.Contains(err.Error(), problem) {
		t.Errorf("error %v, want %q", err, problem)
	}
}

func with(base map[string]string, more ...string) map[string]string {
	m := map[string]string{}
	for k, v := range base {
		m[k] = v
	}
	for i := 0; i < len(more); i += 2 {
		if m[more[i]] = more[i+1]; more[i+1] == "" {
			delete(m, more[i])
		}
	}
	return m
}

const (
	fargateContainer = `{"DockerId": "c7d1-1", "Name": "app", "DockerName": "app", "Image": "shop:1", "LogDriver": "awslogs",
		"LogOptions": {"awslogs-group": "/ecs/shop", "awslogs-region": "eu-west-1", "awslogs-stream": "ecs/app/c7d1"},
		"ContainerARN": "arn:aws:ecs:eu-west-1:123456789012:container/prod/c7d1/0206"}`
	fargateTask = `{"Cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod", "TaskARN": "arn:aws:ecs:eu-west-1:123456789012:task/prod/c7d1",
		"Family": "shop", "Revision": "26", "AvailabilityZone": "eu-west-1a", "LaunchType": "FARGATE"}`
)

var fargate = map[string]string{
	"cloud.provider": "aws", "cloud.platform": "aws_ecs", "cloud.region": "eu-west-1", "cloud.account.id": "123456789012",
	"cloud.availability_zone": "eu-west-1a", "cloud.resource_id": "arn:aws:ecs:eu-west-1:123456789012:container/prod/c7d1/0206",
	"container.name": "app", "container.id": "c7d1-1", "container.image.name": "shop:1",
	"aws.ecs.container.arn": "arn:aws:ecs:eu-west-1:123456789012:container/prod/c7d1/0206",
	"aws.ecs.cluster.arn":   "arn:aws:ecs:eu-west-1:123456789012:cluster/prod",
	"aws.ecs.task.arn":      "arn:aws:ecs:eu-west-1:123456789012:task/prod/c7d1", "aws.ecs.task.id": "c7d1",
	"aws.ecs.task.family": "shop", "aws.ecs.task.revision": "26", "aws.ecs.launchtype": "fargate",
	"aws.log.group.names": `["/ecs/shop"]`, "aws.log.stream.names": `["ecs/app/c7d1"]`,
	"aws.log.group.arns":  `["arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/shop:*"]`,
	"aws.log.stream.arns": `["arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/shop:log-stream:ecs/app/c7d1"]`,
}

func TestECS(t *testing.T) {
	bare := map[string]string{"cloud.provider": "aws", "cloud.platform": "aws_ecs"}
	noLogs := with(fargate, "aws.log.group.names", "", "aws.log.stream.names", "", "aws.log.group.arns", "", "aws.log.stream.arns", "")
	containerOnly := with(fargate, "cloud.availability_zone", "", "aws.ecs.cluster.arn", "", "aws.ecs.task.arn", "", "aws.ecs.task.id", "",
		"aws.ecs.task.family", "", "aws.ecs.task.revision", "", "aws.ecs.launchtype", "")
	tests := []struct {
		name, container, task string
		want                  map[string]string
		problem               string
	}{
		{"fargate", fargateContainer, fargateTask, fargate, ""},
		{"EC2, cluster by its name", fargateContainer, strings.NewReplacer("arn:aws:ecs:eu-west-1:123456789012:cluster/prod", "prod", "FARGATE", "EC2").Replace(fargateTask),
			with(fargate, "aws.ecs.launchtype", "ec2"), ""},
		{"no stream", strings.Replace(fargateContainer, `"awslogs-stream": "ecs/app/c7d1"`, `"x": ""`, 1), fargateTask,
			with(fargate, "aws.log.stream.names", "", "aws.log.stream.arns", ""), ""},
		{"no group", strings.Replace(fargateContainer, `"awslogs-group": "/ecs/shop"`, `"x": ""`, 1), fargateTask, noLogs, ""},
		{"no region of the logs", strings.Replace(fargateContainer, `"awslogs-region": "eu-west-1"`, `"x": ""`, 1), fargateTask, fargate, ""},
		{"firelens", strings.Replace(fargateContainer, "awslogs\"", "awsfirelens\"", 1), fargateTask, noLogs, ""},
		{"no task", fargateContainer, "", containerOnly, "/v4/task answered 404"},
		{"broken task", fargateContainer, "{", containerOnly, "/v4/task: unexpected end"},
		{"malformed ARNs", `{"Name": "app", "ContainerARN": "x"}`, `{"TaskARN": "a:b"}`, with(bare, "container.name", "app",
			"cloud.resource_id", "x", "aws.ecs.container.arn", "x", "aws.ecs.task.arn", "a:b"), ""},
		{"nothing", "", "", bare, "404"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			elsewhere(t)
			mux := http.NewServeMux()
			for path, document := range map[string]string{"/v4": tt.container, "/v4/task": tt.task} {
				if document != "" {
					mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, document) })
				}
			}
			server := httptest.NewServer(mux)
			defer server.Close()
			t.Setenv("ECS_CONTAINER_METADATA_URI_V4", server.URL+"/v4")
			check(t, ECS(), tt.want, tt.problem)
		})
	}
	t.Run("version 3 alone", func(t *testing.T) {
		elsewhere(t)
		t.Setenv("ECS_CONTAINER_METADATA_URI", "http://127.0.0.1:1/v3")
		check(t, ECS(), bare, "")
	})
	t.Run("never answers", func(t *testing.T) {
		elsewhere(t)
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		defer server.Close()
		t.Setenv("ECS_CONTAINER_METADATA_URI_V4", server.URL)
		check(t, ECS(), bare, "deadline exceeded")
	})
}

// instance is EC2's metadata service, version 2: without a token it refuses.
func instance(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
		_, _ = io.WriteString(w, "token")
	})
	answer := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Aws-Ec2-Metadata-Token") != "token" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			_, _ = io.WriteString(w, body)
		}
	}
	mux.HandleFunc("GET /latest/dynamic/instance-identity/document", answer(`{"accountId": "123456789012", "architecture": "arm64", "availabilityZone": "eu-west-1b",
		"imageId": "ami-1", "instanceId": "i-1", "instanceType": "m7g.large", "region": "eu-west-1"}`))
	mux.HandleFunc("GET /latest/meta-data/hostname", answer("ip-10-0-0-1.eu-west-1.compute.internal\n"))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

var ec2 = map[string]string{
	"cloud.provider": "aws", "cloud.platform": "aws_ec2", "cloud.region": "eu-west-1", "cloud.account.id": "123456789012",
	"cloud.availability_zone": "eu-west-1b", "host.id": "i-1", "host.image.id": "ami-1", "host.type": "m7g.large",
	"host.name": "ip-10-0-0-1.eu-west-1.compute.internal",
}

func TestEC2(t *testing.T) {
	elsewhere(t)
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", instance(t).URL)
	check(t, EC2(), ec2, "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "TRUE")
	check(t, EC2(), map[string]string{}, "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "")
	never := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer never.Close()
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", never.URL)
	check(t, EC2(), map[string]string{}, "instance metadata")
}

// cluster is an API server, with the files of a pod's service account.
func cluster(t *testing.T, issuer, version, name string) Detector {
	t.Helper()
	dir := t.TempDir()
	claims, err := json.Marshal(map[string]string{"iss": issuer})
	if err != nil {
		t.Fatal(err)
	}
	token := "e30." + base64.RawURLEncoding.EncodeToString(claims) + ".x"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintf(w, `{"gitVersion": %q}`, version) })
	mux.HandleFunc("GET /api/v1/namespaces/amazon-cloudwatch/configmaps/cluster-info", func(w http.ResponseWriter, r *http.Request) {
		if name == "" || r.Header.Get("Authorization") != "Bearer "+token {
			http.Error(w, `{"kind": "Status", "code": 403}`, http.StatusForbidden)
			return
		}
		_, _ = fmt.Fprintf(w, `{"data": {"cluster.name": %q}}`, name)
	})
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	const id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for file, content := range map[string]string{
		"token": token, "namespace": "shop", "cgroup": "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-" + id + ".scope\n",
		"ca.crt": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})),
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", u.Hostname())
	t.Setenv("KUBERNETES_SERVICE_PORT", u.Port())
	t.Setenv("HOSTNAME", "shop-5d4f-x7")
	return eks(dir, dir)
}

func TestEKS(t *testing.T) {
	pod := map[string]string{
		"cloud.provider": "aws", "cloud.platform": "aws_eks", "k8s.namespace.name": "shop", "k8s.pod.name": "shop-5d4f-x7",
		"container.id": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	}
	tests := []struct {
		name, issuer, version, cluster string
		want                           map[string]string
	}{
		{"with Container Insights", "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE", "", "prod", with(pod, "cloud.region", "eu-west-1", "k8s.cluster.name", "prod")},
		{"without rights", "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE", "", "", with(pod, "cloud.region", "eu-west-1")},
		{"dual stack", "https://oidc-eks.us-east-2.api.aws/id/EXAMPLE", "", "", with(pod, "cloud.region", "us-east-2")},
		{"by the version", "https://kubernetes.default.svc", "v1.34.1-eks-1234567", "", pod},
		{"another Kubernetes", "https://kubernetes.default.svc", "v1.34.1+k3s1", "prod", map[string]string{}},
		{"one that only looks alike", "https://oidc.eks.eu-west-1.amazonaws.com.evil.example/id/X", "v1.34.1", "prod", map[string]string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			elsewhere(t)
			check(t, cluster(t, tt.issuer, tt.version, tt.cluster), tt.want, "")
		})
	}
	t.Run("not in Kubernetes", func(t *testing.T) {
		elsewhere(t)
		check(t, EKS(), map[string]string{}, "")
	})
	t.Run("no certificates", func(t *testing.T) {
		elsewhere(t)
		dir := t.TempDir()
		t.Setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
		if err := os.WriteFile(filepath.Join(dir, "token"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		check(t, eks(dir, dir), map[string]string{}, "no certificates")
	})
}

func TestContainerID(t *testing.T) {
	const id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for name, tt := range map[string]struct{ cgroup, mounts, want string }{
		"docker, version 1":     {"12:cpu:/docker/" + id + "\n11:x:/\n", "", id},
		"kubernetes, version 1": {"4:memory:/kubepods/burstable/pod1/" + id + "\n", "", id},
		"docker, version 2":     {"0::/\n", "1 2 8:1 /var/lib/docker/containers/" + id + "/hostname /etc/hostname rw\n", id},
		"containerd's sandbox":  {"0::/\n", "1 2 8:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/" + id + "/hostname /etc/hostname rw\n", ""},
		"no container":          {"0::/user.slice\n", "", ""},
	} {
		dir := t.TempDir()
		for file, content := range map[string]string{"cgroup": tt.cgroup, "mountinfo": tt.mounts} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := containerID(dir); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestLambda(t *testing.T) {
	elsewhere(t)
	check(t, Lambda(), map[string]string{}, "")
	for name, value := range map[string]string{
		"AWS_LAMBDA_FUNCTION_NAME": "resize", "AWS_LAMBDA_FUNCTION_VERSION": "7", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_REGION": "eu-west-1",
		"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/resize", "AWS_LAMBDA_LOG_STREAM_NAME": "2026/07/01/[7]abc",
	} {
		t.Setenv(name, value)
	}
	check(t, Lambda(), map[string]string{
		"cloud.provider": "aws", "cloud.platform": "aws_lambda", "cloud.region": "eu-west-1", "faas.name": "resize", "faas.version": "7",
		"faas.instance": "2026/07/01/[7]abc", "faas.max_memory": "536870912",
		"aws.log.group.names": `["/aws/lambda/resize"]`, "aws.log.stream.names": `["2026/07/01/[7]abc"]`,
	}, "")
}

func TestBeanstalk(t *testing.T) {
	dir := t.TempDir()
	check(t, beanstalk(filepath.Join(dir, "missing")), map[string]string{}, "")
	file := filepath.Join(dir, "environment.conf")
	for content, want := range map[string]map[string]string{
		`{"deployment_id": 23, "version_label": "v7", "environment_name": "Shop-env"}`: {
			"cloud.provider": "aws", "cloud.platform": "aws_elastic_beanstalk", "service.namespace": "Shop-env", "service.version": "v7", "service.instance.id": "23",
		},
		`{`: {},
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		problem := ""
		if content == "{" {
			problem = "environment.conf"
		}
		check(t, beanstalk(file), want, problem)
	}
}

func TestRun(t *testing.T) {
	elsewhere(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/v4", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, fargateContainer) })
	mux.HandleFunc("/v4/task", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, fargateTask) })
	server := httptest.NewServer(mux)
	defer server.Close()
	t.Setenv("ECS_CONTAINER_METADATA_URI_V4", server.URL+"/v4")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", instance(t).URL)
	never := Detector{"never", func(ctx context.Context, f *found) error {
		f.text("half", "found")
		<-ctx.Done()
		return ctx.Err()
	}}
	begin := time.Now()
	r, err := Run(t.Context(), append(All(), never)...)
	if took := time.Since(begin); took > Timeout+500*time.Millisecond {
		t.Errorf("took %v", took)
	}
	if err == nil || !strings.Contains(err.Error(), "detect never") {
		t.Errorf("error: %v", err)
	}
	want := with(ec2, "half", "found")
	for k, v := range fargate {
		want[k] = v
	}
	if diff := cmp.Diff(want, attributes(r)); diff != "" {
		t.Errorf("on ECS on EC2 (-want +got):\n%s", diff)
	}
}
