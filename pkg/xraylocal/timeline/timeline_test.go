package timeline

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// outline writes the rows as an indented list: marks, name, offset+duration in
// milliseconds.
func outline(rows []Row) string {
	var b strings.Builder
	for _, r := range rows {
		marks := ""
		if r.Orphan {
			marks += " orphan"
		}
		if r.InProgress {
			marks += " running"
		}
		if r.Folded != nil {
			marks += " folded"
		}
		if r.Outcome != OK {
			marks += " " + string(r.Outcome)
		}
		fmt.Fprintf(&b, "%s%s %s of %s %d+%d%s\n", strings.Repeat("  ", r.Depth), r.Kind, r.Name, r.Service,
			r.Offset.Milliseconds(), r.Duration.Milliseconds(), marks)
	}
	return b.String()
}

// parse decodes documents, one a line. Times are in seconds after 1,800,000,000.
func parse(t testing.TB, lines string) []*segment.Document {
	t.Helper()
	var docs []*segment.Document
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		doc := new(segment.Document)
		if err := json.Unmarshal([]byte(line), doc); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		shift(doc)
		docs = append(docs, doc)
	}
	return docs
}

func shift(doc *segment.Document) {
	doc.StartTime += 1.8e9
	if doc.EndTime != nil {
		*doc.EndTime += 1.8e9
	}
	for _, sub := range doc.Subsegments {
		if sub != nil {
			shift(sub)
		}
	}
}

func TestBuild(t *testing.T) {
	for _, tt := range []struct {
		name, docs, want string
	}{
		{"no documents", ``, ``},
		{"one segment", `{"id":"a","name":"web","start_time":1,"end_time":1.5}`, `
segment web of web 0+500
`},
		{"embedded subsegments by start", `{"id":"a","name":"web","start_time":1,"end_time":2,"subsegments":[{"id":"c","name":"late","start_time":1.5,"end_time":1.6},{"id":"b","name":"early","start_time":1.1,"end_time":1.2,"subsegments":[{"id":"d","name":"deep","start_time":1.15,"end_time":1.16}]}]}`, `
segment web of web 0+1000
  subsegment early of web 100+100
    subsegment deep of web 150+10
  subsegment late of web 500+100
`},
		{"segment below the subsegment of another", `
{"id":"b","name":"backend","start_time":1.2,"end_time":1.8,"parent_id":"s"}
{"id":"a","name":"web","start_time":1,"end_time":2,"subsegments":[{"id":"s","name":"call","namespace":"remote","start_time":1.1,"end_time":1.9}]}`, `
segment web of web 0+1000
  subsegment call of web 100+800
    segment backend of backend 200+600
`},
		{"segment below a segment", `
{"id":"b","name":"backend","start_time":1.2,"end_time":1.8,"parent_id":"a"}
{"id":"a","name":"web","start_time":1,"end_time":2}`, `
segment web of web 0+1000
  segment backend of backend 200+600
`},
		{"inferred segment", `
{"id":"i","name":"DynamoDB","start_time":1.1,"end_time":1.9,"parent_id":"s","inferred":true,"origin":"AWS::DynamoDB::Table"}
{"id":"a","name":"web","start_time":1,"end_time":2,"subsegments":[{"id":"s","name":"DynamoDB","namespace":"aws","start_time":1.1,"end_time":1.9}]}`, `
segment web of web 0+1000
  subsegment DynamoDB of web 100+800
    inferred DynamoDB of DynamoDB 100+800
`},
		{"subsegment sent on its own", `
{"id":"s","name":"work","type":"subsegment","start_time":1.1,"end_time":1.9,"parent_id":"a"}
{"id":"a","name":"web","start_time":1,"end_time":2}`, `
segment web of web 0+1000
  subsegment work of web 100+800
`},
		{"orphans", `
{"id":"b","name":"lost","start_time":1.2,"end_time":1.8,"parent_id":"nobody"}
{"id":"a","name":"web","start_time":1.4,"end_time":2}
{"id":"s","name":"adrift","type":"subsegment","start_time":1,"end_time":1.1,"parent_id":"gone"}`, `
subsegment adrift of adrift 0+100 orphan
segment lost of lost 200+600 orphan
segment web of web 400+600
`},
		{"own parent", `{"id":"a","name":"web","start_time":1,"end_time":2,"parent_id":"a"}`, `
segment web of web 0+1000 orphan
`},
		{"circle of two", `
{"id":"b","name":"second","start_time":1.2,"end_time":1.8,"parent_id":"a"}
{"id":"a","name":"first","start_time":1,"end_time":2,"parent_id":"b"}`, `
segment first of first 0+1000 orphan
  segment second of second 200+600
`},
		{"below its own subsegment", `{"id":"a","name":"web","start_time":1,"end_time":2,"parent_id":"s","subsegments":[{"id":"s","name":"call","start_time":1.1,"end_time":1.2}]}`, `
segment web of web 0+1000 orphan
  subsegment call of web 100+100
`},
		{"complete replaces in progress", `
{"id":"a","name":"begun","start_time":1,"in_progress":true}
{"id":"a","name":"done","start_time":1,"end_time":2}
{"id":"a","name":"again","start_time":1,"end_time":3}`, `
segment done of done 0+1000
`},
		{"in progress up to the end known", `
{"id":"a","name":"web","start_time":1,"in_progress":true,"subsegments":[{"id":"s","name":"work","start_time":1.1,"end_time":1.4}]}
{"id":"b","name":"late","start_time":2,"in_progress":true,"parent_id":"a"}`, `
segment web of web 0+1000 running
  subsegment work of web 100+300
  segment late of late 1000+0 running
`},
		{"clock skew", `
{"id":"a","name":"web","start_time":1,"end_time":1.1,"subsegments":[{"id":"s","name":"call","start_time":1.01,"end_time":1.009}]}
{"id":"b","name":"ahead","start_time":0.998,"end_time":1.102,"parent_id":"s"}`, `
segment web of web 2+100
  subsegment call of web 12+0
    segment ahead of ahead 0+104
`},
		{"outcomes", `
{"id":"a","name":"a","start_time":1,"end_time":2,"fault":true,"throttle":true,"error":true}
{"id":"b","name":"b","start_time":1,"end_time":2,"fault":true,"error":true}
{"id":"c","name":"c","start_time":1,"end_time":2,"error":true}
{"id":"d","name":"d","start_time":1,"end_time":2,"http":{"response":{"status":429}}}
{"id":"e","name":"e","start_time":1,"end_time":2,"http":{"response":{"status":503}}}
{"id":"f","name":"f","start_time":1,"end_time":2,"http":{"response":{"status":404}}}
{"id":"g","name":"g","start_time":1,"end_time":2,"http":{"response":{"status":302}}}
{"id":"h","name":"h","start_time":1,"end_time":2,"error":true,"http":{"response":{"status":500}}}`, `
segment a of a 0+1000 throttle
segment b of b 0+1000 fault
segment c of c 0+1000 error
segment d of d 0+1000 throttle
segment e of e 0+1000 fault
segment f of f 0+1000 error
segment g of g 0+1000
segment h of h 0+1000 fault
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := outline(Build(parse(t, tt.docs)).Rows)
			if diff := cmp.Diff(strings.TrimLeft(tt.want, "\n"), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// X-Ray returns segments in any order: the rows do not depend on it.
func TestBuildIgnoresOrder(t *testing.T) {
	docs := parse(t, `
{"id":"a","name":"web","start_time":1,"end_time":2,"subsegments":[{"id":"s","name":"call","start_time":1.1,"end_time":1.9}]}
{"id":"b","name":"x","start_time":1.2,"end_time":1.3,"parent_id":"s"}
{"id":"c","name":"x","start_time":1.2,"end_time":1.3,"parent_id":"s"}
{"id":"d","name":"y","start_time":1.2,"end_time":1.3,"parent_id":"s"}`)
	want := outline(Build(docs).Rows)
	for range docs {
		docs = append(docs[1:], docs[0])
		if got := outline(Build(docs).Rows); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	}
}

func TestTimeline(t *testing.T) {
	got := Build(parse(t, `
{"id":"x","name":"lost","start_time":1,"end_time":1.1,"parent_id":"nobody"}
{"id":"a","name":"web","start_time":1.5,"end_time":2.000412,"origin":"AWS::ECS::Fargate","http":{"request":{"method":"GET","url":"http://h/loans/7?x=1"},"response":{"status":200}},"subsegments":[{"id":"s","name":"DynamoDB","namespace":"aws","start_time":1.6,"end_time":1.7,"aws":{"operation":"PutItem"}}]}
{"id":"i","name":"DynamoDB","inferred":true,"start_time":1.6,"end_time":1.7,"parent_id":"s","origin":"AWS::DynamoDB::Table"}
{"id":"b","name":"web","start_time":1.6,"end_time":1.7,"parent_id":"a"}`))
	if want := time.Unix(1800000001, 0).UTC(); got.Start != want {
		t.Errorf("start %v, want %v", got.Start, want)
	}
	if want := 1000412 * time.Microsecond; got.Duration != want {
		t.Errorf("duration %v, want %v", got.Duration, want)
	}
	if got.Segments != 3 || !cmp.Equal(got.Services, []string{"lost", "web"}) {
		t.Errorf("%d segments of %v", got.Segments, got.Services)
	}
	root := got.Root()
	if root.ID != "a" || root.Origin != "AWS::ECS::Fargate" || root.Request() != "GET /loans/7" || root.Status != 200 {
		t.Errorf("root %+v", root)
	}
	if call := got.Rows[2]; call.ParentID != "a" || call.Namespace != "aws" || call.Request() != "PutItem" {
		t.Errorf("call %+v", call)
	}
	if Build(nil).Root() != nil {
		t.Error("an empty timeline has a root")
	}
}

func TestFold(t *testing.T) {
	rows := Build(parse(t, `
{"id":"a","name":"web","start_time":1,"end_time":2,"subsegments":[{"id":"s","name":"S3","namespace":"aws","start_time":1.1,"end_time":1.2},{"id":"t","name":"two","namespace":"remote","start_time":1.3,"end_time":1.5},{"id":"u","name":"last","namespace":"remote","start_time":1.6,"end_time":1.7}]}
{"id":"i","name":"S3","inferred":true,"start_time":1.1,"end_time":1.2,"parent_id":"s","origin":"AWS::S3::Bucket"}
{"id":"j","name":"two","inferred":true,"start_time":1.3,"end_time":1.5,"parent_id":"t"}
{"id":"k","name":"real","start_time":1.4,"end_time":1.5,"parent_id":"t"}
{"id":"l","name":"last","inferred":true,"start_time":1.6,"end_time":1.7,"parent_id":"u"}`))
	want := `segment web of web 0+1000
  subsegment S3 of web 100+100 folded
  subsegment two of web 300+200
    inferred two of two 300+200
    segment real of real 400+100
  subsegment last of web 600+100 folded
`
	folded := rows.Fold()
	if diff := cmp.Diff(want, outline(folded)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if folded[1].Origin != "AWS::S3::Bucket" || folded[1].Folded.ID != "i" {
		t.Errorf("folded %+v", folded[1])
	}
	if len(rows.Rows) != 8 {
		t.Errorf("Fold changed the timeline: %d rows", len(rows.Rows))
	}
}

// A document that holds itself can only be made by hand; it must end as well.
func TestBuildOfDocumentThatHoldsItself(t *testing.T) {
	doc := &segment.Document{ID: "a", Name: "a"}
	doc.Subsegments = []*segment.Document{doc, nil, {ID: "b", Name: "b", Subsegments: []*segment.Document{doc}}}
	if got := len(Build([]*segment.Document{doc, nil, doc}).Rows); got != 2 {
		t.Errorf("%d rows, want 2", got)
	}
}

func TestFormatDuration(t *testing.T) {
	for in, want := range map[time.Duration]string{
		-time.Second: "0 µs", 0: "0 µs", 499: "0 µs", 4 * time.Microsecond: "4 µs",
		412 * time.Microsecond: "412 µs", 999499: "999 µs", 999500: "1.00 ms",
		9994 * time.Microsecond: "9.99 ms", 9995 * time.Microsecond: "10.0 ms",
		86 * time.Millisecond: "86.0 ms", 99949 * time.Microsecond: "99.9 ms", 99950 * time.Microsecond: "100 ms",
		999499 * time.Microsecond: "999 ms", 999500 * time.Microsecond: "1.00 s",
		1242 * time.Millisecond: "1.24 s", 125 * time.Second: "125 s", 1000 * time.Second: "16.7 min",
		100 * time.Minute: "1.67 h", 47 * time.Hour: "47.0 h", 60 * time.Hour: "2.50 d",
	} {
		if got := FormatDuration(in); got != want {
			t.Errorf("FormatDuration(%d ns) = %q, want %q", in, got, want)
		}
	}
}

func TestPath(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "http://h/a/b?c#d": "/a/b", "http://h": "/", "/only": "/only", "http://h/%zz": "http://h/%zz", "db.local": "db.local",
	} {
		if got := Path(in); got != want {
			t.Errorf("Path(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFormatAge(t *testing.T) {
	for in, want := range map[time.Duration]string{
		-time.Hour: "0s", 0: "0s", 59 * time.Second: "59s", 60 * time.Second: "1m",
		59 * time.Minute: "59m", 3 * time.Hour: "3h", 47 * time.Hour: "47h", 49 * time.Hour: "2d",
	} {
		if got := FormatAge(in); got != want {
			t.Errorf("FormatAge(%v) = %q, want %q", in, got, want)
		}
	}
}
