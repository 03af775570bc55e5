package passthrough

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/goleak"
	"go.uber.org/zap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A judgeAll keeps the verdicts on what it consumes.
type judgeAll struct {
	mu       sync.Mutex
	verdicts []Verdict
	err      error
}

func (*judgeAll) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (c *judgeAll) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.verdicts = append(c.verdicts, verdicts(td)...)
	return c.err
}

// take returns the verdicts since the last call.
func (c *judgeAll) take() []Verdict {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.verdicts
	c.verdicts = nil
	return all
}

func TestFront(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &judgeAll{}
		f := NewFront(next, time.Second, 100, zap.NewNop())
		f.Start()
		consume := func(td ptrace.Traces) {
			t.Helper()
			if err := f.ConsumeTraces(t.Context(), td); err != nil {
				t.Fatal(err)
			}
		}
		expect := func(what string, want ...Verdict) {
			t.Helper()
			synctest.Wait()
			if diff := cmp.Diff(want, next.take()); diff != "" {
				t.Errorf("%s: %s", what, diff)
			}
		}
		whole, torn, last := pieces(newBatch(1, 4), 2), pieces(newBatch(1, 4), 2), pieces(newBatch(1, 4), 3)
		consume(whole[0])
		expect("one half")
		consume(whole[1])
		expect("both halves", Send)
		consume(torn[0])
		time.Sleep(900 * time.Millisecond)
		expect("a torn document within the time")
		time.Sleep(600 * time.Millisecond)
		expect("a torn document after the time", Render, Render)
		consume(torn[1])
		expect("its late half", Render, Render)
		consume(last[0])
		if err := f.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		expect("the end", Render, Render, Render)
	})
}

func TestFrontTellsErrors(t *testing.T) {
	full := errors.New("full")
	f := NewFront(&judgeAll{err: full}, time.Second, 100, zap.NewNop())
	if err := f.ConsumeTraces(t.Context(), newBatch(1, 2)); !errors.Is(err, full) || !consumererror.IsPermanent(err) {
		t.Errorf("with a document: %v", err)
	}
	if err := f.ConsumeTraces(t.Context(), ptrace.NewTraces()); !errors.Is(err, full) || consumererror.IsPermanent(err) {
		t.Errorf("without: %v", err)
	}
	if err := f.Shutdown(t.Context()); err != nil {
		t.Errorf("without Start: %v", err)
	}
}
