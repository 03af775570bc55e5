package awsxrayexporter

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// faultSpans is how many spans each fault gets; BRAGG_FAULT_SPANS raises it.
func faultSpans(t *testing.T) int {
	if text := os.Getenv("BRAGG_FAULT_SPANS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if testing.Short() {
		return 1_000
	}
	if raceDetector {
		return 4_000 // 80 requests, which is enough for every row's turn
	}
	return 10_000
}

// poisoned tells whether a document is the one that spoils its request.
func poisoned(id string) bool { return id == spanID(777).String() }

// TestFaults: whatever the endpoint does, each valid document is stored exactly
// as it was translated, and twice only where an answer was lost.
func TestFaults(t *testing.T) {
	type scripted func() func(w http.ResponseWriter, r *request) []bool
	stateless := func(f func(w http.ResponseWriter, r *request) []bool) scripted {
		return func() func(w http.ResponseWriter, r *request) []bool { return f }
	}
	tests := []struct {
		name     string
		script   scripted
		twice    bool // an answer is lost
		refused  int
		counters map[string]bool // that must not be zero, or must be
	}{
		{name: "none", script: stateless(takeAll), counters: map[string]bool{"retried_documents": false, "throttled_documents": false}},
		{name: "slow", script: stateless(func(w http.ResponseWriter, r *request) []bool {
			time.Sleep(rand.N(30 * time.Millisecond))
			return takeAll(w, r)
		})},
		{name: "one put in five throttled", script: stateless(func(w http.ResponseWriter, r *request) []bool {
			if r.number%5 == 0 {
				return answerError(w, http.StatusTooManyRequests, "ThrottledException")
			}
			return takeAll(w, r)
		}), counters: map[string]bool{"throttled_documents": true, "retried_documents": true}},
		{name: "a storm of 429", script: stateless(func(w http.ResponseWriter, r *request) []bool {
			if r.number < 60 {
				return answerError(w, http.StatusTooManyRequests, "ThrottledException")
			}
			return takeAll(w, r)
		}), counters: map[string]bool{"throttled_documents": true}},
		{name: "throttling with status 400", script: stateless(func(w http.ResponseWriter, r *request) []bool {
			if r.number%4 == 0 {
				return answerError(w, http.StatusBadRequest, "ThrottlingException")
			}
			return takeAll(w, r)
		}), counters: map[string]bool{"throttled_documents": true}},
		{name: "5xx", script: stateless(func(w http.ResponseWriter, r *request) []bool {
			if r.number%3 == 0 {
				w.WriteHeader([]int{500, 502, 503, 504}[r.number%4])
				return nil
			}
			return takeAll(w, r)
		}), counters: map[string]bool{"throttled_documents": false, "retried_documents": true}},
		{name: "resets before anything is stored", script: stateless(func(w http.ResponseWriter, r *request) []bool {
			if r.number%4 == 0 {
				panic(http.ErrAbortHandler)
			}
			return takeAll(w, r)
		}), counters: map[string]bool{"retried_documents": true}},
		{name: "answers lost after all is stored", twice: true, script: stateless(func(w http.ResponseWriter, r *request) []bool {
			taken := slices.Repeat([]bool{true}, len(r.documents))
			if r.number%4 == 0 {
				w.Header().Set("Content-Length", "100")
				fmt.Fprint(w, `{"Unproc`)
				return taken
			}
			return takeAll(w, r)
		})},
		{name: "half of the documents throttled", script: stateless(func(w http.ResponseWriter, r *request) []bool {
			return unprocessed(w, r, "ThrottledException", func(i int) bool { return r.number%2 == 0 && i%2 == 0 })
		}), counters: map[string]bool{"throttled_documents": true, "unprocessed_documents": true}},
		{name: "half of the documents of every put throttled", script: stateless(func(w http.ResponseWriter, r *request) []bool {
			return unprocessed(w, r, "ThrottledException", func(i int) bool { return len(r.ids) > 1 && i%2 == 0 })
		}), counters: map[string]bool{"throttled_documents": true, "unprocessed_documents": true}},
		{name: "half of the documents hit by internal errors", script: stateless(func(w http.ResponseWriter, r *request) []bool {
			return unprocessed(w, r, "InternalFailure", func(i int) bool { return r.number%2 == 0 && i%2 == 1 })
		}), counters: map[string]bool{"throttled_documents": false, "unprocessed_documents": true}},
		{name: "one document spoils its request", refused: 1, script: stateless(func(w http.ResponseWriter, r *request) []bool {
			if slices.ContainsFunc(r.ids, poisoned) {
				return answerError(w, http.StatusBadRequest, "InvalidRequestException")
			}
			return takeAll(w, r)
		}), counters: map[string]bool{"dropped_documents": true}},
		{name: "one document is invalid", refused: 1, script: stateless(func(w http.ResponseWriter, r *request) []bool {
			return unprocessed(w, r, "InvalidSegment", func(i int) bool { return poisoned(r.ids[i]) })
		}), counters: map[string]bool{"dropped_documents": true, "unprocessed_documents": true}},
		{name: "clock skew", script: stateless(func(w http.ResponseWriter, r *request) []bool {
			ahead := time.Now().Add(time.Hour)
			w.Header().Set("Date", ahead.UTC().Format(http.TimeFormat))
			signed, err := time.Parse("20060102T150405Z", r.header.Get("X-Amz-Date"))
			if err != nil || ahead.Sub(signed).Abs() > 5*time.Minute {
				return answerError(w, http.StatusForbidden, "InvalidSignatureException")
			}
			return takeAll(w, r)
		})},
		{name: "all of it", script: func() func(w http.ResponseWriter, r *request) []bool {
			return func(w http.ResponseWriter, r *request) []bool {
				switch r.number % 7 {
				case 0:
					panic(http.ErrAbortHandler)
				case 1:
					return answerError(w, http.StatusTooManyRequests, "ThrottledException")
				case 2:
					return answerError(w, http.StatusServiceUnavailable, "ServiceUnavailable")
				case 3:
					return unprocessed(w, r, "ThrottledException", func(i int) bool { return i%3 == 0 })
				}
				return takeAll(w, r)
			}
		}},
	}
	n := faultSpans(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := newEndpoint(t, test.script())
			r := start(t, e.URL, nil)
			r.send(t, n)
			e.await(t, n-test.refused)
			r.stop(t)
			e.compare(t, n, test.twice, test.refused > 0)
			if got := r.sum(t, "sent_documents", "", ""); got != int64(n-test.refused) {
				t.Errorf("counted %d documents sent, want %d", got, n-test.refused)
			}
			if got := r.sum(t, "dropped_documents", "", ""); got != int64(test.refused) {
				t.Errorf("counted %d documents dropped, want %d", got, test.refused)
			}
			for name, positive := range test.counters {
				if got := r.sum(t, name, "", ""); (got > 0) != positive {
					t.Errorf("%s is %d", name, got)
				}
			}
		})
	}
}

// compare holds what is stored against the translation of n spans.
func (e *endpoint) compare(t *testing.T, n int, twice, poison bool) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	want := documentsOf(t, spans(0, n))
	for i, d := range want {
		times := e.stored[d]
		switch {
		case poison && i == 777:
			if times != 0 {
				t.Errorf("the refused document was stored")
			}
		case times == 0:
			t.Fatalf("document %d is not stored as translated: %s", i, d)
		case times > 1 && !twice:
			t.Fatalf("document %d is stored %d times", i, times)
		}
		delete(e.stored, d)
	}
	if len(e.stored) > 0 {
		t.Errorf("%d documents are stored that the translation did not give", len(e.stored))
	}
}

// TestExpiredCredentials: the provider is asked again, and nothing is lost.
func TestExpiredCredentials(t *testing.T) {
	var mu sync.Mutex
	keys := 0 // that the provider gave
	provider := newProvider(t, func() string {
		mu.Lock()
		defer mu.Unlock()
		keys++
		return fmt.Sprintf("AKID%d", keys)
	})
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", provider.URL)
	e := newEndpoint(t, func(w http.ResponseWriter, r *request) []bool {
		if strings.Contains(r.header.Get("Authorization"), "Credential=AKID1/") {
			return answerError(w, http.StatusForbidden, "ExpiredTokenException")
		}
		return takeAll(w, r)
	})
	n := faultSpans(t)
	r := start(t, e.URL, nil)
	r.send(t, n)
	e.await(t, n)
	r.stop(t)
	e.compare(t, n, false, false)
	if keys < 2 {
		t.Errorf("the provider gave credentials %d times", keys)
	}
}

// sumOf reads a counter.
func sumOf(t testing.TB, telemetry *componenttest.Telemetry, name, key, value string) int64 {
	t.Helper()
	m, err := telemetry.GetMetric(name)
	if err != nil {
		return 0 // never counted
	}
	var total int64
	for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
		if got, ok := point.Attributes.Value(attribute.Key(key)); key == "" || ok && got.AsString() == value {
			total += point.Value
		}
	}
	return total
}
