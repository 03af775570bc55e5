package endtoend

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

//go:embed differences.txt
var differences string

// TestSameTraces runs the program with the X-Ray SDK, whose daemon is the
// collector's awsxray receiver, and with package xraysdk, whose spans go to the
// collector over OTLP, and compares the traces that X-Ray Local has in the end,
// member by member. Differences are in differences.txt, with reasons.
func TestSameTraces(t *testing.T) {
	s := startStack(t)
	theirs, here := build(t)
	a := execute(t.Context(), t, theirs, "AWS_XRAY_DAEMON_ADDRESS="+s.daemon)
	b := execute(t.Context(), t, here, "OTEL_EXPORTER_OTLP_ENDPOINT="+s.otlp)
	if len(a.names) < 25 || !slices.Equal(a.names, b.names) {
		t.Fatalf("the programs made the traces %q and %q", a.names, b.names)
	}
	accepted := parse(t, differences)
	for _, name := range a.names {
		t.Run(name, func(t *testing.T) {
			if slices.Contains(functions, name) {
				s.putFunction(t, a.ids[name])
				s.putFunction(t, b.ids[name])
			}
			want, got := await(t, s, a.ids[name], b.ids[name])
			for _, d := range compare(describe(t, want), describe(t, got)) {
				if !accepted.explain(name + ": " + d.where) {
					t.Errorf("%s: %s is %s with the X-Ray SDK, %s here", name, d.where, d.want, d.got)
				}
			}
		})
	}
	for _, d := range accepted {
		if !d.found {
			t.Errorf("differences.txt: %s is no difference", d.pattern)
		}
	}
}

// functions are the traces whose segment is made by Lambda. Without one X-Ray
// does not show what the function adds.
var functions = []string{"Lambda", "facade"}

// await returns two traces, when they have as many documents. After a while it
// returns them as they are.
func await(t *testing.T, s *stack, theirs, here string) (want, got []document) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(20 * time.Millisecond) { // X-Ray has no signal to wait for
		var err error
		if want, err = s.trace(t.Context(), theirs); err != nil {
			t.Fatal(err)
		}
		if got, err = s.trace(t.Context(), here); err != nil {
			t.Fatal(err)
		}
		if len(want) == len(got) && len(want) > 0 {
			return want, got
		}
		if time.Now().After(deadline) {
			if len(want) == 0 {
				t.Fatal("X-Ray has no trace of the X-Ray SDK's")
			}
			return want, got
		}
	}
}

// describe says what a trace is: the values of its documents' members, by the
// path of names to the document, and by the member.
func describe(t *testing.T, documents []document) map[string]string {
	t.Helper()
	byID := map[string]document{}
	for _, d := range documents {
		byID[d.text("id")] = d
	}
	slices.SortStableFunc(documents, func(a, b document) int {
		x, _ := a["start_time"].(float64)
		y, _ := b["start_time"].(float64)
		return cmp.Compare(x, y)
	})
	values, used, paths := map[string]string{}, map[string]int{}, map[string]string{}
	var pathOf func(d document) string
	pathOf = func(d document) string {
		if p, ok := paths[d.text("id")]; ok {
			return p
		}
		path := port.ReplaceAllString(d.text("name"), "127.0.0.1:PORT")
		if parent, ok := byID[d.text("parent_id")]; ok {
			path = pathOf(parent) + " > " + path
		} else if d.text("parent_id") != "" {
			values[path+": parent"] = d.text("parent_id") // of another service
		}
		if used[path]++; used[path] > 1 {
			path = fmt.Sprintf("%s #%d", path, used[path])
		}
		paths[d.text("id")] = path
		return path
	}
	for _, d := range documents {
		path := pathOf(d)
		start, _ := d["start_time"].(float64)
		end, ok := d["end_time"].(float64)
		values[path+": ended"] = fmt.Sprint(ok && start > 0 && end >= start)
		members(values, path+": ", "", d)
	}
	return values
}

// alone are members that are the clock's or random, or say how a document
// travelled; that ids and parents fit together is in the path.
var alone = map[string]bool{"id": true, "trace_id": true, "parent_id": true, "start_time": true, "end_time": true, "type": true}

// port is of a server of the program, which another run has elsewhere.
var port = regexp.MustCompile(`127\.0\.0\.1:\d+`)

func members(values map[string]string, path, member string, v any) {
	switch v := v.(type) {
	case document:
		for name, value := range v {
			if !alone[name] {
				members(values, path, name, value)
			}
		}
	case map[string]any:
		if len(v) == 0 {
			values[path+member] = "{}"
		}
		for name, value := range v {
			if member == "cause.exceptions" && name == "id" {
				continue
			}
			members(values, path, member+"."+name, value)
		}
	case []any:
		if strings.HasSuffix(member, ".stack") {
			values[path+member] = frames(v)
			return
		}
		values[path+member+".length"] = fmt.Sprint(len(v))
		for _, value := range v {
			members(values, path, member, value)
		}
	default:
		text, _ := json.Marshal(v)
		values[path+member] += port.ReplaceAllString(string(text), "127.0.0.1:PORT") // one after another, of lists
	}
}

// frames are those of the program: the X-Ray SDK's own are others here.
func frames(stack []any) string {
	var labels []string
	for _, frame := range stack {
		f, _ := frame.(map[string]any)
		path, _ := f["path"].(string)
		if label, _ := f["label"].(string); strings.Contains(path, "conformance/endtoend/program/") {
			labels = append(labels, fmt.Sprintf("%s:%v", label, f["line"]))
		}
	}
	return strings.Join(labels, " ")
}

// A difference is between two traces.
type difference struct{ where, want, got string }

func compare(want, got map[string]string) (list []difference) {
	all := maps.Clone(want)
	maps.Copy(all, got)
	for _, where := range slices.Sorted(maps.Keys(all)) {
		a, inA := want[where]
		b, inB := got[where]
		if a != b || inA != inB {
			list = append(list, difference{where, shown(a, inA), shown(b, inB)})
		}
	}
	return list
}

func shown(value string, there bool) string {
	if !there {
		return "not there"
	}
	return value
}

// An explanation accepts differences.
type explanation struct {
	pattern string
	matches *regexp.Regexp
	found   bool
}

type explanations []*explanation

// parse reads lines "trace: document: member -- reason", where an asterisk
// stands for anything.
func parse(t *testing.T, text string) (list explanations) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		pattern, reason, _ := strings.Cut(line, " -- ")
		if reason == "" {
			t.Errorf("differences.txt: %s has no reason", pattern)
		}
		expression := "^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$"
		list = append(list, &explanation{pattern, regexp.MustCompile(expression), false})
	}
	return list
}

// explain reports whether a difference is accepted, and notes which explanation
// is needed.
func (list explanations) explain(difference string) (ok bool) {
	for _, e := range list {
		if e.matches.MatchString(difference) {
			e.found, ok = true, true
		}
	}
	return ok
}
