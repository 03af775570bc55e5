package terminal

import (
	"strings"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// The block elements that fill a cell from its left edge, by eighths.
var eighths = [9]string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"}

// bar draws a row's place in a timeline of the given length on width cells,
// padded to width. It is precise to an eighth of a cell, where Unicode has the
// block for it, and at least an eighth of a cell long. In progress is dashed,
// inferred is hatched.
func (s Screen) bar(row *timeline.Row, total time.Duration, width int) string {
	full := width * 8
	from, to := scale(row.Offset, total, full), scale(row.Offset+row.Duration, total, full)
	from = min(max(from, 0), full-1)
	to = min(max(to, from+1), full)

	first, last := from/8, (to-1)/8
	var b strings.Builder
	b.WriteString(spaces(first))
	fill, solid := s.fill(row)
	switch {
	case !solid:
		b.WriteString(strings.Repeat(fill, last-first+1))
	case first == last:
		b.WriteString(eighths[to-from])
	default:
		b.WriteString(rightPart(8 - from%8))
		b.WriteString(strings.Repeat(fill, last-first-1))
		b.WriteString(eighths[to-last*8])
	}
	b.WriteString(spaces(width - last - 1))
	return b.String()
}

// fill returns the cell that a bar consists of, and whether its ends can be
// drawn by eighths.
func (s Screen) fill(row *timeline.Row) (cell string, solid bool) {
	switch {
	case row.InProgress:
		return s.glyph("╌", "-"), false
	case row.Kind == timeline.Inferred:
		return s.glyph("▒", ":"), false
	default:
		return s.glyph("█", "="), !s.ASCII
	}
}

// rightPart returns the block nearest to n eighths at the right edge of a cell:
// Unicode has one eighth, a half, and the whole.
func rightPart(n int) string {
	switch {
	case n <= 2:
		return "▕"
	case n <= 6:
		return "▐"
	default:
		return "█"
	}
}

// scale maps a time within total to 0..full.
func scale(at, total time.Duration, full int) int {
	if total <= 0 {
		return 0
	}
	return int(float64(at) / float64(total) * float64(full))
}
