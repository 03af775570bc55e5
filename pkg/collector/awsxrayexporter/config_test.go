package awsxrayexporter

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.yaml.in/yaml/v3"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
)

// parse reads a configuration as the collector does.
func parse(t *testing.T, text string) (*Config, error) {
	t.Helper()
	var raw map[string]any
	if err := yaml.Unmarshal([]byte(text), &raw); err != nil {
		t.Fatal(err)
	}
	cfg := createDefaultConfig().(*Config)
	if err := confmap.NewFromStringMap(raw).Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func TestDefaults(t *testing.T) {
	if err := componenttest.CheckConfigStruct(createDefaultConfig()); err != nil {
		t.Error(err)
	}
	cfg, err := parse(t, "{}")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(SessionConfig{NumberOfWorkers: 8, RequestTimeoutSeconds: 30, MaxRetries: 2}, cfg.Session); diff != "" {
		t.Error(diff)
	}
	if cfg.Translation != translate.Default || cfg.Timeout.Timeout != time.Minute || !cfg.Retry.Enabled || !cfg.Queue.HasValue() {
		t.Errorf("the defaults are %+v", cfg)
	}
	if q := cfg.Queue.Get(); q.QueueSize != 100_000 || q.StorageID != nil || q.Batch.HasValue() {
		t.Errorf("the queue is %+v", q)
	}
}

// TestEveryKey parses contrib's keys and ours.
func TestEveryKey(t *testing.T) {
	cfg, err := parse(t, `
num_workers: 4
endpoint: http://127.0.0.1:2080
request_timeout_seconds: 7
max_retries: 5
no_verify_ssl: true
proxy_address: http://proxy:3128
region: eu-central-1
local_mode: true
resource_arn: arn:aws:ec2:eu-central-1:1:instance/i
role_arn: arn:aws:iam::1:role/r
external_id: shared
indexed_attributes: [a, b]
index_all_attributes: true
aws_log_groups: [group]
telemetry: {enabled: true, include_metadata: true, contributors: [awsxray, awsxray/2], hostname: h, instance_id: i, resource_arn: r}
translation: compat
timeout: 40s
shutdown_timeout: 5s
max_documents_per_second: 900
sending_queue: {queue_size: 9, num_consumers: 3, storage: file_storage, batch: {flush_timeout: 1s, min_size: 5, max_size: 6}}
retry_on_failure: {enabled: true, initial_interval: 2s, max_interval: 3s, max_elapsed_time: 4s}
dead_letter: {path: refused.jsonl, max_bytes: 1024}
`)
	if err != nil {
		t.Fatal(err)
	}
	session := SessionConfig{
		NumberOfWorkers: 4, Endpoint: "http://127.0.0.1:2080", RequestTimeoutSeconds: 7, MaxRetries: 5, NoVerifySSL: true,
		ProxyAddress: "http://proxy:3128", Region: "eu-central-1", LocalMode: true,
		ResourceARN: "arn:aws:ec2:eu-central-1:1:instance/i", RoleARN: "arn:aws:iam::1:role/r", ExternalID: "shared",
	}
	if diff := cmp.Diff(session, cfg.Session); diff != "" {
		t.Error(diff)
	}
	telemetry := TelemetryConfig{
		Enabled: true, IncludeMetadata: true, Hostname: "h", InstanceID: "i", ResourceARN: "r",
		Contributors: []component.ID{component.MustNewID("awsxray"), component.MustNewIDWithName("awsxray", "2")},
	}
	if diff := cmp.Diff(telemetry, cfg.Telemetry, cmp.Comparer(func(a, b component.ID) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	want := translate.Config{Mode: translate.Compat, IndexedAttributes: []string{"a", "b"}, IndexAllAttributes: true, LogGroupNames: []string{"group"}}
	if diff := cmp.Diff(want, cfg.translation()); diff != "" {
		t.Error(diff)
	}
	if q := cfg.Queue.Get(); q.QueueSize != 9 || q.NumConsumers != 3 || !cfg.persistent() || q.Batch.Get().MinSize != 5 || q.Batch.Get().MaxSize != 6 {
		t.Errorf("the queue is %+v", q)
	}
	if cfg.Timeout.Timeout != 40*time.Second || cfg.ShutdownTimeout != 5*time.Second || cfg.MaxDocumentsPerSecond != 900 ||
		cfg.Retry.MaxElapsedTime != 4*time.Second || cfg.DeadLetter != (DeadLetterConfig{"refused.jsonl", 1024}) {
		t.Errorf("the rest is %+v", cfg)
	}
}

func TestDeadLetterByItsPath(t *testing.T) {
	cfg, err := parse(t, "region: eu-central-1\ndead_letter: refused.jsonl\n")
	if err != nil || cfg.DeadLetter != (DeadLetterConfig{"refused.jsonl", 64 << 20}) {
		t.Errorf("%+v, %v", cfg.DeadLetter, err)
	}
}

func TestWhatValidateRefuses(t *testing.T) {
	tests := []struct{ name, config, want string }{
		{"a negative number of workers", "num_workers: -1", "num_workers"},
		{"a negative time", "request_timeout_seconds: -1", "request_timeout_seconds"},
		{"negative retries", "max_retries: -1", "max_retries"},
		{"an external id for nobody", "external_id: x", "role_arn"},
		{"a proxy that is no URL", "proxy_address: 'http://a b'", "proxy_address"},
		{"an unknown translation", "translation: fast", "fast"},
		{"an unknown fix", "disable_fixes: [everything]", "everything"},
		{"a negative rate", "max_documents_per_second: -1", "max_documents_per_second"},
		{"a rate that is no number", "max_documents_per_second: .nan", "max_documents_per_second"},
		{"no time to shut down", "shutdown_timeout: 0s", "shutdown_timeout"},
		{"dead letters without room", "dead_letter: {path: x, max_bytes: 0}", "max_bytes"},
		{"an empty queue", "sending_queue: {queue_size: 0}", "queue_size"},
		{"a key that does not exist", "num_worker: 3", "num_worker"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := parse(t, test.config); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want one about %s", err, test.want)
			}
		})
	}
}

// TestSwitchedOff: queue and retries can be switched off.
func TestSwitchedOff(t *testing.T) {
	cfg, err := parse(t, "{sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Queue.HasValue() || cfg.Retry.Enabled {
		t.Errorf("queue and retries are on: %+v", cfg)
	}
}

func TestStartWithoutRegion(t *testing.T) {
	set := exportertest.NewNopSettings(Type)
	cfg := createDefaultConfig().(*Config)
	cfg.Session.LocalMode = true
	e, err := NewFactory().CreateTraces(t.Context(), set, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context(), componenttest.NewNopHost()); err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("the error is %v", err)
	}
	if err := e.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
