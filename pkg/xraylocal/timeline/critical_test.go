package timeline

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// rowsOf reads rows, one a line: dots for the depth, name, offset and end in
// milliseconds, and an outcome if it is not ok.
func rowsOf(t *testing.T, text string) []Row {
	t.Helper()
	var rows []Row
	for line := range strings.Lines(strings.TrimSpace(text)) {
		var name, outcome string
		var from, to int
		if n, _ := fmt.Sscan(line, &name, &from, &to, &outcome); n < 3 {
			t.Fatalf("line %q", line)
		}
		short := strings.TrimLeft(name, ".")
		r := Row{Depth: len(name) - len(short), Name: short, Kind: Subsegment, Outcome: OK,
			Offset: time.Duration(from) * time.Millisecond, Duration: time.Duration(to-from) * time.Millisecond}
		if outcome != "" {
			r.Outcome = Outcome(outcome)
		}
		rows = append(rows, r)
	}
	return rows
}

func TestCriticalPath(t *testing.T) {
	tests := []struct{ name, rows, want string }{
		{"one row", "a 0 10", "a 0-10"},
		{"one after the other", `
a 0 100
.b 10 40
.c 50 90`, "a 0-10, b 10-40, a 40-50, c 50-90, a 90-100"},
		{"at once: the last to end counts", `
a 0 100
.b 10 90
.c 20 60`, "a 0-10, b 10-90, a 90-100"},
		{"one that overlaps is not waited for", `
a 0 100
.b 10 60
.c 50 90`, "a 0-50, c 50-90, a 90-100"},
		{"deep", `
a 0 100
.b 10 90
..c 20 80
...d 30 70`, "a 0-10, b 10-20, c 20-30, d 30-70, c 70-80, b 80-90, a 90-100"},
		{"what outlives its caller", `
a 0 100
.b 50 300
..c 90 280`, "a 0-50, b 50-90, c 90-100"},
		{"what begins before its caller", `
a 100 200
.b 50 150`, "b 100-150, a 150-200"},
		{"what begins after its caller", `
a 0 100
.b 150 200`, "a 0-100"},
		{"no time at all", "a 5 5", ""},
		{"two that end together: the one that began first", `
a 0 100
.b 50 100
.c 20 100`, "a 0-20, c 20-100"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows := rowsOf(t, tt.rows)
			var got []string
			for _, s := range CriticalPath(rows, 0) {
				got = append(got, fmt.Sprintf("%s %d-%d", rows[s.Row].Name, s.From.Milliseconds(), s.To.Milliseconds()))
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if CriticalPath(nil, 0) != nil {
		t.Error("a path through nothing")
	}
}

// randomRows makes a tree whose rows may stick out of those above them.
func randomRows(r *rand.Rand, n int) []Row {
	rows := []Row{{Duration: 1000}}
	for len(rows) < n {
		depth := 1 + r.IntN(rows[len(rows)-1].Depth+1)
		rows = append(rows, Row{Depth: depth, Offset: time.Duration(r.IntN(1100)), Duration: time.Duration(r.IntN(600)), Name: fmt.Sprint(r.IntN(3))})
	}
	return rows
}

// TestCriticalPathTiles holds that the path covers the root's time without gap
// or overlap, and that no row has more self time than it took.
func TestCriticalPathTiles(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		rows := randomRows(r, 1+r.IntN(60))
		at := rows[0].Offset
		for _, s := range CriticalPath(rows, 0) {
			if s.From != at || s.To <= s.From || s.From < rows[s.Row].Offset || s.To > rows[s.Row].Offset+rows[s.Row].Duration {
				t.Fatalf("a stretch %+v of row %+v after %v", s, rows[s.Row], at)
			}
			at = s.To
		}
		if at != rows[0].Offset+rows[0].Duration {
			t.Fatalf("the path ends at %v", at)
		}
		for i, self := range SelfTimes(rows) {
			if self < 0 || self > rows[i].Duration {
				t.Fatalf("self time %v of %v", self, rows[i].Duration)
			}
		}
	}
}

func TestSelfTimes(t *testing.T) {
	rows := rowsOf(t, `
a 0 100
.b 10 60
..c 0 70
.d 50 80
.e 90 150
f 200 210`)
	want := []time.Duration{20, 0, 70, 30, 60, 10}
	for i := range want {
		want[i] *= time.Millisecond
	}
	if diff := cmp.Diff(want, SelfTimes(rows)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWorst(t *testing.T) {
	rows := rowsOf(t, `
a 0 100
.b 10 60 error
..c 0 70 fault
.d 50 80 throttle
e 200 210 error`)
	if diff := cmp.Diff([]Outcome{Fault, Fault, Fault, Throttle, Error}, Worst(rows)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRepeats(t *testing.T) {
	rows := rowsOf(t, `
a 0 100
.get 0 10
.get 10 30
.get 20 25
.get 30 35
.get 40 45 fault
.put 50 60
.put 60 70
.put 70 80
.q 80 82
..x 80 81
.q 82 84
..x 82 83
.q 84 86
.q 86 88
..x 86 87
.r 90 91
..y 90 91
..y 90 91
..y 90 91
..y 90 92`)
	got := Repeats(rows)
	want := []Repeat{
		{Rows: []int{1, 2, 3, 4}, Total: 40 * time.Millisecond, From: 0, To: 35 * time.Millisecond, Slowest: 2},
		{Rows: []int{17, 18, 19, 20}, Total: 5 * time.Millisecond, From: 90 * time.Millisecond, To: 92 * time.Millisecond, Slowest: 20},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestDeepPath holds that a chain of many rows takes neither the stack nor long.
func TestDeepPath(t *testing.T) {
	const n = 20_000
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = Row{Depth: i, Offset: time.Duration(i), Duration: time.Duration(2*n - 2*i)}
	}
	if got := len(CriticalPath(rows, 0)); got != 2*n-1 {
		t.Errorf("%d stretches, want %d", got, 2*n-1)
	}
	SelfTimes(rows)
	Worst(rows)
	Repeats(rows)
}

func TestCollapse(t *testing.T) {
	rows := rowsOf(t, `
a 0 100
.get 0 10
..x 0 5
.get 10 30
..x 10 12
.get 20 25
..x 20 22
.get 30 35
..x 30 33
..x 30 33
.put 50 60`)
	rows = append(rows, rowsOf(t, "b 0 1\n.c 0 1\n.c 1 2\n.c 2 3\n.c 3 4\n..d 3 4\n")...)
	var got []string
	for _, r := range Collapse(rows) {
		got = append(got, fmt.Sprintf("%d %s %v-%v", r.Depth, r.Name, r.Offset.Milliseconds(), (r.Offset+r.Duration).Milliseconds()))
	}
	want := []string{"0 a 0-100", "1 get 0-10", "2 x 0-5", "1 get 10-30", "2 x 10-12", "1 get 20-25", "2 x 20-22", "1 get 30-35", "2 x 30-33", "2 x 30-33",
		"1 put 50-60", "0 b 0-1", "1 c 0-1", "1 c 1-2", "1 c 2-3", "1 c 3-4", "2 d 3-4"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("nothing to fold (-want +got):\n%s", diff)
	}
	rows = rowsOf(t, "a 0 100\n.c 0 1\n..d 0 1\n.c 1 2\n..d 1 2\n.c 2 3\n..d 2 3\n.c 3 9\n..d 3 4\n.e 9 10\n")
	got = nil
	for _, r := range Collapse(rows) {
		got = append(got, fmt.Sprintf("%d %s %v-%v", r.Depth, r.Name, r.Offset.Milliseconds(), (r.Offset+r.Duration).Milliseconds()))
	}
	if diff := cmp.Diff([]string{"0 a 0-100", "1 c × 4 0-9", "1 e 9-10"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
