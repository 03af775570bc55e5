package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progress tells what happens while the table is not there yet: one line each,
// with the time. It is safe for concurrent use.
type progress struct {
	mu  sync.Mutex
	out io.Writer
}

func newProgress(out io.Writer) *progress { return &progress{out: out} }

func (p *progress) say(who, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, "%s %-9s  %s\n", time.Now().Format(time.TimeOnly), who, text)
}

// of returns what says something in a name.
func (p *progress) of(who string) func(format string, args ...any) {
	return func(format string, args ...any) { p.say(who, fmt.Sprintf(format, args...)) }
}
