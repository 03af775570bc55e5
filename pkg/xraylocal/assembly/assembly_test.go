package assembly_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
)

const trace = "1-581cf771-a006649127e371903a2de979"

// parse reads one document for each line "id parent start end members": "-"
// stands for no parent or no end. Parents with a leading "/" make an
// independent subsegment.
func parse(t *testing.T, lines ...string) []*segment.Document {
	t.Helper()
	var docs []*segment.Document
	for _, line := range lines {
		f := strings.SplitN(line+" ", " ", 5)
		raw := fmt.Sprintf(`{"trace_id":%q,"id":"%016s","name":"n%s","start_time":%s`, trace, f[0], f[0], f[2])
		if f[3] == "-" {
			raw += `,"in_progress":true`
		} else {
			raw += `,"end_time":` + f[3]
		}
		if parent, sub := strings.CutPrefix(f[1], "/"); sub {
			raw += fmt.Sprintf(`,"type":"subsegment","parent_id":"%016s"`, parent)
		} else if f[1] != "-" {
			raw += fmt.Sprintf(`,"parent_id":"%016s"`, f[1])
		}
		if members := strings.TrimSpace(f[4]); members != "" {
			raw += "," + members
		}
		doc, err := segment.Parse([]byte(raw + "}"))
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		docs = append(docs, doc)
	}
	return docs
}

// outline writes the visible tree: "1(2(3)) 4", inferred ones as "<n4".
func outline(tr *assembly.Trace) string {
	var write func(*segment.Document) string
	write = func(d *segment.Document) string {
		s := strings.TrimPrefix(d.Name, "n")
		if d.Inferred {
			s = "<" + s
		}
		if len(d.Subsegments) > 0 {
			var subs []string
			for _, sub := range d.Subsegments {
				subs = append(subs, write(sub))
			}
			s += "(" + strings.Join(subs, " ") + ")"
		}
		return s
	}
	var all []string
	for _, seg := range tr.Segments {
		all = append(all, write(seg))
	}
	return strings.Join(all, " ")
}

func TestAssemble(t *testing.T) {
	tests := []struct {
		name    string
		docs    []string
		want    string
		orphans int
		partial bool
	}{
		{"one segment", []string{"1 - 10 20"}, "1", 0, false},
		{"child segments stay apart", []string{"2 1 12 13", "1 - 10 20"}, "1 2", 0, false},
		{"independent subsegments, children first", []string{"3 /2 12 13", "2 /1 11 14", "1 - 10 20"}, "1(2(3))", 0, false},
		{"parent is embedded", []string{`1 - 10 20 "subsegments":[{"id":"00000000000000aa","name":"na","start_time":11,"end_time":12}]`, "3 /aa 11 12"}, "1(a(3))", 0, false},
		{"siblings by start", []string{"4 /1 13 14", "1 - 10 20", "3 /1 12 14", "2 /1 11 14"}, "1(2 3 4)", 0, false},
		{"orphan is not visible", []string{"1 - 10 20", "3 /9 1 99"}, "1", 1, true},
		{"below an orphan nothing is visible", []string{"1 - 10 20", "3 /9 1 99", "4 /3 1 99"}, "1", 2, true},
		{"orphans only", []string{"3 /9 1 99"}, "", 1, true},
		{"missing parent of a segment", []string{"1 9 10 20"}, "1", 0, true},
		{"cycle of two", []string{"1 - 10 20", "2 /3 11 12", "3 /2 11 12"}, "1", 2, true},
		{"cycle of one", []string{"1 - 10 20", "2 /2 11 12"}, "1", 1, true},
		{"subsegment below its own id", []string{"1 - 10 20", "2 /1 11 12", "2 /2 11 12"}, "1(2(2))", 0, false},
		{"remote call", []string{"1 - 10 20", `2 /1 11 12 "namespace":"remote"`}, "1(2) <2", 0, false},
		{"remote call to a service that answered", []string{"1 - 10 20", `2 /1 11 12 "namespace":"remote"`, "3 2 11.5 11.6"}, "1(2) 3", 0, false},
		{"remote call in progress", []string{"1 - 10 20", `2 /1 11 - "namespace":"remote"`}, "1(2)", 0, false},
		{"local work", []string{"1 - 10 20", `2 /1 11 12 "namespace":"local"`}, "1(2)", 0, false},
		{"remote call of an orphan", []string{"1 - 10 20", `2 /9 11 12 "namespace":"remote"`}, "1", 1, true},
		{"traced without a child is not partial", []string{"1 - 10 20", `2 /1 11 12 "namespace":"remote","http":{"request":{"traced":true}}`}, "1(2) <2", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs := parse(t, tt.docs...)
			before := marshal(t, docs)
			for _, order := range []string{"as sent", "reversed"} {
				if order == "reversed" && tt.name != "subsegment below its own id" {
					slices.Reverse(docs)
					before = marshal(t, docs)
				}
				got := assembly.Assemble(trace, docs)
				if o := outline(got); o != tt.want || len(got.Orphans) != tt.orphans || got.Partial() != tt.partial {
					t.Errorf("%s: got %q, %d orphans, partial %t; want %q, %d, %t",
						order, o, len(got.Orphans), got.Partial(), tt.want, tt.orphans, tt.partial)
				}
				if marshal(t, docs) != before {
					t.Errorf("%s: the documents given were changed", order)
				}
			}
		})
	}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestMergedDocumentIsStripped(t *testing.T) {
	docs := parse(t, "1 - 10 20", `2 /1 11 12 "http":{"request":{"url":"u","traced":true}}`, `3 /2 11 12 "http":{"request":{"traced":true}}`)
	got := marshal(t, assembly.Assemble(trace, docs).Segments[0])
	const want = `{"id":"0000000000000001","name":"n1","start_time":10,"trace_id":"1-581cf771-a006649127e371903a2de979","end_time":20,` +
		`"subsegments":[{"id":"0000000000000002","name":"n2","start_time":11,"end_time":12,"http":{"request":{"url":"u"}},` +
		`"subsegments":[{"id":"0000000000000003","name":"n3","start_time":11,"end_time":12,"http":{}}]}]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestInferred(t *testing.T) {
	tests := []struct {
		name, call string
		service    assembly.Service
		origin     string
	}{
		{"remote", `"name":"api.example.com","namespace":"remote"`, assembly.Service{Name: "api.example.com", Type: "remote"}, ""},
		{"table", `"name":"DynamoDB","namespace":"aws","aws":{"operation":"PutItem","table_name":"loans","resource_names":["x"]}`,
			assembly.Service{Name: "loans", Type: "AWS::DynamoDB::Table"}, "AWS::DynamoDB::Table"},
		{"table, no operation", `"name":"DynamoDB","namespace":"aws","aws":{"table_name":"loans"}`,
			assembly.Service{Name: "DynamoDB", Type: "AWS::DynamoDB"}, "AWS::DynamoDB"},
		{"bucket", `"name":"S3","namespace":"aws","aws":{"operation":"PutObject","bucket_name":"docs"}`,
			assembly.Service{Name: "docs", Type: "AWS::S3::Bucket"}, "AWS::S3::Bucket"},
		{"queue", `"name":"SQS","namespace":"aws","aws":{"operation":"SendMessage","queue_url":"https://q"}`,
			assembly.Service{Name: "https://q", Type: "AWS::SQS::Queue"}, "AWS::SQS::Queue"},
		{"topic", `"name":"SNS","namespace":"aws","aws":{"operation":"Publish","topic_arn":"arn:t"}`,
			assembly.Service{Name: "arn:t", Type: "AWS::SNS"}, "AWS::SNS"},
		{"function", `"name":"Lambda","namespace":"aws","aws":{"operation":"Invoke","function_name":"f"}`,
			assembly.Service{Name: "f", Type: "AWS::Lambda"}, "AWS::Lambda"},
		{"other service", `"name":"KMS","namespace":"aws","aws":{"operation":"Sign"}`,
			assembly.Service{Name: "KMS", Type: "AWS::KMS"}, "AWS::KMS"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs := parse(t, "1 - 10 20", `2 /1 11 12 "fault":true,"http":{"response":{"status":503}},"cause":"c","annotations":{"a":1},`+tt.call)
			docs[1].Name = strings.Split(tt.call, `"`)[3]
			got := assembly.Assemble(trace, docs)
			if again := assembly.Assemble(trace, docs); again.Segments[1].ID != got.Segments[1].ID {
				t.Error("the id of the inferred segment is not stable")
			}
			seg := got.Segments[1]
			end := 12.0
			want := &segment.Document{
				ID: seg.ID, Name: docs[1].Name, StartTime: 11, EndTime: &end, TraceID: trace, ParentID: docs[1].ID, Inferred: true,
				Fault: true, HTTP: docs[1].HTTP, AWS: docs[1].AWS, Origin: tt.origin,
			}
			if diff := cmp.Diff(want, seg); diff != "" {
				t.Errorf("inferred (-want +got):\n%s", diff)
			}
			if !segment.IsID(seg.ID) {
				t.Errorf("id %q", seg.ID)
			}
			services := []assembly.Service{{Name: "n1"}, tt.service, {Name: "n1", Type: "client"}}
			if diff := cmp.Diff(services, got.Services()); diff != "" {
				t.Errorf("services (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDuration(t *testing.T) {
	tests := []struct {
		name     string
		docs     []string
		seconds  float64
		ok       bool
		complete bool
	}{
		{"one", []string{"1 - 1790158405.1 1790158405.3"}, 0.2, true, true},
		{"subsegment sticks out", []string{"1 - 10 20", "2 /1 9 23"}, 14, true, true},
		{"orphan does not count", []string{"1 - 10 20", "2 /9 9 23"}, 10, true, true},
		{"in progress counts from its start", []string{"1 - 10 20", "2 1 25 -"}, 15, true, false},
		{"only in progress", []string{"1 - 10 -"}, 0, true, false},
		{"end before start", []string{"1 - 10 9"}, 0, false, true},
		{"nothing visible", []string{"1 /2 10 9"}, 0, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := assembly.Assemble(trace, parse(t, tt.docs...))
			seconds, ok := tr.Duration()
			if seconds != tt.seconds || ok != tt.ok || tr.Complete() != tt.complete {
				t.Errorf("got %v %t, complete %t", seconds, ok, tr.Complete())
			}
		})
	}
}

func TestOutcome(t *testing.T) {
	tests := []struct {
		name, members string
		want          assembly.Outcome
	}{
		{"ok", `"http":{"response":{"status":204}}`, assembly.Outcome{}},
		{"404", `"http":{"response":{"status":404}}`, assembly.Outcome{Error: true}},
		{"429", `"http":{"response":{"status":429}},"error":true`, assembly.Outcome{Throttle: true}},
		{"500", `"http":{"response":{"status":500}}`, assembly.Outcome{Fault: true}},
		{"flags", `"error":true,"fault":true`, assembly.Outcome{Error: true, Fault: true}},
		{"throttle is no error", `"error":true,"throttle":true`, assembly.Outcome{Throttle: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := assembly.OutcomeOf(parse(t, "1 - 10 20 "+tt.members)[0]); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestDeepChain holds that a long chain of independent subsegments, in the
// worst order, takes neither the stack nor quadratic time.
func TestDeepChain(t *testing.T) {
	const n = 20000
	end := 2.0
	docs := []*segment.Document{{ID: "root", StartTime: 1, EndTime: &end}}
	for i := range n {
		parent := fmt.Sprint(i - 1)
		if i == 0 {
			parent = "root"
		}
		docs = append(docs, &segment.Document{ID: fmt.Sprint(i), Type: segment.TypeSubsegment, ParentID: parent, StartTime: 1, EndTime: &end})
	}
	slices.Reverse(docs)
	count := 0
	for range assembly.Assemble(trace, docs).All() {
		count++
	}
	if count != n+1 {
		t.Errorf("%d entities, want %d", count, n+1)
	}
}
