// Package terminal draws traces with text: the timeline of one, and a list of
// many.
//
// What it draws fits the width of a Screen, carries each outcome as a shape and
// a word or letter besides its colour, and holds no control characters but its
// own colours, whatever the names in a trace contain.
package terminal

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// Screen is what is drawn on.
type Screen struct {
	Width int  // columns; less than 40 counts as 40
	Color bool // ANSI colours are understood and wanted
	ASCII bool // draw with ASCII only; text from traces stays as it is
	All   bool // draw each of many like rows
}

const (
	minWidth     = 40
	maxWidth     = 500
	defaultWidth = 80
)

// ScreenOf describes out. Its width is $COLUMNS, else the terminal's, else 80.
// It has colours if it is a terminal that is not "dumb", and NO_COLOR is empty
// (https://no-color.org).
func ScreenOf(out io.Writer) Screen {
	s := Screen{Width: defaultWidth}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		s.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			s.Width = width
		}
	}
	if width, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && width > 0 {
		s.Width = width
	}
	return s
}

// width returns the columns to draw in.
func (s Screen) width() int { return min(max(s.Width, minWidth), maxWidth) }

// A style is an ANSI "select graphic rendition" sequence, without its frame.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	blue   style = "34"
	violet style = "35"
)

// paint returns the text in a style.
func (s Screen) paint(st style, text string) string {
	if !s.Color || st == plain || text == "" {
		return text
	}
	return "\x1b[" + string(st) + "m" + text + "\x1b[0m"
}
