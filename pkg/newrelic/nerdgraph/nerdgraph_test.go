package nerdgraph_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/newrelic"
	"github.com/bragg-tracing/bragg/pkg/newrelic/nerdgraph"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const trace = "6b0293170123456789abcdef01234567"

// rows is a trace of two spans of which one arrived twice.
type rows struct{}

func (rows) SpanRows(_ context.Context, id string) ([]nerdgraph.Row, error) {
	if id == "ffffffffffffffffffffffffffffffff" {
		return nil, errors.New("database is locked")
	}
	if id != trace {
		return nil, nil
	}
	now := time.Now().UnixMilli()
	child := nerdgraph.Row{"trace.id": trace, "id": "b2", "parent.id": "a1", "name": "SELECT", "timestamp": now - 900, "duration.ms": 2.5, "otel.status_code": "ERROR"}
	return []nerdgraph.Row{
		{"trace.id": trace, "id": "a1", "name": "GET /", "service.name": "web", "timestamp": now - 1000, "duration.ms": int64(12), "otel.status_code": "UNSET", "http.route": "/"},
		child, child,
	}, nil
}

func serve(t *testing.T, cfg nerdgraph.Config) string {
	t.Helper()
	s := httptest.NewServer(nerdgraph.Handler(rows{}, cfg))
	t.Cleanup(s.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return s.URL
}

func client(t *testing.T, url, key string, account int) *newrelic.Client {
	t.Helper()
	c, err := newrelic.New(newrelic.Config{Endpoint: url, UserKey: key, Account: account})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Post sends a query as people write it by hand, and returns the answer.
func post(t *testing.T, url, query string) (int, string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("API-Key", newrelic.LocalUserKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(text))
}

func TestQueryShapes(t *testing.T) {
	url := serve(t, nerdgraph.Config{IntegrationErrors: []nerdgraph.Row{{"timestamp": time.Now().UnixMilli(), "category": "RateLimit", "newRelicFeature": "Distributed Tracing"}}})
	where := "WHERE trace.id = '" + trace + "'"
	tests := []struct{ name, query, want string }{
		{"counts", `{ actor { account(id: 1) { nrql(query: "SELECT count(*), uniqueCount(id) FROM Span ` + where + `") { results } } } }`,
			`{"data":{"actor":{"account":{"nrql":{"results":[{"count":3,"uniqueCount.id":2}]}}}}}`},
		{"alias, fragment and variables' default", `query($id: Int = 7) { a: actor { ...mine } } fragment mine on Actor { account(id: $id) { number: id } }`,
			`{"data":{"a":{"account":{"number":7}}}}`},
		{"attributes of one", `{ actor { account(id: 1) { nrql(query: "FROM Span SELECT name AS n, http.route ` + where + ` AND otel.status_code != 'ERROR' SINCE 2 hours ago LIMIT 1") { metadata { eventTypes } nrql } } } }`,
			`{"data":{"actor":{"account":{"nrql":{"metadata":{"eventTypes":["Span"]},"nrql":"FROM Span SELECT name AS n, http.route ` + where + ` AND otel.status_code != 'ERROR' SINCE 2 hours ago LIMIT 1"}}}}}`},
		{"conditions", `{ actor { account(id: 1) { nrql(query: "SELECT count(*) AS c FROM Span ` + where + ` AND name LIKE 'get%' AND duration.ms >= 12 AND parent.id IS NULL AND id IN ('a1', 'x') AND NOT name = 'y'") { results } } } }`,
			`{"data":{"actor":{"account":{"nrql":{"results":[{"c":1}]}}}}}`},
		{"before the window", `{ actor { account(id: 1) { nrql(query: "SELECT count(*) FROM Span ` + where + ` UNTIL 10 minutes ago") { results } } } }`,
			`{"data":{"actor":{"account":{"nrql":{"results":[{"count":0}]}}}}}`},
		{"integration errors", `{ actor { account(id: 1) { nrql(query: "SELECT count(*) FROM NrIntegrationError WHERE category = 'RateLimit'") { results } } } }`,
			`{"data":{"actor":{"account":{"nrql":{"results":[{"count":1}]}}}}}`},
		{"who am I", `{ actor { user { name } accounts { id } } }`, `{"data":{"actor":{"accounts":[{"id":1}],"user":{"name":"local"}}}}`},
		{"NRQL that is none", `{ actor { account(id: 1) { nrql(query: "SELECT * FORM Span") { results } } } }`,
			`{"data":{"actor":{"account":{"nrql":null}}},"errors":[{"message":"NRQL Syntax Error: Error at line 1 position 10, unexpected 'FORM'","path":["actor","account","nrql"],"extensions":{"errorClass":"SERVER_ERROR","nrdbErrorCode":"NRQL_SYNTAX_ERROR"}}]}`},
		{"NRQL that ends early", `{ actor { account(id: 1) { nrql(query: "SELECT *") { results } } } }`,
			`{"data":{"actor":{"account":{"nrql":null}}},"errors":[{"message":"NRQL Syntax Error: Error at line 1 position 9, unexpected 'end of query'","path":["actor","account","nrql"],"extensions":{"errorClass":"SERVER_ERROR","nrdbErrorCode":"NRQL_SYNTAX_ERROR"}}]}`},
		{"a field that there is not", `{ actor { account(id: 1) { nope } } }`,
			`{"errors":[{"message":"Cannot query field \"nope\" on type \"Account\". Did you mean \"name\"?","locations":[{"line":1,"column":28}],"extensions":{"errorClass":"GRAPHQL_VALIDATION_FAILED"}}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, got := post(t, url, tt.query)
			if status != 200 {
				t.Errorf("status %d", status)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestClientAndErrors runs the client against each error that NerdGraph has.
func TestClientAndErrors(t *testing.T) {
	const theirs, other = "NRAK-AAAAAAAAAAAAAAAAAAAAAAAAAAA", "NRAK-BBBBBBBBBBBBBBBBBBBBBBBBBBB"
	fault := func(f nerdgraph.Fault) func() *nerdgraph.Fault { return func() *nerdgraph.Fault { return &f } }
	tests := []struct {
		name      string
		cfg       nerdgraph.Config
		key, id   string
		account   int
		want      newrelic.Kind
		temporary bool
		after     time.Duration
	}{
		{"bad key, or one of another region", nerdgraph.Config{Keys: []string{theirs}}, other, trace, 1, newrelic.BadKey, false, 0},
		{"account of somebody else", nerdgraph.Config{Account: 2}, theirs, trace, 1, newrelic.NoAccount, false, 0},
		{"rate limit", nerdgraph.Config{Fault: fault(nerdgraph.Fault{Status: 429, RetryAfter: 7, Message: "Too many requests"})}, theirs, trace, 1, newrelic.Throttled, true, 7 * time.Second},
		{"timeout", nerdgraph.Config{Fault: fault(nerdgraph.Fault{Class: "TIMEOUT", Message: "NRDB:1106924 The query timed out"})}, theirs, trace, 1, newrelic.TimedOut, true, 0},
		{"failure", nerdgraph.Config{Fault: fault(nerdgraph.Fault{Class: "INTERNAL_SERVER_ERROR", Message: "oops"})}, theirs, trace, 1, newrelic.Failed, true, 0},
		{"gateway", nerdgraph.Config{Fault: fault(nerdgraph.Fault{Status: 504, Message: "gateway"})}, theirs, trace, 1, newrelic.TimedOut, true, 0},
		{"payment", nerdgraph.Config{Fault: fault(nerdgraph.Fault{Status: 402, Message: "payment required"})}, theirs, trace, 1, newrelic.Unpaid, false, 0},
		{"store that fails", nerdgraph.Config{}, theirs, "ffffffffffffffffffffffffffffffff", 1, newrelic.Failed, true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := client(t, serve(t, tt.cfg), tt.key, tt.account)
			_, err := c.Spans(t.Context(), tt.id, time.Hour)
			var got *newrelic.Error
			if !errors.As(err, &got) {
				t.Fatalf("got %v, want a newrelic.Error", err)
			}
			if got.Kind != tt.want || got.Temporary() != tt.temporary || got.RetryAfter != tt.after || got.Remedy() == "" {
				t.Errorf("got %+v, temporary %v", got, got.Temporary())
			}
			if strings.Contains(err.Error(), tt.key[5:]) {
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		_, err := client(t, "http://127.0.0.1:1/graphql", theirs, 1).Spans(t.Context(), trace, time.Hour)
		var got *newrelic.Error
		if !errors.As(err, &got) || got.Kind != newrelic.Unreachable {
			t.Errorf("got %v", err)
		}
	})
	t.Run("not NerdGraph", func(t *testing.T) {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) }))
		defer s.Close()
		_, err := client(t, s.URL, theirs, 1).Spans(t.Context(), trace, time.Hour)
		var got *newrelic.Error
		if !errors.As(err, &got) || got.Kind != newrelic.Failed {
			t.Errorf("got %v", err)
		}
	})
}

func TestClientReadsSpans(t *testing.T) {
	url := serve(t, nerdgraph.Config{IntegrationErrors: []nerdgraph.Row{{"timestamp": time.Now().UnixMilli(), "category": "RateLimit", "rateLimitType": "SpansPerMinute", "newRelicFeature": "Distributed Tracing", "message": "limit"}}})
	c := client(t, url, newrelic.LocalUserKey, newrelic.LocalAccount)
	spans, err := c.Spans(t.Context(), "1-6b029317-0123456789abcdef01234567", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if len(spans) != 3 || spans[2].ID != "a1" || spans[2].Duration != 12*time.Millisecond || spans[0].ParentID != "a1" || spans[0].Status != "ERROR" {
		t.Errorf("got %+v", spans)
	}
	if _, err := c.Spans(t.Context(), trace+"' OR '1' = '1", time.Hour); err == nil {
		t.Error("took an id that is none")
	}
	notes, err := c.IntegrationErrors(t.Context(), time.Hour)
	if err != nil || len(notes) != 1 || notes[0].Limit != "SpansPerMinute" || notes[0].Time.IsZero() {
		t.Errorf("got %+v, %v", notes, err)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, cfg := range map[string]newrelic.Config{
		"no endpoint": {UserKey: newrelic.LocalUserKey, Account: 1},
		"no key":      {Endpoint: "https://h/graphql", Account: 1},
		"license key": {Endpoint: "https://h/graphql", UserKey: "eu01xx0123456789abcdef0123456789abcdNRAL", Account: 1},
		"new line":    {Endpoint: "https://h/graphql", UserKey: newrelic.LocalUserKey + "\n", Account: 1},
		"no account":  {Endpoint: "https://h/graphql", UserKey: newrelic.LocalUserKey},
	} {
		if _, err := newrelic.New(cfg); err == nil || cfg.UserKey != "" && strings.Contains(err.Error(), strings.TrimSpace(cfg.UserKey)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzNRQL(f *testing.F) {
	for _, q := range []string{
		"SELECT * FROM Span WHERE trace.id = '" + trace + "' SINCE 60 minutes ago LIMIT MAX",
		"SELECT count(*), uniqueCount(`a b`) AS 'x' FROM Span WHERE NOT a IN (1, 'b') AND c IS NOT NULL ORDER BY d DESC UNTIL now",
		"SELECT", "'", "`", "SELECT * FROM Span WHERE a LIKE '%%'", "LIMIT", "SINCE 1",
	} {
		f.Add(q)
	}
	h := nerdgraph.Handler(rows{}, nerdgraph.Config{})
	f.Fuzz(func(t *testing.T, nrql string) {
		body, err := json.Marshal(map[string]any{"query": `query($q: Nrql!) { actor { account(id: 1) { nrql(query: $q) { results } } } }`, "variables": map[string]any{"q": nrql}})
		if err != nil {
			t.Skip()
		}
		req := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(body)))
		req.Header.Set("API-Key", newrelic.LocalUserKey)
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, req)
		if answer.Code != 200 || !json.Valid(answer.Body.Bytes()) {
			t.Errorf("status %d: %s", answer.Code, answer.Body)
		}
	})
}
