package terminal

import "strings"

// A canvas is text and lines, cell by cell.
type canvas struct {
	width int
	cells [][]cell
}

// A cell holds a rune, or a part of lines: the directions to which they go on.
type cell struct {
	text  rune // 0: none; -1: the right half of a wide rune
	lines uint8
	style style
}

// Directions.
const (
	north = 1 << iota
	east
	south
	west
)

// box are the runes of lines, by their directions.
var box = [16]string{
	"", "│", "─", "╰", "│", "│", "╭", "├", "─", "╯", "─", "┴", "╮", "┤", "┬", "┼",
}

// boxASCII are the same on a screen that has ASCII only.
func boxASCII(lines uint8) string {
	switch lines {
	case east, west, east | west:
		return "-"
	case north, south, north | south:
		return "|"
	default:
		return "+"
	}
}

func newCanvas(width, height int) canvas {
	c := canvas{width: width, cells: make([][]cell, height)}
	for y := range c.cells {
		c.cells[y] = make([]cell, width)
	}
	return c
}

// text writes a clean text, as far as there is room.
func (c *canvas) text(x, y int, text string, st style) {
	for _, r := range text {
		w := runeColumns(r)
		if w == 0 || x+w > c.width {
			continue
		}
		c.cells[y][x] = cell{text: r, style: st}
		if w == 2 {
			c.cells[y][x+1] = cell{text: -1}
		}
		x += w
	}
}

// line draws a level or upright line between two cells, beneath what is written.
func (c *canvas) line(x1, y1, x2, y2 int, st style) {
	for x := min(x1, x2); x < max(x1, x2); x++ {
		c.join(x, y1, east, st)
		c.join(x+1, y1, west, st)
	}
	for y := min(y1, y2); y < max(y1, y2); y++ {
		c.join(x1, y, south, st)
		c.join(x1, y+1, north, st)
	}
}

func (c *canvas) join(x, y int, direction uint8, st style) {
	if x >= 0 && x < c.width && c.cells[y][x].text == 0 {
		c.cells[y][x].lines |= direction
		c.cells[y][x].style = st
	}
}

// arrow draws the end of a line.
func (c *canvas) arrow(x, y int, glyph string, st style) {
	if x >= 0 && x < c.width {
		c.text(x, y, glyph, st)
	}
}

// render returns the lines, without spaces at their ends and empty lines after
// the last.
func (c *canvas) render(s Screen) string {
	var b strings.Builder
	for _, row := range c.cells {
		var line strings.Builder
		run, st := "", plain
		flush := func() {
			line.WriteString(s.paint(st, run))
			run = ""
		}
		last := len(row)
		for last > 0 && row[last-1].text == 0 && row[last-1].lines == 0 {
			last--
		}
		for _, cell := range row[:last] {
			text := " "
			switch {
			case cell.text == -1:
				continue
			case cell.text != 0:
				text = string(cell.text)
			case cell.lines != 0:
				text = s.glyph(box[cell.lines], boxASCII(cell.lines))
			}
			if cell.style != st {
				flush()
				st = cell.style
			}
			run += text
		}
		flush()
		b.WriteString(line.String() + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
