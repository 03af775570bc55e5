package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
)

// checkFilter draws what is wrong with the expression of a flag under it, and
// returns the error of who wrote it.
func checkFilter(out io.Writer, command, flag, expression string) error {
	_, err := filter.Parse(expression)
	var syntax *filter.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	shown, column := window(expression, syntax)
	fmt.Fprintf(out, "%s: %s: %s\n\n  %s\n%s\n\n", command, flag, syntax.Message, shown,
		strings.Repeat(" ", 2+column)+strings.Repeat("^", max(1, min(syntax.Length, len([]rune(shown))-column))))
	return usageError{errReported}
}

// widest is how much of an expression is shown, in characters.
const widest = 100

// window returns the part of an expression around an error, on one line, and
// where the error is in it.
func window(expression string, e *filter.SyntaxError) (shown string, column int) {
	runes := []rune(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, expression))
	column = min(e.Column-1, len(runes))
	from := 0
	if len(runes) > widest && column > widest/2 {
		from = min(column-widest/2, len(runes)-widest/2)
	}
	to := min(from+widest, len(runes))
	shown, column = string(runes[from:to]), column-from
	if from > 0 {
		shown, column = "…"+shown, column+1
	}
	if to < len(runes) {
		shown += "…"
	}
	return shown, column
}

// timeRange reads --from, --to and --last.
func timeRange(from, to, last string, now time.Time) (start, end time.Time, err error) {
	end = now
	if to != "" {
		if end, err = parseTime(to, now); err != nil {
			return start, end, fmt.Errorf("--to: %w", err)
		}
	}
	if from != "" {
		if start, err = parseTime(from, now); err != nil {
			return start, end, fmt.Errorf("--from: %w", err)
		}
	} else {
		d, err := parseDuration(last)
		if err != nil || d <= 0 {
			return start, end, fmt.Errorf("--last: %q is no duration such as 90s, 15m, 6h or 7d", last)
		}
		start = end.Add(-d)
	}
	if start.After(end) {
		return start, end, fmt.Errorf("the time range ends at %s, before it begins at %s", clock(end), clock(start))
	}
	return start, end, nil
}

// layouts are the forms of a time, without and with an offset from UTC.
var layouts = []string{"2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05"}

// parseTime reads a time in one of the forms that the help tells.
func parseTime(text string, now time.Time) (time.Time, error) {
	text = strings.Replace(strings.TrimSpace(text), " ", "T", 1)
	if text == "now" {
		return now, nil
	}
	if d, err := parseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			year, month, day := now.Date()
			return time.Date(year, month, day, t.Hour(), t.Minute(), t.Second(), 0, now.Location()), nil
		}
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
		if t, err := time.Parse(layout+"Z07:00", text); err == nil {
			return t, nil
		}
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 && seconds < 1e11 {
		return time.UnixMicro(int64(seconds * 1e6)), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time such as 15m, 15:04, 2006-01-02T15:04:05, 2006-01-02T15:04:05Z or 1136214245", text)
}

// parseDuration is time.ParseDuration with days.
func parseDuration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err != nil || n < 0 || n > 36500 {
			return 0, cmp.Or(err, errors.New("out of range"))
		}
		return time.Duration(n * 24 * float64(time.Hour)), nil
	}
	return time.ParseDuration(text)
}

// clock writes a time in the form that parseTime reads.
func clock(t time.Time) string { return t.Format("2006-01-02T15:04:05Z07:00") }

// writeExplanation says how the traces of a query were found.
func writeExplanation(out io.Writer, q client.Query, list *client.List) error {
	if len(list.Pages) == 0 {
		_, err := fmt.Fprintln(out, "The server does not explain: it is no X-Ray Local, or an older one.")
		return err
	}
	first := list.Pages[0]
	var scanned, read, matched int
	var seconds float64
	for _, page := range list.Pages {
		scanned, read, matched, seconds = scanned+page.Scanned, read+page.Read, matched+page.Matched, seconds+page.Seconds
	}
	w := &lines{}
	w.add("expression", cmp.Or(first.Expression, "(none: every trace)"))
	w.add("range", fmt.Sprintf("traces that started from %s to %s", clock(q.From), clock(q.To)))
	if len(first.Index) == 0 {
		w.add("index", "only that of time: every trace of the range is read")
	}
	for i, need := range first.Index {
		w.add([]string{"index", ""}[min(i, 1)], need)
	}
	w.add("scanned", plural(scanned, "trace")+" of the range")
	w.add("read", fmt.Sprintf("%s%s; the whole expression was evaluated in memory on each", plural(read, "trace"), share(read, scanned)))
	w.add("matched", plural(matched, "trace")+share(matched, scanned))
	w.add("took", fmt.Sprintf("%s, %s of at most %d traces", plural(len(list.Pages), "page"), time.Duration(seconds*1e9).Round(100*time.Microsecond), q.Limit))
	if list.More {
		w.add("", "there are more: --limit looks further")
	}
	if first.Statement != "" {
		w.add("statement", first.Statement)
	}
	_, err := io.WriteString(out, w.String())
	return err
}

// lines are lines of a name and what is said of it.
type lines struct{ strings.Builder }

func (l *lines) add(name, text string) { fmt.Fprintf(l, "%-12s%s\n", name, text) }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func share(part, whole int) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprintf(" (%.1f%%)", 100*float64(part)/float64(whole))
}
