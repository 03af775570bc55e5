//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// senders put documents at the same time, each one batch after the other.
const (
	senders        = 8
	tracesPerBatch = 10 // 50 documents
)

// fill puts traces from first to before last, and shows how far it is.
func fill(p *process, g generator, first, last int) (time.Duration, error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	var next, done atomic.Int64
	next.Store(int64(first))
	begin := time.Now()
	stop := progress(begin, &done, last-first)
	defer stop()
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for ctx.Err() == nil {
				n := int(next.Add(tracesPerBatch)) - tracesPerBatch
				if n >= last {
					return
				}
				end := min(n+tracesPerBatch, last)
				var batch struct{ TraceSegmentDocuments []string }
				for i := n; i < end; i++ {
					batch.TraceSegmentDocuments = append(batch.TraceSegmentDocuments, g.trace(i)...)
				}
				var out struct{ UnprocessedTraceSegments []any }
				if err := call(p, "/TraceSegments", batch, &out); err != nil {
					cancel(err)
				} else if len(out.UnprocessedTraceSegments) > 0 {
					cancel(fmt.Errorf("documents were refused: %v", out.UnprocessedTraceSegments))
				}
				done.Add(int64(end - n))
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return 0, err
	}
	return time.Since(begin), nil
}

// progress writes a line to standard error every second or, if that is no
// terminal, every ten.
func progress(begin time.Time, done *atomic.Int64, of int) (stop func()) {
	every, end := 10*time.Second, "\n"
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		every, end = time.Second, "\r"
	}
	ended := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-ticker.C:
				n := done.Load()
				left := time.Duration(float64(time.Since(begin)) / float64(max(n, 1)) * float64(int64(of)-n))
				fmt.Fprintf(os.Stderr, "  %d of %d traces, %s left   %s", n, of, left.Round(time.Second), end)
			}
		}
	})
	return func() { close(ended); wg.Wait() }
}

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * senders}}

// call is one call of the API.
func call(p *process, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	resp, err := client.Post("http://"+p.addr+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", path, resp.Status, answer)
	}
	return json.Unmarshal(answer, out)
}
