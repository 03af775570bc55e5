package doctor

import (
	"fmt"
	"io"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline/terminal"
)

// Write draws the report for people.
func (r Report) Write(out io.Writer, screen terminal.Screen) error {
	var b strings.Builder
	part, remedy, counts := "", "", map[string]int{}
	for _, c := range r.Checks {
		if c.Part != part {
			if part != "" {
				b.WriteByte('\n')
			}
			part = c.Part
			fmt.Fprintf(&b, "  %s\n", screen.Bold(part))
		}
		counts[c.State]++
		indent := strings.Repeat(" ", 30)
		writeWrapped(&b, screen, fmt.Sprintf("    %s %s ", mark(screen, c.State), screen.Pad(c.Name, 23)), indent, terminal.Clean(c.Found))
		if c.Remedy != "" && c.Remedy != remedy { // as the line before has it
			writeWrapped(&b, screen, indent+screen.Glyph("→ ", "> "), indent+"  ", terminal.Clean(c.Remedy))
		}
		remedy = c.Remedy
	}
	total := fmt.Sprintf("%d ok, %d warnings, %d failed", counts[OK], counts[Warn], counts[Fail])
	switch {
	case counts[Fail] > 0:
		total = screen.Red(total)
	case counts[Warn] > 0:
		total = screen.Yellow(total)
	default:
		total = screen.Green(total)
	}
	fmt.Fprintf(&b, "\n  %s\n", total)
	_, err := io.WriteString(out, b.String())
	return err
}

func mark(screen terminal.Screen, state string) string {
	switch state {
	case OK:
		return screen.Green(screen.Glyph("✓", "+"))
	case Warn:
		return screen.Yellow("!")
	case Fail:
		return screen.Red(screen.Glyph("✗", "x"))
	}
	return screen.Dim("-")
}

// writeWrapped writes text in lines that fit the screen, those after the first
// with the prefix rest.
func writeWrapped(b *strings.Builder, screen terminal.Screen, first, rest, text string) {
	width := max(min(screen.Width, 110)-len(rest), 30)
	line, prefix := "", first
	for word := range strings.FieldsSeq(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			b.WriteString(prefix + line + "\n")
			line, prefix = "", rest
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	b.WriteString(prefix + line + "\n")
}
