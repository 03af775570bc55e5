package verify

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline/terminal"
)

// pathNames are how people call the paths.
var pathNames = map[string]string{
	PathGRPC: "OTLP over gRPC", PathHTTP: "OTLP over HTTP", PathUDP: "X-Ray daemon's UDP", PathHeader: "X-Amzn-Trace-Id", "existing": "existing trace",
}

const maxSpansShown = 8 // of a finding

// Write draws the report for people.
func (r Report) Write(out io.Writer, screen terminal.Screen) error {
	w := &writer{Screen: screen, out: &strings.Builder{}}
	for _, t := range r.Traces {
		w.trace(t, slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Path == t.Path && f.Severity == Fault }))
		for _, f := range r.Findings {
			if f.Path == t.Path {
				w.finding(f)
			}
		}
		w.line("")
	}
	w.verdict(r)
	_, err := io.WriteString(out, w.out.String())
	return err
}

type writer struct {
	terminal.Screen
	out *strings.Builder
}

func (w *writer) line(format string, args ...any) {
	w.out.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

func (w *writer) mark(good bool) string {
	if good {
		return w.Green(w.Glyph("✓", "+"))
	}
	return w.Red(w.Glyph("✗", "x"))
}

func (w *writer) trace(t TraceReport, failed bool) {
	id, _ := segment.FormatTraceID(t.TraceID)
	w.line("  %s %s  %s", w.mark(!failed), w.Bold(w.Pad(pathNames[t.Path], 20)), w.Dim(id))
	if t.Target != "" {
		spans := fmt.Sprintf("%d spans", t.Sent)
		if t.Sent == 1 {
			spans = "1 span"
		}
		sent := "sent"
		if t.SendError != "" {
			sent = "not taken"
		}
		w.line("      %s %s %s", w.Pad(sent, 11), w.Pad(spans, 16), w.Dim(w.Glyph("→ ", "to ")+terminal.Clean(t.Target)))
	}
	for _, b := range t.Backends {
		counted := fmt.Sprintf("%d of %d", b.Result.Arrived, b.Result.Spans)
		state := w.mark(b.Result.OK() && b.err == nil && b.Result.Spans > 0)
		w.line("    %s %s %s %s %s", state, w.Pad(b.Backend, 11), w.Pad(counted, 16), w.Pad(extras(b.Result), 34), w.Dim(fmt.Sprintf("%.1f s", b.Seconds)))
	}
	if failed && t.Sent > 0 && len(t.Backends) > 0 {
		w.table(t)
	}
}

// extras says what a backend has beyond one of each span.
func extras(r Result) string {
	var parts []string
	if r.Duplicates > 0 {
		parts = append(parts, fmt.Sprintf("%d twice", r.Duplicates))
	}
	if r.Differing > 0 {
		parts = append(parts, fmt.Sprintf("%d differ", r.Differing))
	}
	for _, reason := range slices.Sorted(maps.Keys(r.Extra)) {
		parts = append(parts, fmt.Sprintf("+%d %s", r.Extra[reason], reason))
	}
	return strings.Join(parts, ", ")
}

// table has a row for each span and a column for each backend.
func (w *writer) table(t TraceReport) {
	head := "      " + w.Pad("span", 48)
	for _, b := range t.Backends {
		head += " " + w.Pad(b.Backend, 12)
	}
	w.line("")
	w.line("%s", w.Dim(head))
	for _, s := range t.Backends[0].Result.BySpan {
		if s.State == Extra {
			continue
		}
		row := "      " + w.Pad(terminal.Clean(s.Service+"  "+s.Name), 48)
		for _, b := range t.Backends {
			row += " " + w.cell(b.Result, s.ID)
		}
		w.line("%s", row)
	}
}

func (w *writer) cell(r Result, id string) string {
	for _, s := range r.BySpan {
		if s.ID != id {
			continue
		}
		faults := 0
		for _, d := range s.Differences {
			if d.Expected == "" {
				faults++
			}
		}
		switch {
		case s.State == Missing:
			return w.Red(w.Pad("missing", 12))
		case faults > 0:
			return w.Yellow(w.Pad(fmt.Sprintf("%d differ", faults), 12))
		case s.Received > 1:
			return w.Yellow(w.Pad(fmt.Sprintf("%d times", s.Received), 12))
		}
		return w.Green(w.Pad(w.Glyph("✓", "+"), 12))
	}
	return w.Pad("", 12)
}

func (w *writer) finding(f Finding) {
	if f.Severity == Note && strings.HasPrefix(f.Code, "extra_") {
		w.line("      %s", w.Dim(w.Glyph("· ", "- ")+f.Backend+": "+terminal.Clean(f.What)+", because "+f.Cause))
		return
	}
	title := terminal.Clean(f.What)
	if f.Backend != "" {
		title = f.Backend + ": " + title
	}
	w.line("")
	mark := w.mark(false)
	if f.Severity == Note {
		mark = w.Yellow(w.Glyph("•", "*"))
	}
	w.wrapped("    "+mark+" ", "      ", title)
	for i, s := range f.Spans {
		if f.missing { // the table has them
			break
		}
		if i == maxSpansShown {
			w.line("        %s", w.Dim(fmt.Sprintf("and %d more", len(f.Spans)-i)))
			break
		}
		w.wrapped("        ", "        ", terminal.Clean(s))
	}
	if f.Cause != "" {
		w.wrapped("      cause   ", "              ", terminal.Clean(f.Cause))
	}
	if f.Remedy != "" {
		w.wrapped("      remedy  ", "              ", terminal.Clean(f.Remedy))
	}
}

// wrapped writes text in lines that fit the screen.
func (w *writer) wrapped(first, rest, text string) {
	width := max(min(w.Width, 110)-len([]rune(rest)), 30)
	line, prefix := "", first
	for word := range strings.FieldsSeq(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			w.line("%s%s", prefix, line)
			line, prefix = "", rest
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	w.line("%s%s", prefix, line)
}

func (w *writer) verdict(r Report) {
	spans, backends := 0, []string{}
	for _, t := range r.Traces {
		spans += t.Sent
		for _, b := range t.Backends {
			if !slices.Contains(backends, b.Backend) {
				backends = append(backends, b.Backend)
			}
		}
	}
	faults := 0
	for _, f := range r.Findings {
		if f.Severity == Fault {
			faults++
		}
	}
	if r.OK {
		w.line("  %s", w.Green(fmt.Sprintf("verified: %s with %d spans, the same in %s, in %.1f s", count(len(r.Traces), "trace"), spans, strings.Join(backends, " and "), r.Seconds)))
		return
	}
	w.line("  %s", w.Red(fmt.Sprintf("not verified: %s, after %.1f s", count(faults, "fault"), r.Seconds)))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
