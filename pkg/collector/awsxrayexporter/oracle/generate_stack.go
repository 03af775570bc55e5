package oracle

import (
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// stack is one of the resource's language, mostly, as it is, damaged, or one
// that contrib's exporter crashes on.
func (g *Generator) stack(resource pcommon.Resource) string {
	language, _ := resource.Attributes().Get("telemetry.sdk.language")
	stacks := Stacks[language.Str()]
	if len(stacks) == 0 || g.one(10) {
		stacks = Stacks[pick(g, languages)]
	}
	if crashes := Crashes[language.Str()]; len(crashes) > 0 && g.one(40) {
		return crashes[pick(g, slices.Sorted(maps.Keys(crashes)))]
	}
	stack := pick(g, stacks)
	if g.one(2) {
		return stack
	}
	lines := strings.SplitAfter(stack, "\n")
	for range 1 + g.choices.IntN(4) {
		lines = g.damage(lines)
	}
	return strings.Join(lines, "")
}

// damage changes one thing of lines.
func (g *Generator) damage(lines []string) []string {
	if len(lines) == 0 {
		return lines
	}
	lines = slices.Clone(lines)
	i := g.choices.IntN(len(lines))
	line := lines[i]
	switch g.choices.IntN(8) {
	case 0:
		return slices.Delete(lines, i, i+1)
	case 1:
		return slices.Insert(lines, i, line)
	case 2:
		j := g.choices.IntN(len(lines))
		lines[i], lines[j] = lines[j], lines[i]
	case 3:
		lines[i] = line[:g.choices.IntN(len(line)+1)] // the line feed goes, too
	case 4:
		other := strings.SplitAfter(pick(g, Stacks[pick(g, languages)]), "\n")
		return slices.Insert(lines, i, pick(g, other))
	case 5:
		at := g.choices.IntN(len(line) + 1)
		lines[i] = line[:at] + pick(g, stackMarks) + line[at:]
	case 6:
		at := g.choices.IntN(len(line) + 1)
		lines[i] = line[at:]
	default:
		lines[i] = strings.TrimRight(line, "\n") + pick(g, []string{"\r\n", "\n\n", "", " \n"})
	}
	return lines
}

// stackMarks are what the readers of stacks look for.
var stackMarks = []string{
	":", "(", ")", ",", " ", "\t", " in ", "at ", "\tat ", "    at ", "  File ", "Caused by: ", "line ", ":line 3", "native", "/", "\n", "\r", "\xff", "é", ": x",
	"During handling of the above exception, another exception occurred:", "goroutine 7 [running]:\n", "goroutine running:", "\u2028", "\x00", "9", "-1",
}
