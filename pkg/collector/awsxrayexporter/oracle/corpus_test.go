package oracle

import (
	"fmt"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
)

// runners keeps a Runner for each configuration.
type runners struct {
	t   *testing.T
	all map[string]*Runner
}

func newRunners(t *testing.T) *runners {
	r := &runners{t: t, all: map[string]*Runner{}}
	t.Cleanup(func() {
		for _, runner := range r.all {
			if err := runner.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	return r
}

func (r *runners) of(cfg translate.Config) *Runner {
	r.t.Helper()
	key := fmt.Sprintf("%#v", cfg)
	if r.all[key] == nil {
		runner, err := NewRunner(r.t.Context(), cfg)
		if err != nil {
			r.t.Fatal(err)
		}
		r.all[key] = runner
	}
	return r.all[key]
}

// check judges a case of its own.
func (r *runners) check(t *testing.T, c Case, want Class) {
	t.Helper()
	result := r.of(c.Config).Run(t.Context(), []Case{c})[0]
	if result.Err != nil {
		t.Errorf("%v\n%s\n%s", result.Err, c.JSON(), result.Panic)
	}
	if result.Class != want {
		t.Errorf("contrib: %s %s, want %s", result.Class, result.Panic, want)
	}
}

func TestCorpus(t *testing.T) {
	all := newRunners(t)
	for part, cases := range map[string][]Case{
		"dispatch": dispatchCorpus(), "identity": identityCorpus(), "links": linksCorpus(), "name": nameCorpus(),
		"http": httpCorpus(), "aws": awsCorpus(), "service and sql": serviceSQLCorpus(),
		"attributes": attributesCorpus(), "flags": flagsCorpus(), "cause": causeCorpus(),
	} {
		t.Run(part, func(t *testing.T) {
			for _, c := range cases {
				t.Run(c.Name, func(t *testing.T) { all.check(t, c, Equal) })
			}
		})
	}
}

func TestCorpusOfWhatContribLoses(t *testing.T) {
	all := newRunners(t)
	for class, cases := range lostCorpus() {
		t.Run(string(class), func(t *testing.T) {
			for _, c := range cases {
				t.Run(c.Name, func(t *testing.T) { all.check(t, c, class) })
			}
		})
	}
}
