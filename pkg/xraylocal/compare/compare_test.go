package compare

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// trace reads documents, one per line, without trace_id; times in milliseconds.
func trace(t *testing.T, lines string) []*segment.Document {
	t.Helper()
	var docs []*segment.Document
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		doc, err := segment.Decode([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, doc)
		scale(doc)
	}
	return docs
}

func scale(doc *segment.Document) {
	doc.StartTime = 1000 + doc.StartTime/1000
	if doc.EndTime != nil {
		end := 1000 + *doc.EndTime/1000
		doc.EndTime = &end
	}
	for _, sub := range doc.Subsegments {
		scale(sub)
	}
}

// draw writes a comparison, one row per line.
func draw(c *Comparison) string {
	var b strings.Builder
	for _, r := range c.Rows {
		fmt.Fprintf(&b, "%s%s %s %v self %v\n", strings.Repeat("  ", r.Depth), r.Row().Name, r.Change,
			r.Delta.Round(time.Millisecond), r.Self.Round(time.Millisecond))
	}
	return b.String()
}

const before = `
	{"id":"1","name":"web","start_time":0,"end_time":100,"subsegments":[
		{"id":"2","name":"auth","start_time":1,"end_time":11},
		{"id":"3","name":"cache","namespace":"remote","start_time":12,"end_time":14},
		{"id":"4","name":"DynamoDB","namespace":"aws","aws":{"operation":"GetItem"},"start_time":20,"end_time":40},
		{"id":"5","name":"stock","namespace":"remote","start_time":50,"end_time":90,"http":{"response":{"status":200}}}]}
	{"id":"6","name":"stock","parent_id":"5","start_time":55,"end_time":85}`

func oneLine(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "[\n", "["), ",\n", ",")
}

func TestTraces(t *testing.T) {
	after := `
	{"id":"a","name":"web","start_time":500,"end_time":800,"subsegments":[
		{"id":"b","name":"auth","start_time":501,"end_time":511},
		{"id":"c","name":"flags","start_time":511,"end_time":515},
		{"id":"d","name":"DynamoDB","namespace":"aws","aws":{"operation":"GetItem"},"start_time":520,"end_time":540},
		{"id":"e","name":"DynamoDB","namespace":"aws","aws":{"operation":"GetItem"},"start_time":540,"end_time":560},
		{"id":"f","name":"DynamoDB","namespace":"aws","aws":{"operation":"PutItem"},"start_time":560,"end_time":570},
		{"id":"9","name":"stock","namespace":"remote","start_time":580,"end_time":790,"http":{"response":{"status":503}}}]}
	{"id":"7","name":"stock","parent_id":"9","start_time":585,"end_time":785}`
	c := Traces(trace(t, oneLine(before)), trace(t, oneLine(after)))
	want := `web slower 200ms self -2ms
  auth alike 0s self 0s
  cache missing -2ms self -2ms
  flags added 4ms self 4ms
  DynamoDB alike 0s self 0s
  DynamoDB added 20ms self 20ms
  DynamoDB added 10ms self 10ms
  stock outcome 170ms self 0s
    stock slower 170ms self 170ms
`
	if got := draw(c); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if c.A != 100*time.Millisecond || c.B != 300*time.Millisecond || c.Changes[Added] != 3 || c.Changes[Missing] != 1 {
		t.Errorf("%v, %v, %v", c.A, c.B, c.Changes)
	}
	blame := c.Blame(2)
	if len(blame) != 2 || blame[0].Row().Name != "stock" || blame[0].Change != Slower || blame[1].Row().Name != "DynamoDB" {
		t.Errorf("blamed %v", blame)
	}
}

func TestDiffering(t *testing.T) {
	row := func(depth int, change Change) Row { return Row{Depth: depth, Change: change} }
	c := Comparison{Rows: []Row{
		row(0, Alike), row(1, Alike), row(2, Alike), row(1, Alike), row(2, Alike), row(3, Added), row(2, Alike), row(0, Alike), row(1, Missing), row(2, Alike),
	}}
	got := ""
	for i, differs := range c.Differing() {
		if differs {
			got += fmt.Sprint(i)
		}
	}
	if got != "034578" {
		t.Errorf("rows %s", got)
	}
}

func TestSame(t *testing.T) {
	docs := trace(t, oneLine(before))
	c := Traces(docs, docs)
	if c.Changes[Alike] != len(c.Rows) || len(c.Rows) != 6 || len(c.Blame(9)) != 0 {
		t.Errorf("%v\n%s", c.Changes, draw(c))
	}
}

func TestEntryPointsOfOtherNames(t *testing.T) {
	c := Traces(trace(t, `{"id":"1","name":"web","start_time":0,"end_time":10}`), trace(t, `{"id":"1","name":"web-v2","start_time":0,"end_time":10}`))
	if got := draw(c); got != "web alike 0s self 0s\n" {
		t.Errorf("got %s", got)
	}
	if c := Traces(nil, trace(t, `{"id":"1","name":"web","start_time":0,"end_time":10}`)); draw(c) != "web added 10ms self 10ms\n" {
		t.Errorf("got %s", draw(c))
	}
}

// TestLarge holds that siblings in their thousands take no quadratic time.
func TestLarge(t *testing.T) {
	many := func(n int) []*segment.Document {
		end := 2000.0
		root := &segment.Document{ID: "1", Name: "web", StartTime: 1000, EndTime: &end}
		for i := range n {
			at := 1000 + float64(i)/1000
			until := at + 0.0005
			root.Subsegments = append(root.Subsegments, &segment.Document{ID: fmt.Sprint(i + 2), Name: "GetItem", StartTime: at, EndTime: &until})
		}
		return []*segment.Document{root}
	}
	c := Traces(many(50_000), many(50_100))
	if c.Changes[Added] != 100 || c.Changes[Alike] != 50_001 {
		t.Error(c.Changes)
	}
}
