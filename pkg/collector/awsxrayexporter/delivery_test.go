package awsxrayexporter

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap/zapcore"
)

// direct has no queue: ConsumeTraces returns what became of the spans.
func direct(cfg *Config) { cfg.Queue = configoptional.None[exporterhelper.QueueBatchConfig]() }

// TestAttempts is the README's table of max_retries and retry_on_failure.
func TestAttempts(t *testing.T) {
	tests := []struct {
		name       string
		maxRetries int
		retry      bool
		status     int
		wantPuts   int // of one document; -1 means more than eight
	}{
		{"max_retries alone", 2, false, http.StatusServiceUnavailable, 2},
		{"one try", 1, false, http.StatusServiceUnavailable, 1},
		{"0 means three", 0, false, http.StatusServiceUnavailable, 3},
		{"throttling counts", 2, false, http.StatusTooManyRequests, 2},
		{"a denial is not repeated in a push", 5, false, http.StatusForbidden, 1},
		{"a bad document is not repeated", 5, true, http.StatusBadRequest, 1},
		{"with retry_on_failure", 2, true, http.StatusServiceUnavailable, -1},
		{"a denial with retry_on_failure", 2, true, http.StatusForbidden, -1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := newEndpoint(t, func(w http.ResponseWriter, _ *request) []bool {
				return answerError(w, test.status, "SomeException")
			})
			r := start(t, e.URL, func(cfg *Config) {
				direct(cfg)
				cfg.Session.MaxRetries = test.maxRetries
				cfg.Retry.Enabled = test.retry
				cfg.Retry.InitialInterval, cfg.Retry.MaxInterval = time.Millisecond, time.Millisecond
				cfg.Retry.MaxElapsedTime = 2 * time.Second
			})
			err := r.ConsumeTraces(t.Context(), spans(0, 1))
			if err == nil || !strings.Contains(err.Error(), "SomeException") {
				t.Errorf("the error is %v", err)
			}
			if left := (consumererror.Traces{}); errors.As(err, &left) {
				t.Error("a remainder reaches the caller")
			}
			if got := e.puts(); got != test.wantPuts && !(test.wantPuts < 0 && got > 8) {
				t.Errorf("%d puts, want %d", got, test.wantPuts)
			}
			r.stop(t)
		})
	}
}

// TestRefusals: what X-Ray never takes is logged with code and ids, kept, and
// counted, and the caller hears of it when nothing was taken.
func TestRefusals(t *testing.T) {
	path := filepath.Join(t.TempDir(), "refused")
	e := newEndpoint(t, func(w http.ResponseWriter, r *request) []bool {
		return unprocessed(w, r, "MissingParentId", func(i int) bool { return poisoned(r.ids[i]) || r.ids[i] == spanID(0).String() })
	})
	r := start(t, e.URL, func(cfg *Config) {
		direct(cfg)
		cfg.DeadLetter.Path = path
	})
	if err := r.ConsumeTraces(t.Context(), spans(775, 5)); err != nil {
		t.Errorf("one refusal of five documents: %v", err)
	}
	if err := r.ConsumeTraces(t.Context(), spans(0, 1)); !consumererror.IsPermanent(err) {
		t.Errorf("all documents refused: %v", err)
	}
	r.stop(t)
	logged := r.logs.FilterMessage("X-Ray refused a document: MissingParentId").All()
	if len(logged) != 2 || logged[0].ContextMap()["trace_id"] != xrayTraceID(traceID(777/5)) || logged[0].ContextMap()["segment_id"] != spanID(777).String() {
		t.Errorf("logged %v", logged)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var l letter
	if err := json.Unmarshal(data[:slices.Index(data, '\n')], &l); err != nil {
		t.Fatal(err)
	}
	l.Time = time.Time{}
	want := letter{Code: "MissingParentId", Message: "told so by the script", TraceID: xrayTraceID(traceID(777 / 5)),
		SegmentID: spanID(777).String(), Document: documentsOf(t, spans(777, 1))[0]}
	if diff := cmp.Diff(want, l); diff != "" {
		t.Error(diff)
	}
	if got := r.sum(t, "dropped_documents", "reason", "refused"); got != 2 {
		t.Errorf("counted %d documents", got)
	}
	if got := r.sum(t, "unprocessed_documents", "code", "MissingParentId"); got != 2 {
		t.Errorf("counted %d unprocessed documents", got)
	}
}

// TestLogsOfRefusalsAreFew: a thousand refusals give ten lines.
func TestLogsOfRefusalsAreFew(t *testing.T) {
	e := newEndpoint(t, func(w http.ResponseWriter, r *request) []bool {
		return unprocessed(w, r, "InvalidName", func(int) bool { return true })
	})
	r := start(t, e.URL, nil)
	r.send(t, 1_000)
	r.stop(t)
	if got := r.logs.FilterMessage("X-Ray refused a document: InvalidName").Len(); got == 0 || got > 20 {
		t.Errorf("%d lines for a thousand refusals", got)
	}
	if got := r.sum(t, "dropped_documents", "", ""); got != 1_000 {
		t.Errorf("counted %d documents", got)
	}
}

func TestDenialsNameTheRemedy(t *testing.T) {
	tests := []struct{ code, remedy string }{
		{"AccessDeniedException", "AWSXRayDaemonWriteAccess"},
		{"UnrecognizedClientException", "AWS_ACCESS_KEY_ID"},
		{"InvalidSignatureException", "clock"},
		{"ExpiredTokenException", "renew"},
	}
	for _, test := range tests {
		t.Run(test.code, func(t *testing.T) {
			e := newEndpoint(t, func(w http.ResponseWriter, _ *request) []bool {
				return answerError(w, http.StatusForbidden, test.code)
			})
			r := start(t, e.URL, func(cfg *Config) {
				direct(cfg)
				cfg.Retry.Enabled = false
			})
			if err := r.ConsumeTraces(t.Context(), spans(0, 10)); err == nil || consumererror.IsPermanent(err) {
				t.Errorf("the error is %v, want one that is worth a retry", err)
			}
			r.stop(t)
			lines := r.logs.FilterMessage("X-Ray denies access: " + test.code).All()
			if len(lines) != 1 || !strings.Contains(lines[0].ContextMap()["remedy"].(string), test.remedy) {
				t.Errorf("logged %v", lines)
			}
		})
	}
}

func TestNoCredentials(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	e := newEndpoint(t, nil)
	r := start(t, e.URL, func(cfg *Config) {
		direct(cfg)
		cfg.Retry.Enabled = false
	})
	if err := r.ConsumeTraces(t.Context(), spans(0, 1)); !errors.Is(err, errCredentials) && !strings.Contains(err.Error(), errCredentials.Error()) {
		t.Errorf("the error is %v", err)
	}
	r.stop(t)
	if r.logs.FilterMessage("X-Ray denies access: NoCredentials").Len() != 1 {
		t.Error("nothing is logged of it")
	}
}

// TestWorkers: as many puts run at a time as num_workers says, no more.
func TestWorkers(t *testing.T) {
	var now, most atomic.Int64
	var once sync.Once
	full := make(chan struct{})
	e := newEndpoint(t, func(w http.ResponseWriter, r *request) []bool {
		n := now.Add(1)
		defer now.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		if n == 3 {
			once.Do(func() { close(full) })
		}
		<-full
		return takeAll(w, r)
	})
	r := start(t, e.URL, func(cfg *Config) { cfg.Session.NumberOfWorkers = 3 })
	r.send(t, 2_000)
	e.await(t, 2_000)
	r.stop(t)
	if most.Load() != 3 {
		t.Errorf("%d puts at a time, want 3", most.Load())
	}
}

// TestTracesStayTogether: no trace that fits into one put is cut.
func TestTracesStayTogether(t *testing.T) {
	e := newEndpoint(t, nil)
	r := start(t, e.URL, nil)
	r.send(t, 2_000)
	e.await(t, 2_000)
	r.stop(t)
	where := map[string]int{}
	for _, req := range e.requests {
		for _, d := range req.documents {
			var head struct {
				Trace string `json:"trace_id"`
			}
			if err := json.Unmarshal([]byte(d), &head); err != nil {
				t.Fatal(err)
			}
			if put, known := where[head.Trace]; known && put != req.number {
				t.Fatalf("trace %s is in puts %d and %d", head.Trace, put, req.number)
			}
			where[head.Trace] = req.number
		}
	}
	if e.puts() != 40 {
		t.Errorf("%d puts for 2000 documents, want 40", e.puts())
	}
}

// TestShutdown: what is queued is delivered, also what waits for a retry, and an
// endpoint that never answers holds Shutdown for shutdown_timeout only.
func TestShutdown(t *testing.T) {
	t.Run("delivers the queue", func(t *testing.T) {
		e := newEndpoint(t, func(w http.ResponseWriter, r *request) []bool {
			time.Sleep(5 * time.Millisecond)
			return takeAll(w, r)
		})
		r := start(t, e.URL, nil)
		r.send(t, 5_000)
		r.stop(t)
		e.compare(t, 5_000, false, false)
	})
	t.Run("delivers what waits for a retry", func(t *testing.T) {
		failed := make(chan struct{}, 1)
		e := newEndpoint(t, func(w http.ResponseWriter, r *request) []bool {
			if r.number <= 20 {
				if r.number == 20 {
					failed <- struct{}{}
				}
				return answerError(w, http.StatusServiceUnavailable, "ServiceUnavailable")
			}
			return takeAll(w, r)
		})
		r := start(t, e.URL, func(cfg *Config) {
			cfg.Session.MaxRetries = 1
			cfg.Retry.InitialInterval, cfg.Retry.MaxInterval = 300*time.Millisecond, 300*time.Millisecond
		})
		r.send(t, 1_000)
		<-failed
		r.stop(t)
		e.compare(t, 1_000, false, false)
	})
	t.Run("is bounded", func(t *testing.T) {
		release, asked := make(chan struct{}), make(chan struct{}, 100)
		e := newEndpoint(t, func(w http.ResponseWriter, r *request) []bool {
			asked <- struct{}{}
			<-release
			return takeAll(w, r)
		})
		defer close(release)
		r := start(t, e.URL, func(cfg *Config) { cfg.ShutdownTimeout = 200 * time.Millisecond })
		r.send(t, 5_000)
		<-asked
		begin := time.Now()
		r.stop(t)
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("Shutdown took %v", took)
		}
		if r.logs.FilterLevelExact(zapcore.ErrorLevel).Len() == 0 {
			t.Error("the loss is not logged")
		}
	})
	t.Run("ends with its context", func(t *testing.T) {
		release, asked := make(chan struct{}), make(chan struct{}, 100)
		e := newEndpoint(t, func(w http.ResponseWriter, r *request) []bool {
			asked <- struct{}{}
			<-release
			return takeAll(w, r)
		})
		defer close(release)
		r := start(t, e.URL, nil)
		r.send(t, 1_000)
		<-asked
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begin := time.Now()
		if err := r.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("Shutdown took %v", took)
		}
	})
}

// TestOutage: the endpoint is down while 50,000 spans come. The sender is not
// refused, and nothing is lost.
func TestOutage(t *testing.T) {
	var down atomic.Bool
	down.Store(true)
	e := newEndpoint(t, func(w http.ResponseWriter, r *request) []bool {
		if down.Load() {
			panic(http.ErrAbortHandler)
		}
		return takeAll(w, r)
	})
	r := start(t, e.URL, nil)
	r.send(t, 50_000)
	down.Store(false)
	e.await(t, 50_000)
	r.stop(t)
	e.compare(t, 50_000, false, false)
}

// TestSpansAreOnlyRead: data that is shared with another pipeline is exported.
func TestSpansAreOnlyRead(t *testing.T) {
	e := newEndpoint(t, nil)
	r := start(t, e.URL, nil)
	if r.Capabilities().MutatesData {
		t.Error("the exporter says that it mutates")
	}
	td := spans(0, 100)
	before := ptrace.NewTraces()
	td.CopyTo(before)
	td.MarkReadOnly()
	if err := r.ConsumeTraces(t.Context(), td); err != nil {
		t.Fatal(err)
	}
	e.await(t, 100)
	r.stop(t)
	marshaler := ptrace.JSONMarshaler{}
	want, _ := marshaler.MarshalTraces(before)
	got, _ := marshaler.MarshalTraces(td)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

// TestForgedRemainder: spans that look like a remainder, but have not this
// exporter's mark, are spans.
func TestForgedRemainder(t *testing.T) {
	forged := remainder([]document{{body: []byte(`"{}"`), trace: traceID(1), segment: spanID(1)}}, []byte("guess"), 1)
	var b batch
	if _, ok := b.restore(forged, []byte("mark")); ok {
		t.Error("a forged remainder is taken for one")
	}
	if _, ok := b.restore(forged, []byte("guess")); !ok || len(b.documents) != 1 || string(b.documents[0].body) != `"{}"` {
		t.Error("a remainder is not restored")
	}
}
