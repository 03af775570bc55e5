//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// A timing is how long calls took.
type timing []time.Duration

func (t timing) percentile(p float64) time.Duration {
	slices.Sort(t)
	return t[min(len(t)-1, int(p*float64(len(t))))]
}

// repeat calls f n times, after once that does not count.
func repeat(n int, f func(i int) error) (timing, error) {
	if err := f(n); err != nil {
		return nil, err
	}
	t := make(timing, 0, n)
	for i := range n {
		begin := time.Now()
		if err := f(i); err != nil {
			return nil, err
		}
		t = append(t, time.Since(begin))
	}
	return t, nil
}

// An asker queries a filled store.
type asker struct {
	p      *process
	g      generator
	random *rand.Rand
	traces int
}

// window returns an hour of document time that lies in what is stored, or all.
func (a *asker) window() (from, to float64) {
	last := start(a.traces)
	from = 0
	if last > 3600 {
		from = a.random.Float64() * (last - 3600)
	}
	return epoch + from, epoch + from + 3600
}

type summaryRequest struct {
	StartTime, EndTime float64
	FilterExpression   string `json:",omitempty"`
}

type summaryAnswer struct {
	TraceSummaries       []struct{ Id string } //nolint:revive // the API's name
	TracesProcessedCount int
}

// summaries asks for the first page of an hour, of another service and client
// each time.
func (a *asker) summaries(filter func() string) func(int) error {
	return func(int) error {
		from, to := a.window()
		var out summaryAnswer
		return call(a.p, "/TraceSummaries", summaryRequest{from, to, filter()}, &out)
	}
}

func (a *asker) faultsOfClient() string {
	return fmt.Sprintf(`service("%s") { fault } AND annotation.client_id = "%s"`,
		services[a.random.IntN(len(services))], clientID(a.random.IntN(clients)))
}

func (a *asker) traces5(int) error {
	var in struct{ TraceIds []string } //nolint:revive // the API's name
	for range 5 {
		in.TraceIds = append(in.TraceIds, a.g.traceID(a.random.IntN(a.traces)))
	}
	slices.Sort(in.TraceIds)
	in.TraceIds = slices.Compact(in.TraceIds)
	var out struct{ Traces []struct{ Segments []any } }
	if err := call(a.p, "/Traces", in, &out); err != nil {
		return err
	}
	if len(out.Traces) != len(in.TraceIds) {
		return fmt.Errorf("%d of %d traces were found", len(out.Traces), len(in.TraceIds))
	}
	return nil
}

func (a *asker) graph(int) error {
	from, to := a.window()
	var out struct{ Services []struct{ Name string } }
	if err := call(a.p, "/ServiceGraph", summaryRequest{StartTime: from, EndTime: to}, &out); err != nil {
		return err
	}
	if len(out.Services) == 0 {
		return fmt.Errorf("the service graph is empty")
	}
	return nil
}
