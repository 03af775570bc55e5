package deploy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/deploy/check"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
)

// A task is one of ECS on this machine: the containers of deploy/ecs/service.yaml
// as processes, with their commands, environments and secrets, and the task
// metadata endpoint. In place of the user's service run three of the demo, in
// place of ADOT's image our collector with ADOT's configuration.
type task struct {
	t          *testing.T
	containers map[string]types.ContainerDefinition
	config     string // of the collector, from Systems Manager
	metadata   *httptest.Server
	collector  *collectorProcess
	app        []*exec.Cmd
}

const taskRegion = "us-west-2" // of the metadata

// newTask reads the task that CloudFormation would run.
func newTask(t *testing.T, launchType, collector string) *task {
	t.Helper()
	content, err := os.ReadFile("ecs/service.yaml")
	if err != nil {
		t.Fatal(err)
	}
	template, err := check.ParseTemplate(content)
	if err != nil {
		t.Fatal(err)
	}
	resources, err := template.Evaluate(map[string]string{
		"AppName": "checkout", "AppImage": "bragg:devel", "LaunchType": launchType, "Collector": collector,
		"XRay": "on", "NewRelic": "on", "NewRelicSecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:newrelic-AbCdEf",
		"Subnets": "subnet-0123456789abcdef0", "SecurityGroups": "sg-0123456789abcdef0",
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(check.Containers(resources["TaskDefinition"]))
	if err != nil {
		t.Fatal(err)
	}
	var definitions []types.ContainerDefinition
	if err := json.Unmarshal(text, &definitions); err != nil {
		t.Fatal(err)
	}
	k := &task{t: t, containers: map[string]types.ContainerDefinition{}}
	for _, d := range definitions {
		k.containers[aws.ToString(d.Name)] = d
	}
	k.config, _ = resources["CollectorConfig"]["Properties"].(map[string]any)["Value"].(string)
	k.serveMetadata(strings.ToLower(launchType))
	return k
}

// serveMetadata serves version 4 of the task metadata endpoint: documents of
// AWS's own, which the OpenTelemetry detector for ECS is tested with, of a task
// with our containers.
func (k *task) serveMetadata(launchType string) {
	k.t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "go.opentelemetry.io/contrib/detectors/aws/ecs").Output()
	if err != nil {
		k.t.Fatal(err)
	}
	read := func(kind string) map[string]any {
		content, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "test", "metadatav4-response-"+kind+"-"+launchType+".json"))
		if err != nil {
			k.t.Fatal(err)
		}
		var document map[string]any
		if err := json.Unmarshal(content, &document); err != nil {
			k.t.Fatal(err)
		}
		return document
	}
	container, of := read("container"), read("task")
	app := k.containers["app"]
	of["Family"] = "checkout"
	container["Name"], container["Image"] = aws.ToString(app.Name), aws.ToString(app.Image)
	container["LogDriver"] = string(app.LogConfiguration.LogDriver)
	container["LogOptions"] = map[string]string{
		"awslogs-group":  app.LogConfiguration.Options["awslogs-group"],
		"awslogs-region": taskRegion, "awslogs-stream": "app/app/0123456789abcdef0123456789abcdef",
	}
	mux := http.NewServeMux()
	for path, document := range map[string]any{"/v4/app": container, "/v4/app/task": of} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			json.NewEncoder(w).Encode(document) //nolint:errcheck // the client is gone
		})
	}
	k.metadata = httptest.NewServer(mux)
	k.t.Cleanup(k.metadata.Close)
}

// startCollectorContainer starts the collector as the definition says, but for
// where things are: ports, backends and the files of the image.
func (k *task) startCollectorContainer(xrayAddress, newrelicAddress string) {
	k.t.Helper()
	c := k.containers["collector"]
	env := map[string]string{}
	for _, pair := range c.Environment {
		env[aws.ToString(pair.Name)] = aws.ToString(pair.Value)
	}
	for _, s := range c.Secrets {
		switch aws.ToString(s.Name) {
		case "AOT_CONFIG_CONTENT":
			env["AOT_CONFIG_CONTENT"] = k.config
		case "NEW_RELIC_LICENSE_KEY":
			env["NEW_RELIC_LICENSE_KEY"] = licensekey.Local
		}
	}
	for variable, want := range map[string]string{"BRAGG_XRAY_ENDPOINT": "https://xray.us-east-1.amazonaws.com", "BRAGG_NEWRELIC_ENDPOINT": "https://otlp.nr-data.net"} {
		if env[variable] != want {
			k.t.Errorf("%s is %q, want %q", variable, env[variable], want)
		}
	}
	env["BRAGG_XRAY_ENDPOINT"], env["BRAGG_NEWRELIC_ENDPOINT"] = "http://"+xrayAddress, "http://"+newrelicAddress
	env["AWS_REGION"], env["BRAGG_QUEUE_DIR"] = "us-east-1", k.t.TempDir()
	configs := []string{"env:AOT_CONFIG_CONTENT"} // what ADOT reads when the variable is there
	if len(c.Command) > 0 {
		configs = nil
		for _, arg := range c.Command {
			config, ok := strings.CutPrefix(arg, "--config=")
			if !ok {
				k.t.Fatalf("the collector is started with %q", arg)
			}
			configs = append(configs, strings.Replace(config, "/etc/durable.yaml", "collector/durable.yaml", 1))
		}
	}
	k.collector = startCollector(k.t, configs, freePorts(k.t), env)
	healthCheck := exec.Command(program(k.t, "collector"), "healthcheck", "--port", k.collector.ports["HEALTH"])
	if output, err := healthCheck.CombinedOutput(); err != nil {
		k.t.Errorf("the health check fails: %v\n%s", err, output)
	}
}

// startApp starts services of the demo with the service's environment, and
// returns where the first is.
func (k *task) startApp() (legacy string) {
	addresses := map[string]string{"s3": freeAddress(k.t), "documents": freeAddress(k.t), "legacy": freeAddress(k.t)}
	env := []string{
		"HOME=" + k.t.TempDir(), "AWS_REGION=" + taskRegion, "ECS_CONTAINER_METADATA_URI_V4=" + k.metadata.URL + "/v4/app",
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_EC2_METADATA_DISABLED=true",
		"DEMO_S3_ENDPOINT=http://" + addresses["s3"], "DEMO_DOCUMENTS_URL=http://" + addresses["documents"],
	}
	for _, pair := range k.containers["app"].Environment {
		value := aws.ToString(pair.Value)
		for from, port := range map[string]string{"127.0.0.1:4317": "OTLP_GRPC", "127.0.0.1:2000": "DAEMON"} {
			value = strings.Replace(value, from, k.collector.address(port), 1)
		}
		if value == aws.ToString(pair.Value) && pair.Name != nil && *pair.Name != "OTEL_SERVICE_NAME" {
			k.t.Errorf("the service gets %s=%s, where the collector does not listen", *pair.Name, value)
		}
		env = append(env, *pair.Name+"="+value)
	}
	for _, name := range []string{"s3", "documents", "legacy"} {
		cmd := exec.Command(program(k.t, "bragg"), "demo", name)
		cmd.Env = append(slices.Clone(env), "DEMO_LISTEN="+addresses[name])
		var output bytes.Buffer
		cmd.Stdout, cmd.Stderr = &output, &output
		if err := cmd.Start(); err != nil {
			k.t.Fatal(err)
		}
		k.app = append(k.app, cmd)
		k.t.Cleanup(func() {
			if cmd.ProcessState == nil {
				cmd.Process.Kill() //nolint:errcheck // it may have ended
				cmd.Wait()         //nolint:errcheck // it was killed
			}
			if k.t.Failed() {
				k.t.Logf("%s said:\n%s", name, output.String())
			}
		})
		k.awaitHTTP("http://" + addresses[name] + "/healthz")
	}
	return addresses["legacy"]
}

func (k *task) awaitHTTP(url string) {
	k.t.Helper()
	httpClient := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for range 600 {
		if resp, err := httpClient.Get(url); err == nil {
			resp.Body.Close()
			return
		}
		time.Sleep(100 * time.Millisecond) // a process has no other signal
	}
	k.t.Fatalf("nobody answers at %s", url)
}

// stop stops the containers as ECS does: one before those that it depends on,
// each with SIGTERM and its stopTimeout.
func (k *task) stop() {
	k.t.Helper()
	app, collector := k.containers["app"], k.containers["collector"]
	if len(app.DependsOn) != 1 || aws.ToString(app.DependsOn[0].ContainerName) != "collector" || len(collector.DependsOn) != 0 {
		k.t.Fatal("the service does not depend on the collector, so ECS stops both at once")
	}
	for _, cmd := range slices.Backward(k.app) {
		k.terminate(cmd, aws.ToInt32(app.StopTimeout))
	}
	k.terminate(k.collector.cmd, aws.ToInt32(collector.StopTimeout))
}

func (k *task) terminate(cmd *exec.Cmd, stopTimeout int32) {
	k.t.Helper()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		k.t.Fatal(err)
	}
	kill := time.AfterFunc(time.Duration(stopTimeout)*time.Second, func() { cmd.Process.Kill() }) //nolint:errcheck // it may have ended
	defer kill.Stop()
	if err := cmd.Wait(); err != nil {
		k.t.Errorf("%v ended with %v", cmd.Args, err)
	}
}

// TestECSRehearsal runs the task of deploy/ecs, sends a request through the
// service and stops the task at once, so that what the service and the collector
// still hold must be flushed. Nothing is waited for after that.
func TestECSRehearsal(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs every program")
	}
	t.Parallel()
	tests := []struct{ launchType, collector, origin, cluster string }{
		{"FARGATE", "adot", "AWS::ECS::Fargate", "arn:aws:ecs:us-west-2:111122223333:cluster/default"},
		{"EC2", "bragg", "AWS::ECS::EC2", "arn:aws:ecs:us-west-2:111122223333:cluster/default"},
	}
	for _, test := range tests {
		t.Run(test.launchType+" "+test.collector, func(t *testing.T) {
			t.Parallel()
			begun := time.Now().Add(-time.Second)
			xrayAddress, newrelicAddress := freeAddress(t), freeAddress(t)
			_, newrelic := startBackends(t, xrayAddress, newrelicAddress)
			k := newTask(t, test.launchType, test.collector)
			k.startCollectorContainer(xrayAddress, newrelicAddress)
			legacy := k.startApp()
			requestReport(t, legacy)
			k.stop()

			api := xray.New(xray.Options{Region: "us-east-1", BaseEndpoint: aws.String("http://" + xrayAddress), Credentials: aws.AnonymousCredentials{}})
			traceID, segments := onlyTrace(t, api, begun)
			documents, ok := segments["documents"]
			if !ok || segments["legacy"] == nil {
				t.Fatalf("X-Ray has segments of %v, want documents and legacy", keysOf(segments))
			}
			ecs, _ := documents.AWS["ecs"].(map[string]any)
			got := map[string]any{
				"origin": documents.Origin, "cluster": ecs["cluster_arn"], "family": ecs["task_family"], "container": ecs["container"],
				"task":      strings.HasPrefix(fmt.Sprint(ecs["task_arn"]), "arn:aws:ecs:us-west-2:111122223333:task/default/"),
				"log group": strings.Contains(fmt.Sprint(documents.AWS["cloudwatch_logs"]), "log_group:/ecs/checkout"),
				"account":   documents.AWS["account_id"],
			}
			want := map[string]any{
				"origin": test.origin, "cluster": test.cluster, "family": "checkout", "container": "app", "task": true, "log group": true,
				"account": "111122223333",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the segment of documents (-want +got):\n%s\naws: %v", diff, documents.AWS)
			}
			host, err := os.Hostname()
			if err != nil {
				t.Fatal(err)
			}
			// All that the X-Ray SDK's plugin knows.
			plugin, _ := segments["legacy"].AWS["ecs"].(map[string]any)
			if diff := cmp.Diff(map[string]any{"container": host}, plugin); diff != "" || segments["legacy"].Origin != "AWS::ECS::Container" {
				t.Errorf("the segment of legacy has the origin %q; ecs (-want +got):\n%s", segments["legacy"].Origin, diff)
			}
			id, _ := segment.HexTraceID(traceID)
			spans, err := newrelic.Spans(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, s := range spans {
				if s.Service == "documents" {
					found = true
					if s.Attributes["aws.ecs.cluster.arn"] != test.cluster || s.Attributes["aws.ecs.launchtype"] != strings.ToLower(test.launchType) {
						t.Errorf("New Relic's span %s is of %v, %v", s.Name, s.Attributes["aws.ecs.cluster.arn"], s.Attributes["aws.ecs.launchtype"])
					}
				}
			}
			if !found {
				t.Errorf("New Relic has %d spans of the trace, none of documents", len(spans))
			}
		})
	}
}

// requestReport asks legacy for a report, which it files in documents, which
// keeps it in S3.
func requestReport(t *testing.T, legacy string) {
	t.Helper()
	httpClient := http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := httpClient.Post("http://"+legacy+"/reports", "application/json", strings.NewReader(`{"id":"a-1","client_id":"c-1","amount":1000}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		t.Fatalf("legacy answered %s", resp.Status)
	}
}

// onlyTrace returns the one trace there is, and its segments by their names.
func onlyTrace(t *testing.T, api *xray.Client, begun time.Time) (string, map[string]*segment.Document) {
	t.Helper()
	summaries, _, err := client.ListTraces(t.Context(), api, begun, time.Now().Add(time.Second), 10)
	if err != nil || len(summaries) != 1 {
		t.Fatalf("%d traces, error %v, want 1", len(summaries), err)
	}
	id := aws.ToString(summaries[0].Id)
	trace, err := client.GetTrace(t.Context(), api, id)
	if err != nil {
		t.Fatal(err)
	}
	segments := map[string]*segment.Document{}
	for _, d := range trace.Documents {
		if !d.Inferred {
			segments[d.Name] = d
		}
	}
	return id, segments
}

func keysOf(segments map[string]*segment.Document) (names []string) {
	for name := range segments {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
