package sampling_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/sdk/sampling"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// rule is a rule in the role of X-Ray. Patterns left empty are *.
type rule struct {
	Name              string
	Priority          int64
	Rate              float64
	Reservoir         int64
	Service, Type     string
	ARN, Host, Method string
	Path              string
	Version           int64
	Attributes        map[string]string
	ModifiedAt        float64
}

func (r rule) document() map[string]any {
	all := func(s string) string { return cmp.Or(s, "*") }
	return map[string]any{"ModifiedAt": r.ModifiedAt, "CreatedAt": 0.0, "SamplingRule": map[string]any{
		"RuleName": r.Name, "RuleARN": "arn:aws:xray:us-east-1:1:sampling-rule/" + r.Name, "Priority": r.Priority,
		"FixedRate": r.Rate, "ReservoirSize": r.Reservoir, "ServiceName": all(r.Service), "ServiceType": all(r.Type),
		"ResourceARN": all(r.ARN), "Host": all(r.Host), "HTTPMethod": all(r.Method), "URLPath": all(r.Path),
		"Version": cmp.Or(r.Version, 1), "Attributes": r.Attributes,
	}}
}

// statistics is one document that X-Ray was sent.
type statistics struct {
	RuleName, ClientID                      string
	Timestamp                               int64
	RequestCount, SampledCount, BorrowCount int64
	at                                      time.Time
}

// xray is X-Ray's half of sampling: it hands out the rules in pages of two and
// shares each reservoir among the clients that it heard of in the last 30
// seconds.
type xray struct {
	mu       sync.Mutex
	rules    []rule
	modified float64
	fail     bool // answer 500
	fetches  int
	reports  [][]statistics
	seen     map[string]map[string]time.Time // by rule and client
}

func newXRay(rules ...rule) *xray {
	return &xray{rules: rules, seen: map[string]map[string]time.Time{}}
}

func (x *xray) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.fail {
		http.Error(w, `{"message": "broken"}`, http.StatusInternalServerError)
		return
	}
	switch r.Method + r.URL.Path {
	case "POST/GetSamplingRules":
		x.getRules(w, r)
	case "POST/SamplingTargets":
		x.getTargets(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (x *xray) getRules(w http.ResponseWriter, r *http.Request) {
	var request struct{ NextToken string }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if request.NextToken == "" {
		x.fetches++
	}
	begin := len(request.NextToken)
	end := min(begin+2, len(x.rules))
	answer := map[string]any{"NextToken": nil}
	if end < len(x.rules) {
		answer["NextToken"] = string(slices.Repeat([]byte{'x'}, end))
	}
	records := []any{}
	for _, rule := range x.rules[begin:end] {
		records = append(records, rule.document())
	}
	answer["SamplingRuleRecords"] = records
	_ = json.NewEncoder(w).Encode(answer)
}

func (x *xray) getTargets(w http.ResponseWriter, r *http.Request) {
	var request struct{ SamplingStatisticsDocuments []statistics }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil || len(request.SamplingStatisticsDocuments) > 25 {
		http.Error(w, "malformed, or more than 25 documents", http.StatusBadRequest)
		return
	}
	now := time.Now()
	documents, unknown := []any{}, []any{}
	for i := range request.SamplingStatisticsDocuments {
		d := &request.SamplingStatisticsDocuments[i]
		d.at = now
		j := slices.IndexFunc(x.rules, func(r rule) bool { return r.Name == d.RuleName })
		if j < 0 {
			unknown = append(unknown, map[string]string{"RuleName": d.RuleName, "ErrorCode": "400", "Message": "Unknown rule"})
			continue
		}
		documents = append(documents, map[string]any{
			"RuleName": d.RuleName, "FixedRate": x.rules[j].Rate, "Interval": 10,
			"ReservoirQuota": x.share(x.rules[j], d.ClientID, now), "ReservoirQuotaTTL": float64(now.Unix() + 30),
		})
	}
	x.reports = append(x.reports, request.SamplingStatisticsDocuments)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"SamplingTargetDocuments": documents, "LastRuleModification": x.modified, "UnprocessedStatistics": unknown,
	})
}

// share splits a reservoir among the clients of a rule.
func (x *xray) share(r rule, client string, now time.Time) int64 {
	clients := x.seen[r.Name]
	if clients == nil {
		clients = map[string]time.Time{}
		x.seen[r.Name] = clients
	}
	clients[client] = now
	var active []string
	for c, at := range clients {
		if now.Sub(at) < 30*time.Second {
			active = append(active, c)
		}
	}
	slices.Sort(active)
	n := int64(len(active))
	share := r.Reservoir / n
	if int64(slices.Index(active, client)) < r.Reservoir%n {
		share++
	}
	return share
}

func (x *xray) set(change func(*xray)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	change(x)
}

func (x *xray) fetched() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.fetches
}

// statistics returns all documents that came.
func (x *xray) statistics() []statistics {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Concat(x.reports...)
}

// client returns a client that calls the handler without a network, as tests
// with a time of their own need it.
func (x *xray) client() *http.Client {
	return &http.Client{Transport: inProcess{x}}
}

type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w.Result(), r.Context().Err()
}

// newRemote returns a sampler that the end of the test shuts down.
func newRemote(t testing.TB, opts ...sampling.Option) *sampling.Remote {
	t.Helper()
	s, err := sampling.NewRemote(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return s
}

// waitForRules waits until the sampler has fetched rules over a real network.
func waitForRules(t testing.TB, s *sampling.Remote) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if s.Decide(&sampling.Request{}).RuleName != "" {
			return
		}
	}
	t.Fatal("no rules after 5 seconds")
}

func readRules(t testing.TB, file string) *sampling.Rules {
	t.Helper()
	rules, err := sampling.ParseRules([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return rules
}
