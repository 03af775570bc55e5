package demo

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// pick returns the named attributes of a span.
func pick(s arrivedSpan, keys ...string) map[string]any {
	picked := map[string]any{}
	for _, k := range keys {
		if v, ok := s.attributes[k]; ok {
			picked[k] = v
		}
	}
	return picked
}

func TestContentOfSpans(t *testing.T) {
	s, c, recorder := startStack(t, nil)
	_, trace, answer := send(t, s, ViaLegacy, nil)
	_, throttled, _ := send(t, s, Throttled, nil)
	flush(t, s)
	spans := c.await(t, recorder)

	id := answer["id"].(string)
	for _, want := range []struct {
		name, service, span, kind string
		attributes                map[string]any
	}{
		{"annotations of the entry", Web, "POST /apply", "Server", map[string]any{
			"client_id": "enova", "amount": int64(3000), "decision": answer["decision"], "http.route": "/apply", "enduser.id": "enova",
			"aws.xray.annotations": []any{"amount", "client_id", "decision"},
		}},
		{"call of a peer", Web, "POST applications", "Client", map[string]any{
			"peer.service": "applications", "http.response.status_code": int64(201),
		}},
		{"aws block of DynamoDB", Applications, "DynamoDB.PutItem", "Client", map[string]any{
			"rpc.system": "aws-api", "rpc.service": "DynamoDB", "aws.operation": "PutItem", "aws.region": region,
			"aws.dynamodb.table_names": []any{applicationTable}, "http.response.status_code": int64(200),
		}},
		{"aws block of S3", Documents, "S3.PutObject", "Client", map[string]any{
			"rpc.system": "aws-api", "rpc.service": "S3", "aws.operation": "PutObject", "aws.s3.bucket": bucket,
			"aws.s3.key": "enova/" + id + "/credit-report.txt",
		}},
		{"sql block", Scoring, "SELECT clients", "Client", map[string]any{
			"db.system": "sqlite", "db.name": databaseName, "db.user": databaseUser, "db.statement": selectClient,
			"db.connection_string": "sqlite://localhost",
		}},
		{"score", Scoring, "evaluate credit model", "Internal", map[string]any{
			"score": int64(answer["score"].(float64)), "aws.xray.annotations": []any{"score"},
		}},
	} {
		t.Run(want.name, func(t *testing.T) {
			span := one(t, spans, trace, want.service, want.span)
			var keys []string
			for k := range want.attributes {
				keys = append(keys, k)
			}
			if diff := gocmp.Diff(want.attributes, pick(span, keys...)); diff != "" {
				t.Errorf("attributes (-want +got):\n%s", diff)
			}
			if span.kind != want.kind {
				t.Errorf("kind %s, want %s", span.kind, want.kind)
			}
		})
	}
	t.Run("metadata", func(t *testing.T) {
		var model struct {
			Version int
			Limit   int `json:"credit_limit"`
		}
		attribute := one(t, spans, trace, Scoring, "evaluate credit model").attributes["aws.xray.metadata.credit_model"]
		if err := json.Unmarshal([]byte(attribute.(string)), &model); err != nil || model.Version != 7 || model.Limit != 60_000 {
			t.Errorf("metadata %v: %v", attribute, err)
		}
	})
	t.Run("throttled", func(t *testing.T) {
		if got := one(t, spans, throttled, Applications, "DynamoDB.PutItem").attributes["http.response.status_code"]; got != int64(400) {
			t.Errorf("DynamoDB answered %v, want 400", got)
		}
		exceptions := one(t, spans, throttled, Applications, "POST /applications").exceptions
		if len(exceptions) != 1 || exceptions[0]["exception.type"] != "*types.ProvisionedThroughputExceededException" {
			t.Errorf("exceptions %v", exceptions)
		}
	})
	t.Run("legacy", func(t *testing.T) { checkLegacy(t, one(t, spans, trace, Legacy, Legacy).segment) })
}

func checkLegacy(t *testing.T, root *segment) {
	t.Helper()
	if root.Annotations["client_id"] != "enova" || root.Annotations["bureau_score"] == nil {
		t.Errorf("annotations %v", root.Annotations)
	}
	if _, ok := root.Metadata["default"]["application"]; !ok {
		t.Errorf("metadata %v", root.Metadata)
	}
	if got := root.Subsegments[0].Metadata["bureau"]["credit_file"]; got == nil {
		t.Errorf("metadata of the subsegment %v", root.Subsegments[0].Metadata)
	}
	call := root.Subsegments[1]
	if call.Namespace != "remote" || call.HTTP.Response.Status != http.StatusCreated || !strings.HasSuffix(call.HTTP.Request.URL, "/documents") {
		t.Errorf("call of documents: %+v", call)
	}
}

func TestFaultHasStack(t *testing.T) {
	s, c, recorder := startStack(t, nil)
	_, trace, _ := send(t, s, Fault, nil)
	flush(t, s)
	exceptions := one(t, c.await(t, recorder), trace, Scoring, "evaluate credit model").exceptions
	if len(exceptions) != 1 || exceptions[0]["exception.message"] != errModel.Error() {
		t.Fatalf("exceptions %v", exceptions)
	}
	if stack, _ := exceptions[0]["exception.stacktrace"].(string); !strings.Contains(stack, "scoring.go") {
		t.Errorf("stack %q does not lead to scoring.go", stack)
	}
}

// TestCallersTrace sends requests that are part of a trace already.
func TestCallersTrace(t *testing.T) {
	const trace, parent = "6b0323d714312ba1d8a3cff3164b354b", "53995c3f42cd8ad8"
	for name, headers := range map[string]map[string]string{
		"W3C": {"traceparent": "00-" + trace + "-" + parent + "-01"},
		// Whatever its clock or its maker, the trace keeps its id.
		"X-Ray": {"X-Amzn-Trace-Id": "Root=1-" + trace[:8] + "-" + trace[8:] + ";Parent=" + parent + ";Sampled=1"},
		// The demo samples everything, whatever its caller decided.
		"X-Ray, not sampled": {"X-Amzn-Trace-Id": "Root=1-" + trace[:8] + "-" + trace[8:] + ";Parent=" + parent + ";Sampled=0"},
	} {
		t.Run(name, func(t *testing.T) {
			s, c, recorder := startStack(t, nil)
			if _, got, _ := send(t, s, ViaLegacy, headers); got != trace {
				t.Errorf("the answer names trace %s, want %s", got, trace)
			}
			flush(t, s)
			spans := c.await(t, recorder)
			if diff := gocmp.Diff(viaLegacy, tree(spans, trace)); diff != "" {
				t.Errorf("trace (-want +got):\n%s", diff)
			}
			if got := one(t, spans, trace, Web, "POST /apply").parentID; got != parent {
				t.Errorf("parent %s, want %s", got, parent)
			}
		})
	}
}

func TestGetApplication(t *testing.T) {
	s, c, recorder := startStack(t, nil)
	_, _, filed := send(t, s, OK, nil)
	get := func(id string) (int, string, map[string]any) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/applications/"+id, nil)
		if err != nil {
			t.Fatal(err)
		}
		return exchange(t, r)
	}
	status, trace, found := get(filed["id"].(string))
	if diff := gocmp.Diff(filed, found); status != http.StatusOK || diff != "" {
		t.Errorf("status %d, application (-filed +found):\n%s", status, diff)
	}
	if status, _, _ := get("app-that-is-not-there"); status != http.StatusNotFound {
		t.Errorf("status %d of what is not there", status)
	}
	flush(t, s)
	want := `web: GET /applications/{id}
  web: GET applications
    applications: GET /applications/{id}
      applications: DynamoDB.GetItem
`
	if diff := gocmp.Diff(want, tree(c.await(t, recorder), trace)); diff != "" {
		t.Errorf("trace (-want +got):\n%s", diff)
	}
}

func TestBadRequests(t *testing.T) {
	s, _, _ := startStack(t, nil)
	for name, body := range map[string]string{
		"empty":            "",
		"no JSON":          "amount=3",
		"no client":        `{"amount": 5}`,
		"long client":      `{"amount": 5, "client_id": "` + strings.Repeat("x", 65) + `"}`,
		"no amount":        `{"client_id": "enova"}`,
		"large amount":     `{"client_id": "enova", "amount": 1000001}`,
		"unknown scenario": `{"client_id": "enova", "amount": 5, "scenario": "flood"}`,
		"too long":         `{"client_id": "` + strings.Repeat("x", maxBody) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/apply", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if status, _, answer := exchange(t, r); status != http.StatusBadRequest || answer["error"] == "" {
				t.Errorf("status %d: %v", status, answer)
			}
		})
	}
}
