package terminal

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// Line is one trace in a list.
type Line struct {
	ID         string // never cut, for it is there to be copied
	Age        time.Duration
	Duration   time.Duration
	InProgress bool // Duration is not known yet
	Outcome    timeline.Outcome
	Status     int // 0 for none
	Request    string
	Service    string
	Services   int
	Segments   int // 0 if that is not known: X-Ray does not tell
}

// A column of the list. The id is none: it comes last, or below the rest when
// the screen is too narrow for both.
type column struct {
	title string
	right bool
	width int
	cell  func(*Line) string
}

// WriteList draws a table of traces in the order given. The error is out's.
func (s Screen) WriteList(out io.Writer, lines []Line) error {
	w := bufio.NewWriter(out)
	width := s.width()
	narrow := width < 72
	columns := s.columns(lines, width, narrow)

	title := "  "
	for _, c := range columns {
		title += c.pad(c.title) + "  "
	}
	if !narrow {
		title += "TRACE"
	}
	fmt.Fprintln(w, s.paint(dim, strings.TrimRight(title, " ")))
	for i := range lines {
		l := &lines[i]
		m := markOf(l.Outcome, l.InProgress)
		text := s.drawMark(m) + " "
		for j, c := range columns {
			cell := c.pad(s.cut(c.cell(l), c.width))
			if j == 0 {
				cell = s.paint(m.style, cell)
			}
			text += cell + "  "
		}
		if narrow {
			text = strings.TrimRight(text, " ") + "\n  "
		}
		fmt.Fprintln(w, text+s.paint(dim, l.ID))
	}
	return w.Flush()
}

// columns chooses what fits and gives the request what remains.
func (s Screen) columns(lines []Line, width int, narrow bool) []column {
	short := width < 110
	cs := []column{
		{title: "", cell: func(l *Line) string { return s.label(markOf(l.Outcome, l.InProgress), l.Status, short) }},
		{title: "AGE", right: true, cell: func(l *Line) string { return timeline.FormatAge(l.Age) }},
		{title: "DURATION", right: true, cell: func(l *Line) string {
			if l.InProgress {
				return s.glyph("…", "~")
			}
			return s.duration(l.Duration)
		}},
		{title: "REQUEST", cell: func(l *Line) string { return clean(l.Request) }},
	}
	request := len(cs) - 1
	if width >= 100 {
		cs = append(cs, column{title: "SERVICE", cell: func(l *Line) string { return clean(l.Service) }})
	}
	if width >= 110 {
		cs = append(cs, column{title: "SERVICES", right: true, cell: func(l *Line) string { return strconv.Itoa(l.Services) }})
	}
	if known := slices.ContainsFunc(lines, func(l Line) bool { return l.Segments > 0 }); known && width >= 120 {
		cs = append(cs, column{title: "SEGMENTS", right: true, cell: func(l *Line) string { return strconv.Itoa(l.Segments) }})
	}
	rest := width - 2 - 35
	if narrow {
		rest = width - 2
	}
	for i := range cs {
		cs[i].fit(lines)
		if cs[i].title == "SERVICE" {
			cs[i].width = min(cs[i].width, width/6)
		}
		if i != request {
			rest -= cs[i].width + 2
		}
	}
	if !narrow {
		rest -= 2
	}
	cs[request].width = min(cs[request].width, max(rest, 8))
	return cs
}

// fit makes the column as wide as its widest cell.
func (c *column) fit(lines []Line) {
	c.width = columns(c.title)
	for i := range lines {
		c.width = max(c.width, columns(c.cell(&lines[i])))
	}
}

func (c *column) pad(text string) string {
	if c.right {
		return right(text, c.width)
	}
	return left(text, c.width)
}
