package demo

import (
	"regexp"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestFromEnv(t *testing.T) {
	for _, c := range []struct {
		name string
		env  map[string]string
		want Config
	}{
		{"empty", nil, Config{
			WebURL: "http://127.0.0.1:8090", ApplicationsURL: "http://127.0.0.1:8091", ScoringURL: "http://127.0.0.1:8092",
			DocumentsURL: "http://127.0.0.1:8093", LegacyURL: "http://127.0.0.1:8094",
			DynamoDBEndpoint: "http://127.0.0.1:8095", S3Endpoint: "http://127.0.0.1:8096", Rate: 2,
		}},
		{"full", map[string]string{
			"DEMO_LISTEN": "0.0.0.0:80", "DEMO_WEB_URL": "http://web", "DEMO_APPLICATIONS_URL": "http://applications/",
			"DEMO_SCORING_URL": "http://scoring", "DEMO_DOCUMENTS_URL": "http://documents", "DEMO_LEGACY_URL": "http://legacy",
			"DEMO_DYNAMODB_ENDPOINT": "http://dynamodb", "DEMO_S3_ENDPOINT": "http://s3",
			"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4317", "AWS_XRAY_DAEMON_ADDRESS": "collector:2000",
			"ECS_CONTAINER_METADATA_URI_V4": "http://169.254.170.2/v4/0123",
			"DEMO_REQUESTS":                 "5", "DEMO_RATE": "0",
		}, Config{
			Listen: "0.0.0.0:80", WebURL: "http://web", ApplicationsURL: "http://applications", ScoringURL: "http://scoring",
			DocumentsURL: "http://documents", LegacyURL: "http://legacy", DynamoDBEndpoint: "http://dynamodb", S3Endpoint: "http://s3",
			OTLPEndpoint: "http://collector:4317", DaemonAddress: "collector:2000", OnECS: true, Requests: 5,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := FromEnv(func(k string) string { return c.env[k] })
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestHelpIsComplete compares the help with what FromEnv reads.
func TestHelpIsComplete(t *testing.T) {
	explained, read := map[string]bool{}, map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^  ([A-Z_0-9]+) `).FindAllStringSubmatch(EnvironmentHelp, -1) {
		explained[m[1]] = true
	}
	FromEnv(func(k string) string { read[k] = true; return "" })
	if diff := gocmp.Diff(read, explained); diff != "" {
		t.Errorf("(-read +explained):\n%s", diff)
	}
}
