package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/compare"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline/terminal"
)

// compareFlags are what the compare command can be told.
type compareFlags struct {
	endpoint    string
	all, asJSON bool
	typical     bool
}

// newCompareCommand lays two traces over each other.
func newCompareCommand() *cobra.Command {
	var flags compareFlags
	cmd := &cobra.Command{
		Use:   "compare <trace id> <trace id> | compare --typical <trace id>",
		Short: "Compare two traces: what was added, is missing, took longer",
		Long: `Lay two traces over each other by their structure, and show where B differs from
A: calls that were added (+) or are missing (-), other outcomes (!), and what took
longer (>) or less (<) by 1 ms and a tenth or more. What is alike is left out,
unless --all.

Calls that repeat, four times or more in A or in B, are one row, with how many
they are in each (x, if that is another number), their time together, and the mean.

With --typical and one trace, A is a typical one: of the traces of the same
request that ended well, an hour before and after, the one with the median
duration.`,
		Example: `  bragg compare 1-58406520-a006649127e371903a2de979 1-5840653c-4f1e7a90bd23c65a10f9e2d7
  bragg compare $(bragg traces --json --filter 'http.url ENDSWITH "/checkout"' --limit 2 | jq -r '.[].Id')
  bragg compare --typical 1-58406520-a006649127e371903a2de979
  bragg compare --json A B | jq '.Rows[] | select(.Change == "added") | .B.Name'`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case flags.typical && len(args) != 1:
				return usageError{errors.New("give one trace id with --typical; the other trace is looked for")}
			case !flags.typical && len(args) != 2:
				return usageError{errors.New("give two trace ids, or one and --typical; `bragg traces` lists the latest")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return flags.run(cmd, args) },
	}
	endpointFlag(cmd, &flags.endpoint)
	cmd.Flags().BoolVar(&flags.all, "all", false, "show what is alike, too")
	cmd.Flags().BoolVar(&flags.typical, "typical", false, "compare one trace with a typical one of the same request")
	cmd.Flags().BoolVar(&flags.asJSON, "json", false, "print the comparison as JSON, times in nanoseconds")
	return cmd
}

func (f *compareFlags) run(cmd *cobra.Command, args []string) error {
	api, endpoint, err := connect(f.endpoint)
	if err != nil {
		return err
	}
	var traces [2]*client.Trace
	var ids [2]string
	if f.typical {
		other, note, err := typicalOf(cmd.Context(), api, endpoint, args[0])
		if err != nil {
			return err
		}
		fmt.Fprintln(cmd.ErrOrStderr(), note)
		args = []string{other, args[0]}
	}
	for i, given := range args {
		if ids[i], err = client.TraceID(given); err != nil {
			return usageError{err}
		}
		traces[i], err = client.GetTrace(cmd.Context(), api, ids[i])
		if errors.Is(err, client.ErrNotFound) {
			return fmt.Errorf("no trace %s at %s; `bragg traces` lists the latest", ids[i], endpoint)
		}
		if err != nil {
			return explain(err, endpoint)
		}
	}
	c := compare.Traces(traces[0].Documents, traces[1].Documents)
	out := cmd.OutOrStdout()
	if f.asJSON {
		return writeJSON(out, c)
	}
	_, err = io.WriteString(out, drawComparison(c, ids, f.all, columnsOf(out)))
	return err
}

// aroundTrace is how far before and after a trace a typical one is looked for,
// among at most maxAlike.
const (
	aroundTrace = time.Hour
	maxAlike    = 1000
)

// typicalOf returns the id of a typical trace, and says how it was chosen.
func typicalOf(ctx context.Context, api client.API, endpoint, given string) (id, note string, err error) {
	if id, err = client.TraceID(given); err != nil {
		return "", "", usageError{err}
	}
	trace, err := client.GetTrace(ctx, api, id)
	if errors.Is(err, client.ErrNotFound) {
		return "", "", fmt.Errorf("no trace %s at %s; `bragg traces` lists the latest", id, endpoint)
	}
	if err != nil {
		return "", "", explain(err, endpoint)
	}
	drawn := timeline.Build(trace.Documents)
	of := client.Summary{ID: id}
	if root := drawn.Root(); root != nil {
		of.Service, of.Method, of.URL = root.Service, root.Method, root.URL
	}
	list, err := client.Find(ctx, api, client.Query{From: drawn.Start.Add(-aroundTrace), To: drawn.Start.Add(aroundTrace), Limit: maxAlike})
	if err != nil {
		return "", "", explain(err, endpoint)
	}
	others := make([]client.Summary, len(list.Summaries))
	for i, s := range list.Summaries {
		others[i] = client.Summarize(s)
	}
	found, n, by, ok := compare.Typical(of, others)
	if !ok {
		return "", "", fmt.Errorf("no other trace begins at %s within an hour of this one; name two traces", printable(of.Service))
	}
	return found.ID, fmt.Sprintf("A is typical: the median of %s of %s.", plural(n, "trace"), by), nil
}

// marks are drawn before rows that differ.
var marks = map[compare.Change]string{
	compare.Alike: " ", compare.Slower: ">", compare.Faster: "<", compare.Outcome: "!", compare.Missing: "-", compare.Added: "+",
	compare.Count: "x",
}

func drawComparison(c *compare.Comparison, ids [2]string, all bool, columns int) string {
	w := &strings.Builder{}
	fmt.Fprintf(w, "A  %s  %s\nB  %s  %s\n\n", ids[0], short(c.A.Seconds()), ids[1], short(c.B.Seconds()))
	if len(c.Rows) == c.Changes[compare.Alike] && !all {
		fmt.Fprintf(w, "Nothing differs in %s.\n", plural(len(c.Rows), "row"))
		return w.String()
	}
	fmt.Fprintf(w, "  %10s %10s %11s\n", "A", "B", "difference")
	shown := c.Differing()
	hidden := 0
	for i := range c.Rows {
		if !shown[i] && !all {
			hidden++
			continue
		}
		writeComparedRow(w, &c.Rows[i], columns)
	}
	if hidden > 0 {
		fmt.Fprintf(w, "\n%s alike; --all shows them.\n", plural(hidden, "more row"))
	}
	if blame := c.Blame(5); len(blame) > 0 {
		fmt.Fprintln(w, "\nWhere the time went (time of no child)")
		for _, r := range blame {
			fmt.Fprintf(w, "  %+11s  %s", signed(r.Self), label(r.Row()))
			if r.RunA != nil {
				fmt.Fprintf(w, " × %d → %d", r.RunA.Count, r.RunB.Count)
			}
			fmt.Fprintln(w)
		}
	}
	return w.String()
}

// comparedColumn is where the name of a compared row begins.
const comparedColumn = 37

func writeComparedRow(w io.Writer, r *compare.Row, columns int) {
	difference, note := "", ""
	switch r.Change {
	case compare.Missing, compare.Added:
		note = "  " + string(r.Change)
	case compare.Alike:
	default:
		difference = signed(r.Delta)
	}
	if r.RunA != nil {
		note = "  " + repeats(r) + note
	} else if r.Change == compare.Outcome {
		note = "  " + ended(r.A) + " → " + ended(r.B)
	}
	name := strings.Repeat("  ", min(r.Depth, 20)) + label(r.Row())
	if room := max(columns-comparedColumn-len([]rune(note)), 16); columns > 0 {
		name = terminal.Screen{}.Cut(name, room)
	}
	fmt.Fprintf(w, "%s %10s %10s %11s  %s%s\n", marks[r.Change], took(r.A, r.RunA), took(r.B, r.RunB), difference, name, note)
}

// took writes how long a row of one trace took, of many all together.
func took(row *timeline.Row, run *compare.Run) string {
	switch {
	case row == nil:
		return "–"
	case run != nil:
		return short(run.Total.Seconds())
	}
	return short(row.Duration.Seconds())
}

// repeats says how often a folded row is in each trace, how long one took, and
// how many failed.
func repeats(r *compare.Row) string {
	each := func(run *compare.Run) string {
		if run.Count == 0 {
			return "none"
		}
		text := fmt.Sprintf("%d × %s", run.Count, short(run.Mean().Seconds()))
		if run.Failed > 0 {
			text += fmt.Sprintf(", %d failed", run.Failed)
		}
		return text
	}
	a, b := each(r.RunA), each(r.RunB)
	if a == b {
		return "(" + a + ")"
	}
	return "(" + a + " → " + b + ")"
}

// signed writes a difference of times with its sign.
func signed(d time.Duration) string {
	if d < 0 {
		return "-" + short(-d.Seconds())
	}
	return "+" + short(d.Seconds())
}

// ended says how a row ended.
func ended(r *timeline.Row) string {
	if r.Status != 0 {
		return fmt.Sprintf("%s %d", r.Outcome, r.Status)
	}
	return string(r.Outcome)
}

// label names a row: what was called, and how.
func label(r *timeline.Row) string {
	text := r.Name
	if r.Operation != "" {
		text += " " + r.Operation
	}
	if r.Method != "" || r.URL != "" {
		text += " " + strings.TrimSpace(r.Method+" "+timeline.Path(r.URL))
	}
	return printable(text)
}
