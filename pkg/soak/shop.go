package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/bragg-tracing/bragg/pkg/demo"
)

// shop is the demo with customers, a process of its own, whose latency must not
// move.
type shop struct {
	cmd   *exec.Cmd
	stdin io.Closer     // which ends it
	done  chan struct{} // closed when nothing more is read from it

	mu   sync.Mutex
	took []time.Duration
}

const (
	shopPause    = 250 * time.Millisecond // between two requests
	shopArgument = "demo"                 // of this program, to be the demo
)

// startShop returns when the first customer was served.
func startShop(ctx context.Context, p *process) (*shop, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &shop{cmd: exec.Command(self, shopArgument, p.grpc(), p.daemon()), done: make(chan struct{})}
	s.cmd.Env, s.cmd.Stderr = append(os.Environ(), "OTEL_BSP_SCHEDULE_DELAY=500"), os.Stderr
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := start(s.cmd); err != nil {
		return nil, fmt.Errorf("start the demo: %w", err)
	}
	first := make(chan struct{}, 1)
	go s.read(out, first)
	select {
	case <-first:
		return s, nil
	case <-s.done:
		return nil, errors.Join(errors.New("the demo has ended"), s.close())
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), s.close())
	}
}

// read notes the latencies that the demo writes, one a line, in nanoseconds.
func (s *shop) read(out io.Reader, first chan<- struct{}) {
	defer close(s.done)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		took, err := strconv.ParseInt(lines.Text(), 10, 64)
		if err != nil {
			continue
		}
		s.mu.Lock()
		s.took = append(s.took, time.Duration(took))
		s.mu.Unlock()
		select {
		case first <- struct{}{}:
		default:
		}
	}
}

func (s *shop) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = nil
}

func (s *shop) median() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s.took))
	return sorted[len(sorted)/2]
}

func (s *shop) close() error {
	s.stdin.Close() //nolint:errcheck // it may have ended
	<-s.done
	return s.cmd.Wait()
}

// beShop is what the demo's process does until stdin ends.
func beShop(otlp, daemon string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stack, err := demo.Start(ctx, demo.Config{OTLPEndpoint: otlp, DaemonAddress: daemon, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	go func() {
		defer cancel()
		io.Copy(io.Discard, os.Stdin) //nolint:errcheck // its end is what counts
	}()
	for n := 0; ctx.Err() == nil; n++ {
		begun := time.Now()
		if err := visit(ctx, stack.URL(), n); err == nil {
			fmt.Println(time.Since(begun).Nanoseconds())
		}
		select {
		case <-ctx.Done():
		case <-time.After(shopPause):
		}
	}
	ctx, cancel = context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := stack.Stop(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// visit is one customer's request.
func visit(ctx context.Context, url string, n int) error {
	req, err := demo.RequestFor(ctx, url, demo.OK, n)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
