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
		name := r.Row().Name
		if r.RunA != nil {
			name += fmt.Sprintf(" × %d of %v, × %d of %v", r.RunA.Count, r.RunA.Mean().Round(time.Millisecond), r.RunB.Count, r.RunB.Mean().Round(time.Millisecond))
		}
		fmt.Fprintf(&b, "%s%s %s %v self %v\n", strings.Repeat("  ", r.Depth), name, r.Change,
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

// repeated is a trace with n calls of 10 ms each, of which each has a segment
// below, and of these the first failed end badly; one call of another kind is
// between each two.
func repeated(t *testing.T, n, failed int) []*segment.Document {
	t.Helper()
	var calls, lines strings.Builder
	for i := range n {
		at := 20 * i
		fault := ""
		if i < failed {
			fault = `"fault":true,`
		}
		fmt.Fprintf(&calls, `{"id":"c%d","name":"stock","namespace":"remote",%s"start_time":%d,"end_time":%d},{"id":"l%d","name":"lock","start_time":%d,"end_time":%d},`,
			i, fault, at, at+10, i, at+10, at+11)
		fmt.Fprintf(&lines, `{"id":"s%d","parent_id":"c%d","name":"stock","start_time":%d,"end_time":%d}`+"\n", i, i, at+1, at+9)
	}
	return trace(t, fmt.Sprintf(`{"id":"1","name":"web","start_time":0,"end_time":2000,"subsegments":[%s{"id":"2","name":"render","start_time":1990,"end_time":2000}]}
	%s`, calls.String(), lines.String()))
}

func TestRepeated(t *testing.T) {
	for name, tt := range map[string]struct {
		a, b []*segment.Document
		want string
	}{
		"another number": {repeated(t, 48, 0), repeated(t, 50, 0), `web alike 0s self -22ms
  stock × 48 of 10ms, × 50 of 10ms count 20ms self 4ms
    stock × 48 of 8ms, × 50 of 8ms count 16ms self 16ms
  lock × 48 of 1ms, × 50 of 1ms count 2ms self 2ms
  render alike 0s self 0s
`},
		"one has become many": {repeated(t, 1, 0), repeated(t, 4, 0), `web alike 0s self -33ms
  stock × 1 of 10ms, × 4 of 10ms count 30ms self 6ms
    stock × 1 of 8ms, × 4 of 8ms count 24ms self 24ms
  lock × 1 of 1ms, × 4 of 1ms count 3ms self 3ms
  render alike 0s self 0s
`},
		"too few to fold": {repeated(t, 0, 0), repeated(t, 1, 0), `web alike 0s self -11ms
  stock added 10ms self 2ms
    stock added 8ms self 8ms
  lock added 1ms self 1ms
  render alike 0s self 0s
`},
		"many are missing": {repeated(t, 4, 0), repeated(t, 0, 0), `web alike 0s self 44ms
  stock × 4 of 10ms, × 0 of 0s missing -40ms self -8ms
    stock × 4 of 8ms, × 0 of 0s missing -32ms self -32ms
  lock × 4 of 1ms, × 0 of 0s missing -4ms self -4ms
  render alike 0s self 0s
`},
		"some fail": {repeated(t, 5, 1), repeated(t, 6, 2), `web alike 0s self -11ms
  stock × 5 of 10ms, × 6 of 10ms outcome 10ms self 2ms
    stock × 5 of 8ms, × 6 of 8ms count 8ms self 8ms
  lock × 5 of 1ms, × 6 of 1ms count 1ms self 1ms
  render alike 0s self 0s
`},
	} {
		t.Run(name, func(t *testing.T) {
			c := Traces(tt.a, tt.b)
			if got := draw(c); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}

// TestLarge holds that siblings in their thousands take no quadratic time,
// whether they are folded or not.
func TestLarge(t *testing.T) {
	many := func(n int, name string) []*segment.Document {
		end := 2000.0
		root := &segment.Document{ID: "1", Name: "web", StartTime: 1000, EndTime: &end}
		for i := range n {
			at := 1000 + float64(i)/1000
			until := at + 0.0005
			called := name
			if called == "" {
				called = fmt.Sprint(i)
			}
			root.Subsegments = append(root.Subsegments, &segment.Document{ID: fmt.Sprint(i + 2), Name: called, StartTime: at, EndTime: &until})
		}
		return []*segment.Document{root}
	}
	if c := Traces(many(10_000, ""), many(10_100, "")); c.Changes[Added] != 100 || c.Changes[Alike] != 10_001 {
		t.Error(c.Changes)
	}
	c := Traces(many(10_000, "GetItem"), many(10_100, "GetItem"))
	if len(c.Rows) != 2 || c.Rows[1].Change != Count || c.Rows[1].RunA.Count != 10_000 || c.Rows[1].RunB.Total.Round(time.Millisecond) != 5050*time.Millisecond {
		t.Errorf("%v, %+v, %+v", c.Changes, c.Rows[1].RunA, c.Rows[1].RunB)
	}
}
