package terminal

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// hostile names try to leave their place.
var hostile = []string{
	"plain", "\x1b[2J\x1b[31mred", "line\nbreak\rreturn\ttab", "\u202eright to left", "\xff\xfe invalid",
	"法人スコア計算と審査サービス", "e\u0301\u0301\u0301 combining", "👩‍👩‍👧 family", strings.Repeat("long ", 80), "",
}

func hostileTrace() *timeline.Timeline {
	var docs []*segment.Document
	for i, name := range hostile {
		start := 1.8e9 + float64(i)/7
		end := start + float64(i)/3
		doc := &segment.Document{
			ID: fmt.Sprint(i), Name: name, StartTime: start, EndTime: &end, Fault: i%2 == 0,
			HTTP:  &segment.HTTP{Request: &segment.HTTPRequest{Method: "GET", URL: name}, Response: &segment.HTTPResponse{Status: 100 * i}},
			Cause: &segment.Cause{Exceptions: []segment.Exception{{Type: name, Message: name}, {Type: name}}},
		}
		if i == 4 {
			doc.EndTime = nil
		}
		if i > 0 {
			doc.ParentID = fmt.Sprint(i - 1)
		}
		docs = append(docs, doc)
	}
	return timeline.Build(docs)
}

// Whatever the names are, lines fit and hold nothing that a terminal obeys.
func TestLinesFit(t *testing.T) {
	var lines []Line
	for _, name := range hostile {
		lines = append(lines, Line{ID: "1-58406520-a006649127e371903a2de979", Request: name, Service: name, Status: 502, Outcome: timeline.Throttle, Duration: time.Hour})
	}
	for _, width := range []int{1, 40, 41, 60, 71, 72, 80, 99, 100, 110, 200, 1 << 40} {
		for _, ascii := range []bool{false, true} {
			s := Screen{Width: width, ASCII: ascii}
			var out strings.Builder
			if err := s.WriteTrace(&out, lines[0].ID, hostileTrace(), time.UTC); err != nil {
				t.Fatal(err)
			}
			if err := s.WriteList(&out, lines); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				line = strings.TrimSuffix(line, "\n")
				if n := columns(line); n > s.width() {
					t.Errorf("width %d: a line of %d columns: %q", width, n, line)
				}
				if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Errorf("width %d: control characters in %q", width, line)
				}
			}
		}
	}
}

func TestColumnsAndCut(t *testing.T) {
	s := Screen{}
	for _, tt := range []struct {
		text string
		all  int
		n    int
		want string
	}{
		{"scoring", 7, 7, "scoring"},
		{"scoring", 7, 6, "scori…"},
		{"scoring", 7, 1, "…"},
		{"scoring", 7, 0, ""},
		{"日本語", 6, 6, "日本語"},
		{"日本語", 6, 5, "日本…"},
		{"日本語", 6, 4, "日…"}, // a half of a wide rune stays free
		{"e\u0301te\u0301", 3, 3, "e\u0301te\u0301"},
		{"👍 done", 7, 5, "👍 d…"},
	} {
		if got := columns(tt.text); got != tt.all {
			t.Errorf("columns(%q) = %d, want %d", tt.text, got, tt.all)
		}
		if got := s.cut(tt.text, tt.n); got != tt.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.text, tt.n, got, tt.want)
		}
	}
}

func TestBar(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name             string
		offset, duration time.Duration
		kind             timeline.Kind
		running          bool
		want             string
	}{
		{name: "whole", duration: 80 * ms, want: "██████████"},
		{name: "nothing is an eighth", want: "▏         "},
		{name: "nothing at the end", offset: 80 * ms, want: "         ▏"},
		{name: "within a cell", offset: 16 * ms, duration: 4 * ms, want: "  ▌       "},
		{name: "ends within a cell", duration: 19 * ms, want: "██▍       "},
		{name: "begins within a cell", offset: 12 * ms, duration: 12 * ms, want: " ▐█       "},
		{name: "begins late in a cell", offset: 15 * ms, duration: 9 * ms, want: " ▕█       "},
		{name: "in progress", offset: 40 * ms, duration: 40 * ms, running: true, want: "     ╌╌╌╌╌"},
		{name: "inferred", duration: 24 * ms, kind: timeline.Inferred, want: "▒▒▒       "},
		{name: "beyond the end", offset: 70 * ms, duration: 99 * ms, want: "        ▕█"},
	} {
		row := &timeline.Row{Offset: tt.offset, Duration: tt.duration, Kind: tt.kind, InProgress: tt.running}
		if got := (Screen{}).bar(row, 80*ms, 10); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := (Screen{}).bar(&timeline.Row{}, 0, 3); got != "▏  " {
		t.Errorf("a timeline without length: %q", got)
	}
}

func TestScreenOf(t *testing.T) {
	pipe, _, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	for columns, want := range map[string]int{"": 80, "132": 132, "wide": 80, "-3": 80} {
		t.Setenv("COLUMNS", columns)
		if got := ScreenOf(pipe); got != (Screen{Width: want}) {
			t.Errorf("COLUMNS=%q: %+v, want width %d without colours", columns, got, want)
		}
	}
}

func TestWriteTraceLarge(t *testing.T) {
	var docs []*segment.Document
	for i := range 10_000 {
		end := 1.8e9 + 1.0
		doc := &segment.Document{ID: fmt.Sprint(i), Name: "s", StartTime: 1.8e9, EndTime: &end}
		if i > 0 {
			doc.ParentID = fmt.Sprint(i - 1)
		}
		docs = append(docs, doc)
	}
	begin := time.Now()
	var out strings.Builder
	if err := (Screen{Width: 120}).WriteTrace(&out, "1-x", timeline.Build(docs), time.UTC); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	if got := strings.Count(out.String(), "\n"); got < 10_000 {
		t.Errorf("%d lines", got)
	}
}
