package summary

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
)

var update = flag.Bool("update", false, "write what the summaries are now into testdata")

const traceID = "1-6ab3a9c9-8c037dd122d9ffee6e2ce8d7"

// assemble makes a trace of documents that lack trace_id, one per line.
func assemble(t testing.TB, lines string) *assembly.Trace {
	t.Helper()
	var docs []*segment.Document
	for line := range strings.Lines(lines) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		doc, err := segment.Parse([]byte(strings.Replace(strings.TrimSpace(line), "{", `{"trace_id":"`+traceID+`",`, 1)))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		docs = append(docs, doc)
	}
	return assembly.Assemble(traceID, docs)
}

// TestSummaries compares with the summaries in testdata, each after the
// documents of its trace.
func TestSummaries(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			documents, want, ok := strings.Cut(string(text), "\n---\n")
			got, err := json.MarshalIndent(Of(assemble(t, documents)), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(file, []byte(documents+"\n---\n"+string(got)+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if !ok || string(got) != strings.TrimSpace(want) {
				t.Errorf("got\n%s", got)
			}
		})
	}
}

// way writes causes shortly: service[entity(exception,…)*remote entity …]/…,
// with ~ before an inferred service and ? before a cause without client impact.
func way(causes []Cause) string {
	var all []string
	for _, c := range causes {
		var services []string
		for _, s := range c.Services {
			var entities []string
			for _, e := range s.EntityPath {
				text := e.Name
				if e.Remote {
					text = "*" + text
				}
				for _, x := range e.Exceptions {
					text += "(" + x.Name + ")"
				}
				entities = append(entities, text)
			}
			text := s.Name + "[" + strings.Join(entities, " ") + "]"
			if s.Inferred {
				text = "~" + text
			}
			services = append(services, text)
		}
		text := strings.Join(services, "/")
		if !c.ClientImpacting {
			text = "?" + text
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func slowWay(causes []SlowCause) string {
	var services []string
	for _, c := range causes {
		for _, s := range c.Services {
			var entities []string
			for _, e := range s.EntityPath {
				text := fmt.Sprintf("%s %v", e.Name, e.Coverage)
				if e.Remote {
					text = "*" + text
				}
				entities = append(entities, text)
			}
			text := s.Name + "[" + strings.Join(entities, ", ") + "]"
			if s.Inferred {
				text = "~" + text
			}
			services = append(services, text)
		}
	}
	return strings.Join(services, "/")
}

const (
	thrownA = `"cause":{"exceptions":[{"id":"aaaaaaaaaaaaaaaa","type":"A","message":"a"}]}`
	thrownB = `"cause":{"exceptions":[{"id":"bbbbbbbbbbbbbbbb","type":"B","message":"b"}]}`
	thrownR = `"cause":{"exceptions":[{"id":"cccccccccccccccc","type":"R","message":"r"}]}`
)

// doc writes a document that takes from start to end, with more members.
func doc(id, name string, start, end float64, members ...string) string {
	return fmt.Sprintf(`{"id":"%s","name":"%s","start_time":%v,"end_time":%v%s}`, id, name, 1000+start, 1000+end, strings.Join(append([]string{""}, members...), ","))
}

func within(docs ...string) string { return `"subsegments":[` + strings.Join(docs, ",") + `]` }

func TestFaultRootCauses(t *testing.T) {
	const fault = `"fault":true`
	root := func(members ...string) string {
		return doc("1000000000000000", "root", 0, 10, append([]string{fault}, members...)...)
	}
	a := func(members ...string) string { return doc("1111111111111111", "A", 1, 7, members...) }
	b := func(members ...string) string { return doc("2222222222222222", "B", 2, 9, members...) }
	const remote = `"namespace":"remote"`
	for _, tt := range []struct{ name, documents, want string }{
		{"flag without exception", root(), ""},
		{"exception of the root", root(thrownR), "root[root(R)]"},
		{"exception below", root(within(a(fault, thrownA))), "root[root A(A)]"},
		{"deepest owner, not the root", root(thrownR, within(a(fault, thrownA))), "root[root(R) A(A)]"},
		{"first of equals", root(within(b(fault, thrownB), a(fault, thrownA))), "root[root A(A)]"},
		{"owner without flag", root(within(a(thrownA), b(fault, thrownB))), "root[root B(B)]"},
		{"tail of flags", root(thrownR, within(a(fault))), "root[root(R)]"},
		{"flag between", root(within(a(fault, within(b(fault, thrownB))))), "root[root A B(B)]"},
		{"gap of a success", root(within(a(within(b(fault, thrownB))))), ""},
		{"inferred remote", root(within(a(fault, remote))), "root[root *A]/~A[A]"},
		{"inferred remote with exception", root(within(a(fault, remote, thrownA))), "root[root *A(A)]/~A[A]"},
		{"inferred before local exception", root(within(a(fault, thrownA), b(fault, remote))), "root[root *B]/~B[B]"},
		{"two inferred", root(within(a(fault, remote), b(fault, remote))), "root[root *A]/~A[A]"},
		{"reference", root(`"cause":"bbbbbbbbbbbbbbbb"`, within(a(fault, thrownA), b(fault, thrownB))), "root[root B(B)]"},
		{"reference before inferred", root(`"cause":"aaaaaaaaaaaaaaaa"`, within(a(fault, thrownA), b(fault, remote))), "root[root A(A)], ?~B[B]"},
		{"reference to nothing", root(`"cause":"dddddddddddddddd"`, within(b(fault, remote))), "?~B[B]"},
		{"reference of a child to nothing", root(thrownR, within(a(fault, `"cause":"dddddddddddddddd"`))), "root[root(R)]"},
		{"root not flagged", doc("1000000000000000", "root", 0, 10, within(a(fault, thrownA))), ""},
		{"callee that failed", root(within(a(fault, remote))) + "\n" +
			doc("3333333333333333", "callee", 2, 6, `"parent_id":"1111111111111111"`, fault, thrownB), "root[root *A]/callee[callee(B)]"},
		{"callee with flag only", root(within(a(fault, remote, thrownA))) + "\n" +
			doc("3333333333333333", "callee", 2, 6, `"parent_id":"1111111111111111"`, fault), "root[root *A(A)]"},
		{"swallowed", doc("1000000000000000", "root", 0, 10, within(a(fault, remote))) + "\n" +
			doc("3333333333333333", "callee", 2, 6, `"parent_id":"1111111111111111"`, fault, thrownB), "?callee[callee(B)]"},
		{"swallowed, the callee's clock is early", doc("1000000000000000", "root", 0, 10, within(a(fault, remote))) + "\n" +
			doc("4444444444444444", "deep", -5, -4, `"parent_id":"3333333333333333"`, fault, thrownA) + "\n" +
			doc("3333333333333333", "callee", 2, 6, `"parent_id":"1111111111111111"`, fault, thrownB), "?callee[callee(B)]/deep[deep(A)]"},
		{"two independent", doc("1000000000000000", "root", 0, 10, within(a(remote), b(remote))) + "\n" +
			doc("3333333333333333", "x", 2, 6, `"parent_id":"1111111111111111"`, fault, thrownA) + "\n" +
			doc("4444444444444444", "y", 3, 6, `"parent_id":"2222222222222222"`, fault, thrownB), "?x[x(A)], ?y[y(B)]"},
		{"parents in a circle", doc("3333333333333333", "x", 2, 6, `"parent_id":"4444444444444444"`, fault, thrownA) + "\n" +
			doc("4444444444444444", "y", 3, 6, `"parent_id":"3333333333333333"`, fault), "?x[x(A)]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := way(CausesOf(assemble(t, tt.documents)).Fault); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestErrorRootCauses(t *testing.T) {
	documents := doc("1000000000000000", "root", 0, 10, `"http":{"response":{"status":404}}`,
		within(doc("1111111111111111", "DynamoDB", 1, 7, `"namespace":"aws"`, `"aws":{"operation":"GetItem","table_name":"t"}`, `"throttle":true`)))
	causes := CausesOf(assemble(t, documents))
	if got, want := way(causes.Error), "root[root *DynamoDB]/~t[DynamoDB]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if causes.Fault != nil {
		t.Errorf("fault causes %s", way(causes.Fault))
	}
	if got := causes.Error[0].Services[1].Type; got != "AWS::DynamoDB::Table" {
		t.Errorf("type %q", got)
	}
}

func TestResponseTimeRootCauses(t *testing.T) {
	const remote = `"namespace":"remote"`
	root := func(subsegments ...string) string {
		return doc("1000000000000000", "root", 0, 4, within(subsegments...))
	}
	call := doc("1111111111111111", "callee", 0.1, 3.1, remote)
	for _, tt := range []struct{ name, documents, want string }{
		{"nothing below", root(), ""},
		{"half", root(doc("1111111111111111", "a", 1, 3, remote)), ""},
		{"local", root(doc("1111111111111111", "a", 0.1, 3.1)), "root[root 1, a 0.75]"},
		{"inferred", root(call), "root[root 1, *callee 0.75]/~callee[callee 0.75]"},
		{"callee within the call", root(call) + "\n" + doc("3333333333333333", "callee", 0.5, 3, `"parent_id":"1111111111111111"`),
			"root[root 1, *callee 0.75]/callee[callee 0.625]"},
		{"callee outlasts the call", root(call) + "\n" + doc("3333333333333333", "callee", 0.5, 9, `"parent_id":"1111111111111111"`),
			"root[root 1, *callee 0.75]"},
		{"deep", root(doc("1111111111111111", "a", 0, 3.9, within(doc("2222222222222222", "b", 0, 3), doc("3333333333333333", "c", 0, 3.5)))),
			"root[root 1, a 0.975, c 0.875]"},
		{"no root", doc("3333333333333333", "x", 0, 4, `"parent_id":"1111111111111111"`, within(doc("2222222222222222", "b", 0, 3))), ""},
		{"no time", doc("1000000000000000", "root", 0, 0, within(doc("2222222222222222", "b", 0, 0))), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := slowWay(CausesOf(assemble(t, tt.documents)).ResponseTime); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestDeepTrace holds that the ways of a long chain take no quadratic time.
func TestDeepTrace(t *testing.T) {
	var docs []*segment.Document
	const depth = 50_000
	for i := range depth {
		end := 3000.0
		d := &segment.Document{ID: fmt.Sprintf("%016x", i+1), TraceID: traceID, Name: "s", StartTime: 1000 + float64(i)/1000, EndTime: &end, Fault: true}
		if i > 0 {
			d.ParentID = fmt.Sprintf("%016x", i)
		}
		docs = append(docs, d)
	}
	docs[depth-1].Cause = &segment.Cause{Exceptions: []segment.Exception{{Type: "E"}}}
	s := Of(assembly.Assemble(traceID, docs))
	if got := len(s.FaultRootCauses[0].Services); got != depth {
		t.Errorf("%d services on the way", got)
	}
}
