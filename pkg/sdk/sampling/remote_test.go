package sampling_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/sampling"
)

// drive asks for a decision n times a second for some seconds, and returns how
// many were samples.
func drive(s sampling.Strategy, seconds, n int, r *sampling.Request) (sampled int) {
	for range seconds * n {
		if s.Decide(r).Sample {
			sampled++
		}
		time.Sleep(time.Second / time.Duration(n))
	}
	return sampled
}

func quiet() sampling.Option { return sampling.WithLogger(slog.New(slog.DiscardHandler)) }

func TestThreeClientsConverge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newXRay(rule{Name: "Default", Priority: 10000, Reservoir: 9})
		var clients []*sampling.Remote
		for range 3 {
			clients = append(clients, newRemote(t, sampling.WithHTTPClient(x.client()), quiet()))
		}
		count := func(seconds int) (total int) {
			sampled := make([]int, len(clients))
			var wg sync.WaitGroup
			for i, c := range clients {
				wg.Go(func() { sampled[i] = drive(c, seconds, 20, &sampling.Request{Path: "/"}) })
			}
			wg.Wait()
			for _, n := range sampled {
				total += n
			}
			return total
		}
		time.Sleep(time.Second)
		if n := count(5); n != 3*5 {
			t.Errorf("before any target %d samples in 5 seconds, want 1 a second borrowed by each client", n)
		}
		count(25)
		if n := count(20); n < 9*19 || n > 9*21 {
			t.Errorf("%d samples in 20 seconds, want the reservoir of 9 a second", n)
		}
		// One client ends: its share goes to the others.
		if err := clients[2].Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		clients = clients[:2]
		count(60)
		if n := count(20); n < 9*19 || n > 9*21 {
			t.Errorf("with two clients %d samples in 20 seconds, want 9 a second", n)
		}
	})
}

func TestReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newXRay(rule{Name: "all", Priority: 1, Rate: 1, Reservoir: 1}, rule{Name: "Default", Priority: 10000})
		s := newRemote(t, sampling.WithHTTPClient(x.client()), quiet())
		began := time.Now()
		time.Sleep(time.Second)
		drive(s, 40, 5, &sampling.Request{})
		reports := x.statistics()
		if len(reports) != 4 {
			t.Fatalf("%d reports in 41 seconds, want one every 10 seconds: %v", len(reports), reports)
		}
		total := int64(0)
		for i, r := range reports {
			if late := r.at.Sub(began) - time.Duration(i+1)*10*time.Second; late < 0 || late > time.Second {
				t.Errorf("report %d came %v late", i, late)
			}
			if r.RuleName != "all" || len(r.ClientID) != 24 || r.ClientID != reports[0].ClientID || r.Timestamp != r.at.Unix() {
				t.Errorf("report: %+v", r)
			}
			if r.SampledCount+r.BorrowCount != r.RequestCount {
				t.Errorf("%d sampled and %d borrowed of %d, at a rate of 1", r.SampledCount, r.BorrowCount, r.RequestCount)
			}
			if borrowed := r.BorrowCount > 0; borrowed != (i == 0) {
				t.Errorf("report %d: %d borrowed", i, r.BorrowCount)
			}
			total += r.RequestCount
		}
		if total < 190 || total > 200 {
			t.Errorf("%d requests reported, want nearly 200", total)
		}
		// No requests, no reports; the quota of the last answer ends meanwhile.
		time.Sleep(time.Minute)
		if n := len(x.statistics()); n > 5 {
			t.Errorf("%d reports, of which at least %d without requests", n, n-5)
		}
		before := len(x.statistics())
		s.Decide(&sampling.Request{})
		time.Sleep(11 * time.Second)
		if reports := x.statistics(); len(reports) != before+1 || reports[before].BorrowCount != 1 {
			t.Errorf("after the quota's end: %+v", reports[before:])
		}
	})
}

func TestReportsSurviveFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rules []rule
		for i := range 60 { // more than one report takes
			rules = append(rules, rule{Name: fmt.Sprintf("r%d", i), Priority: int64(i + 1), Path: fmt.Sprintf("/%d", i)})
		}
		x := newXRay(rules...)
		s := newRemote(t, sampling.WithHTTPClient(x.client()), quiet())
		time.Sleep(time.Second)
		x.set(func(x *xray) { x.fail = true })
		for i := range 60 {
			s.Decide(&sampling.Request{Path: fmt.Sprintf("/%d", i)})
		}
		time.Sleep(15 * time.Second)
		x.set(func(x *xray) { x.fail = false })
		time.Sleep(10 * time.Second)
		if n := len(x.statistics()); n != 60 {
			t.Errorf("%d rules reported, want 60", n)
		}
		for _, r := range x.statistics() {
			if r.RequestCount != 1 {
				t.Errorf("%s: %d requests, want 1", r.RuleName, r.RequestCount)
			}
		}
	})
}

func TestRulesChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newXRay(rule{Name: "Default", Priority: 10000, Rate: 0}, rule{Name: "pay", Priority: 1, Rate: 1, Path: "/pay"})
		s := newRemote(t, sampling.WithHTTPClient(x.client()), quiet())
		pay, other := &sampling.Request{Path: "/pay"}, &sampling.Request{Path: "/"}
		time.Sleep(time.Second)
		if d := s.Decide(pay); !d.Sample || d.RuleName != "pay" {
			t.Errorf("decision: %+v", d)
		}
		if d := s.Decide(other); d.Sample || d.RuleName != "Default" {
			t.Errorf("decision: %+v", d)
		}
		x.set(func(x *xray) {
			x.rules, x.modified = []rule{{Name: "Default", Priority: 10000, Rate: 1, ModifiedAt: 5}}, 5
		})
		time.Sleep(11 * time.Second) // a report says that rules have changed
		if n := x.fetched(); n != 2 {
			t.Errorf("%d fetches, want a second one at once", n)
		}
		if d := s.Decide(pay); !d.Sample || d.RuleName != "Default" {
			t.Errorf("decision after the rule is gone: %+v", d)
		}
		time.Sleep(11 * time.Second)
		if n := x.fetched(); n != 2 {
			t.Errorf("%d fetches, though nothing changed again", n)
		}
		time.Sleep(5 * time.Minute)
		if n := x.fetched(); n != 3 {
			t.Errorf("%d fetches after 5 minutes, want a third", n)
		}
	})
}

func TestStaleRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newXRay(rule{Name: "Default", Priority: 10000, Rate: 1})
		var log bytes.Buffer
		s := newRemote(t, sampling.WithHTTPClient(x.client()), sampling.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		if n := drive(s, 0, 1, &sampling.Request{}); n != 0 {
			t.Fatal(n)
		}
		time.Sleep(time.Second)
		x.set(func(x *xray) { x.fail = true })
		time.Sleep(59 * time.Minute)
		if d := s.Decide(&sampling.Request{}); d.RuleName != "Default" {
			t.Errorf("rules of 59 minutes: %+v", d)
		}
		time.Sleep(2 * time.Minute)
		first, second := s.Decide(&sampling.Request{}), s.Decide(&sampling.Request{})
		if first.RuleName != "" || !first.Sample || second.RuleName != "" {
			t.Errorf("rules of 61 minutes: %+v, want the fallback", first)
		}
		synctest.Wait()
		if n := strings.Count(log.String(), "level=WARN"); n != 1 {
			t.Errorf("%d warnings, want one:\n%s", n, &log)
		}
		x.set(func(x *xray) { x.fail = false })
		time.Sleep(6 * time.Minute)
		if d := s.Decide(&sampling.Request{}); d.RuleName != "Default" {
			t.Errorf("after X-Ray is back: %+v", d)
		}
	})
}

func TestFallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newXRay()
		x.fail = true
		s := newRemote(t, sampling.WithHTTPClient(x.client()), quiet())
		n := drive(s, 100, 50, &sampling.Request{})
		if want := 100 + 49*100/20; n < want-100 || n > want+100 { // 5 % of 4900 is 245, ± 15
			t.Errorf("%d samples of 5000 in 100 seconds, want 1 a second and 5 %% of the rest: about %d", n, want)
		}
		none := newRemote(t, sampling.WithHTTPClient(x.client()), quiet(),
			sampling.WithFallback(readRules(t, `{"version": 2, "default": {"fixed_target": 0, "rate": 0}}`)))
		if n := drive(none, 10, 10, &sampling.Request{}); n != 0 {
			t.Errorf("%d samples with a fallback that takes none", n)
		}
	})
}

// TestSampler goes through the OpenTelemetry SDK and a real network.
func TestSampler(t *testing.T) {
	server := httptest.NewServer(newXRay(rule{Name: "Default", Priority: 10000}, rule{Name: "pay", Priority: 1, Rate: 1, Path: "/pay"}))
	defer server.Close()
	s := newRemote(t, sampling.WithEndpoint(server.URL+"/"))
	waitForRules(t, s)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sampling.ParentBased(s)))
	start := func(path string) sdktrace.ReadOnlySpan {
		_, span := provider.Tracer("test").Start(t.Context(), "x", withAttributes(attribute.String("url.path", path)))
		recorded, _ := span.(sdktrace.ReadOnlySpan)
		return recorded
	}
	if start("/") != nil {
		t.Error("recorded against the rule")
	}
	span := start("/pay")
	if span == nil {
		t.Fatal("not recorded")
	}
	found := false
	for _, kv := range span.Attributes() {
		found = found || kv == sampling.RuleNameKey.String("pay")
	}
	if !found {
		t.Errorf("attributes without the rule's name: %v", span.Attributes())
	}
}

func TestNeverBlocks(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and answers nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	begin := time.Now()
	s, err := sampling.NewRemote(sampling.WithEndpoint("http://"+l.Addr().String()), quiet())
	if err != nil {
		t.Fatal(err)
	}
	s.Decide(&sampling.Request{})
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("start, decision and shutdown took %v", took)
	}
}

func TestShutdownIsBounded(t *testing.T) {
	called, release := make(chan struct{}), make(chan struct{})
	stubborn := roundTripper(func(*http.Request) (*http.Response, error) {
		close(called)
		<-release
		return nil, context.Canceled
	})
	s, err := sampling.NewRemote(sampling.WithHTTPClient(&http.Client{Transport: stubborn}), quiet())
	if err != nil {
		t.Fatal(err)
	}
	<-called
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); err == nil {
		t.Error("no error, though the goroutine runs")
	}
	close(release)
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAnswersThatAreNone(t *testing.T) {
	for name, answer := range map[string]string{
		"no JSON": "<html>", "another type": `{"SamplingRuleRecords": 1}`, "endless": `{"NextToken": "again", "SamplingRuleRecords": []}`,
		"no rules": `{}`, "empty record": `{"SamplingRuleRecords": [{}]}`, "too long": `{"x": "` + strings.Repeat("x", 5<<20) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			asked := make(chan struct{}, 1000)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(answer))
				asked <- struct{}{}
			}))
			defer server.Close()
			s := newRemote(t, sampling.WithEndpoint(server.URL), quiet())
			<-asked
			if err := s.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			if d := s.Decide(&sampling.Request{}); !d.Sample || d.RuleName != "" {
				t.Errorf("decision: %+v, want the fallback's", d)
			}
		})
	}
}

func TestOptionsThatCannotBeUsed(t *testing.T) {
	for _, o := range []sampling.Option{
		sampling.WithEndpoint("127.0.0.1:2000"), sampling.WithEndpoint("ftp://x"), sampling.WithEndpoint("http://"), sampling.WithEndpoint("http://user:secret@ho st"),
		sampling.WithPollingInterval(time.Millisecond),
	} {
		if s, err := sampling.NewRemote(o); err == nil || s != nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("error: %v", err)
		}
	}
}

func TestArgument(t *testing.T) {
	asked := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	defer server.Close()
	tests := []struct {
		argument string
		options  int
		problem  string
	}{
		{"", 0, ""},
		{"endpoint=" + server.URL + ",polling_interval=60", 2, ""},
		{" endpoint=" + strings.TrimPrefix(server.URL, "http://") + " , polling_interval=1.5,", 2, ""},
		{"polling_interval=0", 0, "polling_interval"},
		{"polling_interval=soon,endpoint=" + server.URL, 1, "polling_interval"},
		{"endpoint=http://", 0, "endpoint"},
		{"0.5", 0, `"0.5" is not known`},
	}
	for _, tt := range tests {
		argument, err := sampling.ParseArgument(tt.argument)
		opts := argument.Options()
		if len(opts) != tt.options || (err == nil) != (tt.problem == "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
			t.Errorf("%q: %d options, error %v", tt.argument, len(opts), err)
		}
		if strings.Contains(tt.argument, "endpoint="+server.URL) || strings.Contains(tt.argument, "1.5") {
			newRemote(t, append(opts, quiet())...)
			if path := <-asked; path != "/GetSamplingRules" {
				t.Errorf("%q: asked for %s", tt.argument, path)
			}
		}
	}
}
