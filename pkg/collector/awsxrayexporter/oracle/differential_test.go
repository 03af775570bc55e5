package oracle

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

var (
	spans = flag.Int("spans", 100_000, "how many spans TestDifferential makes")
	seed  = flag.Uint64("seed", 20260222, "the seed of TestDifferential")
)

const (
	batch   = 45 // spans, so that most batches are one put
	workers = 2
	reports = 5 // mismatches that are shown
)

// lostAtMost is the part of all cases that contrib may have no document for.
const lostAtMost = 0.05

func TestDifferential(t *testing.T) {
	n := *spans
	if testing.Short() {
		n = min(n, 10_000)
	}
	t.Logf("seed %d, %d spans", *seed, n)
	tally := tally{classes: map[Class]int{}, panics: map[string]int{}}
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() { differ(t, &tally, *seed+uint64(worker), n/workers) })
	}
	wg.Wait()
	tally.print(t)
	lost := tally.total() - tally.classes[Equal]
	if float64(lost) > lostAtMost*float64(tally.total()) {
		t.Errorf("contrib has no usable document for %d of %d spans: what the generator makes is too odd", lost, tally.total())
	}
	for _, class := range []Class{Equal, Panics, Drops, TooLarge} {
		if tally.classes[class] == 0 {
			t.Errorf("no case of class %q: what the generator makes is too tame", class)
		}
	}
}

// differ makes n spans for all configurations in turn and judges them.
func differ(t *testing.T, all *tally, seed uint64, n int) {
	runners := make([]*Runner, len(Configs))
	for i, cfg := range Configs {
		runner, err := NewRunner(t.Context(), cfg)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() {
			if err := runner.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}()
		runners[i] = runner
	}
	g := NewGenerator(rand.New(rand.NewPCG(seed, 0)))
	for i := 0; n > 0; i++ {
		cases := make([]Case, min(batch, n))
		n -= len(cases)
		for j := range cases {
			cases[j] = g.Case()
			cases[j].Config = Configs[i%len(Configs)]
		}
		runner := runners[i%len(Configs)]
		for _, r := range runner.Run(t.Context(), cases) {
			all.add(r)
			if r.Err != nil && all.mayReport() {
				report(t, runner, r)
			}
		}
		if all.mismatches() > 100 {
			t.Error("too many mismatches: stopped")
			return
		}
	}
}

// report shows the smallest case that has the mismatch.
func report(t *testing.T, runner *Runner, r Result) {
	t.Helper()
	fails := func(c Case) bool {
		smaller := runner.Run(t.Context(), []Case{c})[0]
		return smaller.Err != nil && smaller.Class == r.Class
	}
	c := r.Case
	if fails(c) {
		c = Shrink(c, fails)
		r = runner.Run(t.Context(), []Case{c})[0]
	}
	t.Errorf("class %s %s, config %+v: %.4000s\nspan: %.4000s", r.Class, r.Panic, c.Config, r.Err, c.JSON())
}

// A tally counts results.
type tally struct {
	mu       sync.Mutex
	classes  map[Class]int
	panics   map[string]int
	wrong    int
	reported int
}

var number = regexp.MustCompile(`-?\d+`)

func (all *tally) add(r Result) {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.classes[r.Class]++
	if r.Class == Panics {
		all.panics[number.ReplaceAllString(r.Panic, "N")]++
	}
	if r.Err != nil {
		all.wrong++
	}
}

func (all *tally) mayReport() bool {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.reported++
	return all.reported <= reports
}

func (all *tally) mismatches() int {
	all.mu.Lock()
	defer all.mu.Unlock()
	return all.wrong
}

func (all *tally) total() int {
	n := 0
	for _, count := range all.classes {
		n += count
	}
	return n
}

func (all *tally) print(t *testing.T) {
	var b strings.Builder
	for _, class := range slices.Sorted(maps.Keys(all.classes)) {
		fmt.Fprintf(&b, "%8d %-10s %.2f %%\n", all.classes[class], class, 100*float64(all.classes[class])/float64(all.total()))
	}
	for _, value := range slices.Sorted(maps.Keys(all.panics)) {
		fmt.Fprintf(&b, "%8d of the panics: %s\n", all.panics[value], value)
	}
	t.Logf("what contrib makes of the spans, %d of which we translate wrongly:\n%s", all.wrong, b.String())
}

// FuzzDifferential lets the fuzzer decide what the generator makes.
func FuzzDifferential(f *testing.F) {
	for seed := range uint64(40) {
		source := rand.New(rand.NewPCG(seed, 1))
		b := make([]byte, 400)
		for i := range b {
			b[i] = byte(source.Uint32())
		}
		f.Add(b)
	}
	var runners []*Runner
	for _, cfg := range Configs {
		runner, err := NewRunner(f.Context(), cfg)
		if err != nil {
			f.Fatal(err)
		}
		f.Cleanup(func() { _ = runner.Close(f.Context()) })
		runners = append(runners, runner)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		choices := ByteChoices(b)
		runner := runners[choices.IntN(len(Configs))]
		g := NewGenerator(&choices)
		cases := make([]Case, 1+choices.IntN(3))
		for i := range cases {
			cases[i] = g.Case()
		}
		for _, r := range runner.Run(t.Context(), cases) {
			if r.Err != nil {
				report(t, runner, r)
			}
		}
	})
}
