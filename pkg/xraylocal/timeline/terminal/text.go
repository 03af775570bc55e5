package terminal

import (
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// clean replaces what a terminal might obey or hide: control characters, line
// breaks, marks of writing direction and invalid UTF-8.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return '?'
	}, text)
}

// columns returns how many columns a clean text takes.
func columns(text string) int {
	n := 0
	for _, r := range text {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0 // drawn over the rune before
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cut shortens a clean text to at most n columns, with an ellipsis for what it
// takes away.
func (s Screen) cut(text string, n int) string {
	if n <= 0 {
		return ""
	}
	if columns(text) <= n {
		return text
	}
	used := 0
	for i, r := range text {
		w := runeColumns(r)
		if used+w > n-1 {
			return text[:i] + s.glyph("…", "~")
		}
		used += w
	}
	return text
}

// left and right pad a clean text to n columns.
func left(text string, n int) string  { return text + spaces(n-columns(text)) }
func right(text string, n int) string { return spaces(n-columns(text)) + text }

func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }

// glyph returns what to draw on this screen.
func (s Screen) glyph(unicode, ascii string) string {
	if s.ASCII {
		return ascii
	}
	return unicode
}

// duration writes a duration.
func (s Screen) duration(d time.Duration) string {
	text := timeline.FormatDuration(d)
	if s.ASCII {
		text = strings.Replace(text, "µ", "u", 1)
	}
	return text
}

// flow puts pieces into lines of at most n columns, two spaces between them. A
// piece that is longer than a line is cut.
func (s Screen) flow(pieces []string, n int) []string {
	var lines []string
	line := ""
	for _, piece := range pieces {
		piece = s.cut(clean(piece), n)
		switch {
		case line == "":
			line = piece
		case columns(line)+2+columns(piece) <= n:
			line += "  " + piece
		default:
			lines = append(lines, line)
			line = piece
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
