package filtertest

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
)

//go:embed testdata/*.txt
var scripts embed.FS

// Range says what of a trace must lie in the time range of a Query.
type Range string

// The ranges.
const (
	Started Range = "started" // its start: TimeRangeType TraceId
	Ended   Range = "ended"   // the end of a service: TimeRangeType Service
)

// A Query is a question for traces. From and To are seconds since Epoch, both
// included.
type Query struct {
	By       Range
	From, To float64
	Filter   string
}

// A Backend is something that finds traces. Its methods are called one at a
// time.
type Backend interface {
	// Put stores documents, of which each has the complete form of X-Ray.
	Put(ctx context.Context, docs []json.RawMessage) error
	// Group defines a group.
	Group(ctx context.Context, name, expression string) error
	// Find returns the ids of all traces that match.
	Find(ctx context.Context, q Query) ([]string, error)
}

// Run runs all scripts of this package, each of which begins with an empty
// backend that open makes. It returns how many questions were asked.
func Run(t *testing.T, open func(t *testing.T) Backend) (questions int) {
	t.Helper()
	names, err := fs.Glob(scripts, "testdata/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("scripts %q: %v", names, err)
	}
	for _, name := range names {
		text, err := scripts.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(path.Base(name), ".txt"), func(t *testing.T) {
			questions += RunScript(t, path.Base(name), string(text), open)
		})
	}
	return questions
}

// RunScript runs one script, which messages call by its name.
func RunScript(t *testing.T, name, text string, open func(t *testing.T) Backend) (questions int) {
	t.Helper()
	commands, err := parse(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	backend := open(t)
	traces := make(map[string]string) // names by id
	for _, c := range commands {
		var err error
		switch c.word {
		case "clear":
			backend, traces = open(t), make(map[string]string)
		case "load":
			traces[TraceID(c.name)] = c.name
			err = backend.Put(t.Context(), c.docs)
		case "group":
			err = backend.Group(t.Context(), c.name, c.text)
		case "eval":
			questions++
			c.check(t, name, backend, traces)
		}
		if err != nil {
			t.Fatalf("%s:%d: %v", name, c.line, err)
		}
	}
	return questions
}

// check asks the question of an eval.
func (c *command) check(t *testing.T, script string, backend Backend, traces map[string]string) {
	t.Helper()
	ids, err := backend.Find(t.Context(), c.ask)
	if c.want.err != "" {
		if err == nil || !strings.Contains(err.Error(), c.want.err) {
			t.Errorf("%s:%d: %s\ngot  %v, %v\nwant error %s", script, c.line, c.ask.Filter, ids, err, c.want.err)
		}
		return
	}
	if err != nil {
		t.Errorf("%s:%d: %s\n%v", script, c.line, c.ask.Filter, err)
		return
	}
	got := make([]string, len(ids))
	for i, id := range ids {
		if got[i] = traces[id]; got[i] == "" {
			got[i] = fmt.Sprintf("(not in the script: %s)", id)
		}
	}
	slices.Sort(got)
	slices.Sort(c.want.traces)
	if !slices.Equal(got, c.want.traces) {
		t.Errorf("%s:%d: %s\ngot  %v\nwant %v", script, c.line, c.ask.Filter, got, c.want.traces)
	}
}
