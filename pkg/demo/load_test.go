package demo

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestLoad(t *testing.T) {
	s, c, recorder := startStack(t, nil)
	var progress []int
	result, err := Load(t.Context(), LoadConfig{
		URL: s.URL(), Requests: 100, Concurrency: 4, Seed: 7, // few, for a service has ten seconds also where the machine is busy
		Progress: func(done, total int) { progress = append(progress, done*1000+total) },
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Result{Sent: 100, ByScenario: map[Scenario]int{}, ByStatus: map[int]int{}}
	for scenario, n := range mix {
		want.ByScenario[scenario] += 2 * n
		want.ByStatus[scenario.Status()] += 2 * n
	}
	if diff := gocmp.Diff(want, result); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if len(progress) != 100 || progress[0] != 1100 || progress[99] != 100_100 {
		t.Errorf("progress %v", progress)
	}
	flush(t, s)
	spans := c.await(t, recorder)
	if recorder.Traces() != 100 {
		t.Errorf("%d traces of 100 requests", recorder.Traces())
	}
	if len(spans) != len(recorder.Spans()) {
		t.Errorf("%d spans arrived, %d were recorded", len(spans), len(recorder.Spans()))
	}
}

func TestMixHasEachScenario(t *testing.T) {
	round := deal(rand.New(rand.NewPCG(1, 0)))
	seen := map[Scenario]bool{}
	for _, s := range round {
		seen[s] = true
	}
	if len(round) != 50 || len(seen) != len(Scenarios()) {
		t.Errorf("a round of %d has %d scenarios", len(round), len(seen))
	}
	if diff := gocmp.Diff(round, deal(rand.New(rand.NewPCG(1, 0)))); diff != "" {
		t.Errorf("the same seed deals differently:\n%s", diff)
	}
}

// TestLoadEnds ends the context of loads while requests are under way.
func TestLoadEnds(t *testing.T) {
	for _, c := range []struct {
		name     string
		requests int
		want     error
	}{
		{"endless", 0, nil},
		{"bounded", 1000, context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var begun, answered atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				if begun.Add(1) == 4 {
					cancel()
				}
				<-ctx.Done()
				answered.Add(1)
			}))
			defer server.Close()
			result, err := Load(ctx, LoadConfig{URL: server.URL, Requests: c.requests, Concurrency: 4})
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if result.Failed != 0 || result.Sent < 4 || int64(result.Sent) != answered.Load() {
				t.Errorf("result %+v of %d answers", result, answered.Load())
			}
		})
	}
}

func TestLoadRate(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	begun := time.Now()
	if _, err := Load(t.Context(), LoadConfig{URL: server.URL, Requests: 10, Rate: 100}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took < 90*time.Millisecond {
		t.Errorf("10 requests at 100 a second took %s", took)
	}
}

func TestLoadWithoutServer(t *testing.T) {
	result, err := Load(t.Context(), LoadConfig{URL: "http://" + freeAddress(t), Requests: 3})
	if err == nil || result.Failed != 3 || result.Sent != 0 {
		t.Errorf("result %+v, error %v", result, err)
	}
}
