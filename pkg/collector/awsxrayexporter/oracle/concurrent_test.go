package oracle

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// TestTranslatorConcurrentSafe translates the same read-only batches from many
// goroutines with one Translator; each must get what it gets alone.
func TestTranslatorConcurrentSafe(t *testing.T) {
	for _, mode := range []translate.Mode{translate.Compat, translate.Default} {
		t.Run(string(mode), func(t *testing.T) {
			g := NewGenerator(rand.New(rand.NewPCG(*seed, 9)))
			batches := make([]ptrace.Traces, 50)
			for i := range batches {
				cases := make([]Case, 20)
				for j := range cases {
					cases[j] = g.Case()
				}
				batches[i] = Traces(cases)
				batches[i].MarkReadOnly()
			}
			cfg := Configs[2]
			cfg.Mode = mode
			shared := must(translate.New(cfg))
			want := make([]string, len(batches))
			for i, td := range batches {
				want[i] = join(must(translate.New(cfg)), td)
			}
			var wg sync.WaitGroup
			for worker := range 8 {
				wg.Go(func() {
					for round := range 3 {
						for i := range batches {
							at := (i*7 + worker + round) % len(batches)
							if join(shared, batches[at]) != want[at] {
								t.Errorf("batch %d differs when others are translated", at)
							}
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// join returns all documents of a batch.
func join(t *translate.Translator, td ptrace.Traces) string {
	var all []byte
	t.Translate(td, func(d translate.Document) { all = append(append(all, d.JSON()...), '\n') })
	return string(all)
}
