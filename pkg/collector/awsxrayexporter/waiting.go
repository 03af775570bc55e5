package awsxrayexporter

import (
	"context"
	"sync"
	"time"
)

// waiting knows the remainders that exporterhelper holds until their next try.
// At shutdown exporterhelper gives up on these at once, which would lose them
// where no disk holds them. So Shutdown first waits for them to come back.
type waiting struct {
	longest time.Duration // that exporterhelper holds one

	mu    sync.Mutex
	next  int64
	since map[int64]time.Time // by the remainder's number
}

// left notes a new remainder and returns its number.
func (w *waiting) left() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forget()
	if w.since == nil {
		w.since = map[int64]time.Time{}
	}
	w.next++
	w.since[w.next] = time.Now()
	return w.next
}

// back notes that a remainder is tried again.
func (w *waiting) back(number int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.since, number)
}

// forget removes those that exporterhelper has given up.
func (w *waiting) forget() {
	for number, at := range w.since {
		if time.Since(at) > w.longest {
			delete(w.since, number)
		}
	}
}

func (w *waiting) none() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forget()
	return len(w.since) == 0
}

// wait returns when none is held, or ctx ends. A remainder that came back and
// fails again during shutdown is retried by its push, not held.
func (w *waiting) wait(ctx context.Context) {
	for !w.none() {
		if sleep(ctx, 20*time.Millisecond) != nil {
			return
		}
	}
}
