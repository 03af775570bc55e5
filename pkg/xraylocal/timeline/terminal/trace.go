package terminal

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// WriteTrace draws a trace: a header, a row for each segment and subsegment
// with its bar, and the exceptions. A callee that sent nothing itself is folded
// into the call to it, which is drawn with a hatched square. Many like calls in
// a row are one row, unless s.All is set. Below is where the time went. Times are
// in zone. The error is out's.
func (s Screen) WriteTrace(out io.Writer, id string, t *timeline.Timeline, zone *time.Location) error {
	w := bufio.NewWriter(out)
	rows := t.Fold()
	s.writeHeader(w, id, t, zone)
	if s.All {
		s.writeRows(w, t, rows)
	} else {
		s.writeRows(w, t, timeline.Collapse(rows))
	}
	s.writeCritical(w, rows)
	s.writeNotes(w, rows)
	return w.Flush()
}

func (s Screen) writeHeader(w io.Writer, id string, t *timeline.Timeline, zone *time.Location) {
	width := s.width()
	root := t.Root()
	if root == nil {
		fmt.Fprintf(w, "%s  no segments\n", id)
		return
	}
	m := markOf(root.Outcome, root.InProgress)
	word := m.word
	if root.Status != 0 {
		word += " " + strconv.Itoa(root.Status)
	}
	title := strings.TrimSpace(root.Method + " " + root.URL)
	if title == "" {
		title = root.Name
	}
	fmt.Fprintf(w, "%s %s  %s\n", s.drawMark(m), s.paint(m.style, word),
		s.paint(bold, s.cut(clean(title), width-4-columns(word))))

	pieces := []string{
		s.duration(t.Duration),
		t.Start.In(zone).Format("2006-01-02 15:04:05.000 MST"),
		count(t.Segments, "segment"),
		count(len(t.Services), "service") + ": " + strings.Join(t.Services, ", "),
	}
	for _, line := range s.flow(pieces, width) {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintln(w, s.paint(dim, id))
	fmt.Fprintln(w)
}

// grid is the widths of the columns of a drawing.
type grid struct {
	name, duration, bar, label int
	short                      bool // labels are letters
}

// layout shares the width out: labels and durations take what they need, names
// what they need up to the half of the rest, bars what remains.
func (s Screen) layout(rows []timeline.Row, trees []string) grid {
	width := s.width()
	g := grid{short: width < 72}
	names := 0
	for i := range rows {
		r := &rows[i]
		names = max(names, columns(trees[i])+columns(s.nameOf(r)))
		g.duration = max(g.duration, columns(s.rowDuration(r)))
		g.label = max(g.label, columns(s.label(markOf(r.Outcome, r.InProgress), r.Status, g.short)))
	}
	rest := width - g.duration - g.label - len("M ") - 2*len(" ") - len(" ")
	g.name = min(names, max(rest*45/100, 14))
	g.bar = rest - g.name
	return g
}

func (s Screen) writeRows(w io.Writer, t *timeline.Timeline, rows []timeline.Row) {
	trees := s.trees(rows)
	g := s.layout(rows, trees)
	if g.bar >= 16 && len(rows) > 0 {
		scale := "0" + right(s.duration(t.Duration), g.bar-1)
		fmt.Fprintln(w, spaces(2+g.name+1+g.duration+1)+s.paint(dim, scale))
	}
	for i := range rows {
		r := &rows[i]
		m := markOf(r.Outcome, r.InProgress)
		line := s.drawMark(m) + " " + s.drawName(r, trees[i], g.name) +
			" " + right(s.rowDuration(r), g.duration) +
			" " + s.paint(m.style, s.bar(r, t.Duration, g.bar)) +
			" " + s.paint(m.style, s.label(m, r.Status, g.short))
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

func (s Screen) rowDuration(r *timeline.Row) string {
	if r.InProgress {
		return s.glyph("…", "~")
	}
	return s.duration(r.Duration)
}

// kindMark says what a row stands for.
func (s Screen) kindMark(r *timeline.Row) string {
	switch {
	case r.Orphan:
		return "?"
	case r.Folded != nil || r.Kind == timeline.Inferred:
		return s.glyph("▨", "%")
	case r.Kind == timeline.Segment:
		return s.glyph("●", "*")
	case r.Namespace != "":
		return s.glyph("→", ">")
	default:
		return s.glyph("·", ".")
	}
}

// nameOf is the text of a row's first column, after the tree.
func (s Screen) nameOf(r *timeline.Row) string {
	text := s.kindMark(r) + " " + clean(r.Name)
	if request := clean(r.Request()); request != "" && request != r.Name {
		text += " " + request
	}
	if s.ASCII {
		text = strings.Replace(text, " × ", " x ", 1) // of timeline.Collapse
	}
	return text
}

// drawName draws tree and name on n columns; the name of a segment is bold.
func (s Screen) drawName(r *timeline.Row, tree string, n int) string {
	name := s.cut(s.nameOf(r), n-columns(tree))
	pad := spaces(n - columns(tree) - columns(name))
	if r.Kind == timeline.Segment {
		name = s.paint(bold, name)
	}
	return s.paint(dim, tree) + name + pad
}

// writeCritical says in which rows the critical path spent most time.
func (s Screen) writeCritical(w io.Writer, rows []timeline.Row) {
	const most = 4
	root := slices.IndexFunc(rows, func(r timeline.Row) bool { return r.Depth == 0 && !r.Orphan })
	spent := make(map[int]time.Duration)
	var order []int
	var whole time.Duration
	for _, stretch := range timeline.CriticalPath(rows, root) {
		if spent[stretch.Row] == 0 {
			order = append(order, stretch.Row)
		}
		spent[stretch.Row] += stretch.To - stretch.From
		whole += stretch.To - stretch.From
	}
	if len(order) < 2 {
		return
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(spent[b], spent[a]) })
	pieces := []string{"critical path:"}
	for _, i := range order[:min(most, len(order))] {
		name := clean(rows[i].Name)
		if rows[i].Operation != "" {
			name += " " + clean(rows[i].Operation)
		}
		pieces = append(pieces, fmt.Sprintf("%s %s (%.0f%%)", name, s.duration(spent[i]), 100*float64(spent[i])/float64(whole)))
	}
	fmt.Fprintln(w)
	for _, line := range s.flow(pieces, s.width()) {
		fmt.Fprintln(w, s.paint(dim, line))
	}
}

// writeNotes explains what the rows cannot: exceptions, at most 10, and missing
// parents.
func (s Screen) writeNotes(w io.Writer, rows []timeline.Row) {
	const most = 10
	var lines []string
	orphans, exceptions := 0, 0
	for i := range rows {
		r := &rows[i]
		if r.Orphan {
			orphans++
		}
		if r.Document.Cause == nil {
			continue
		}
		for _, e := range r.Document.Cause.Exceptions {
			if exceptions++; exceptions > most {
				continue
			}
			text := strings.TrimSuffix(e.Type+": "+e.Message, ": ")
			m := markOf(r.Outcome, false)
			lines = append(lines, s.drawMark(m)+" "+s.cut(clean(r.Name+": "+text), s.width()-2))
		}
	}
	if exceptions > most {
		lines = append(lines, fmt.Sprintf("and %s more", count(exceptions-most, "exception")))
	}
	if orphans > 0 {
		lines = append(lines, "? parent not in the trace: "+count(orphans, "row"))
	}
	if len(lines) > 0 {
		fmt.Fprintf(w, "\n%s\n", strings.Join(lines, "\n"))
	}
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
