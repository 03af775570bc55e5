package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/analytics"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline/terminal"
)

// analyticsFlags are what the analytics command can be told.
type analyticsFlags struct {
	endpoint       string
	a, b           string
	from, to, last string
	aFrom, aTo     string
	by             []string
	limit          int
	asJSON         bool
}

// newAnalyticsCommand compares two sets of traces.
func newAnalyticsCommand() *cobra.Command {
	var flags analyticsFlags
	cmd := &cobra.Command{
		Use:   "analytics --b <filter expression>",
		Short: "Say what is different about some traces",
		Long: `Compare two sets of traces, each a filter expression and a time range, and say
which URLs, methods, statuses, users, services, annotations and root causes are
more or less frequent in B than in A, the surest first.

A is every other trace of the range unless --a, --a-from or --a-to says otherwise.

Each value is tested by Fisher's exact test; as many are tested at once, p is
adjusted by Holm's method for all of them: in sets that do not differ, the chance
of any finding is at most 1%. What the expressions themselves say of A and B is
not tested. Response times are compared by the test of Mann, Whitney and Wilcoxon,
unless they are what the sets were chosen by.`,
		Example: `  bragg analytics --b 'responsetime > 1'                         what do slow requests have in common?
  bragg analytics --b fault --a ok --last 1h
  bragg analytics --b 'user = "alice"' --by url,status           alice and all others
  bragg analytics --b '' --from 14:00 --to 14:30 --a '' --a-from 13:00 --a-to 13:30   since the deployment
  bragg analytics --b fault --json | jq '.Findings[0]'`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return flags.run(cmd) },
	}
	endpointFlag(cmd, &flags.endpoint)
	f := cmd.Flags()
	f.StringVar(&flags.b, "b", "", "filter expression of the set to explain")
	f.StringVar(&flags.a, "a", "", "filter expression of the set to compare with (default: what --b does not find)")
	f.StringVar(&flags.last, "last", "6h", "how far to look back from --to, such as 90s, 15m, 6h or 7d")
	f.StringVar(&flags.from, "from", "", "traces that started at this time or later, instead of --last")
	f.StringVar(&flags.to, "to", "", "traces that started at this time or earlier (default now)")
	f.StringVar(&flags.aFrom, "a-from", "", "--from of set A, if it is another")
	f.StringVar(&flags.aTo, "a-to", "", "--to of set A, if it is another")
	f.StringSliceVar(&flags.by, "by", nil, "show the tables of these dimensions in full: "+strings.Join(dimensionNames(), ", ")+"; and compare by no others")
	f.IntVar(&flags.limit, "limit", 10_000, "read at most so many traces of each set, the latest")
	f.BoolVar(&flags.asJSON, "json", false, "print the report as JSON, with histograms and time series")
	return cmd
}

func dimensionNames() []string {
	var names []string
	for _, d := range analytics.Dimensions() {
		names = append(names, strings.ReplaceAll(string(d), " ", "-"))
	}
	return names
}

// dimensions reads --by.
func (f *analyticsFlags) dimensions() ([]analytics.Dimension, error) {
	var all []analytics.Dimension
	for _, name := range f.by {
		i := slices.Index(dimensionNames(), name)
		switch {
		case i >= 0:
			all = append(all, analytics.Dimensions()[i])
		case strings.HasPrefix(name, string(analytics.Annotation)+"."):
			all = append(all, analytics.Dimension(name))
		default:
			return nil, usageError{fmt.Errorf("--by: no dimension %q; there are %s and annotation.key", name, strings.Join(dimensionNames(), ", "))}
		}
	}
	return all, nil
}

// queries reads what the two sets are.
func (f *analyticsFlags) queries(cmd *cobra.Command, now time.Time) (a, b client.Query, err error) {
	if !cmd.Flags().Changed("b") {
		return a, b, usageError{errors.New("--b says which traces to explain, such as --b 'responsetime > 1'")}
	}
	if f.from != "" && cmd.Flags().Changed("last") {
		return a, b, usageError{errors.New("--from and --last both say where to begin: give one of them")}
	}
	b = client.Query{Filter: f.b, Limit: f.limit}
	if b.From, b.To, err = timeRange(f.from, f.to, f.last, now); err != nil {
		return a, b, usageError{err}
	}
	a = client.Query{Filter: f.a, Limit: f.limit, From: b.From, To: b.To}
	if f.aFrom != "" || f.aTo != "" {
		if a.From, a.To, err = timeRange(cmp.Or(f.aFrom, f.from), cmp.Or(f.aTo, f.to), f.last, now); err != nil {
			return a, b, usageError{fmt.Errorf("set A: %w", err)}
		}
	}
	for i, q := range []client.Query{a, b} {
		if err := checkFilter(cmd.ErrOrStderr(), cmd.CommandPath(), []string{"--a", "--b"}[i], q.Filter); err != nil {
			return a, b, err
		}
	}
	if !cmd.Flags().Changed("a") && a.From.Equal(b.From) && a.To.Equal(b.To) {
		if strings.TrimSpace(f.b) == "" {
			return a, b, usageError{errors.New("set B is every trace of the range: give --a, or another time range for A")}
		}
		a.Filter = analytics.Rest(f.b)
	}
	return a, b, nil
}

// A comparison is what analytics --json prints.
type comparison struct {
	*analytics.Report
	Histogram        analytics.Histogram
	SeriesA, SeriesB []analytics.Bucket
}

func (f *analyticsFlags) run(cmd *cobra.Command) error {
	if f.limit < 1 {
		return usageError{errors.New("--limit must be at least 1")}
	}
	by, err := f.dimensions()
	if err != nil {
		return err
	}
	a, b, err := f.queries(cmd, time.Now())
	if err != nil {
		return err
	}
	api, endpoint, err := connect(f.endpoint)
	if err != nil {
		return err
	}
	var sets [2][]analytics.Trace
	var more [2]bool
	for i, q := range []client.Query{a, b} {
		list, err := client.Find(cmd.Context(), api, q)
		if err != nil {
			return refused(err, endpoint)
		}
		more[i] = list.More
		for _, s := range list.Summaries {
			sets[i] = append(sets[i], analytics.Of(s))
		}
	}
	if a.From.Equal(b.From) && a.To.Equal(b.To) {
		var since float64
		if sets[0], sets[1], since = analytics.Align(sets[0], sets[1], more[0], more[1]); since > 0 {
			a.From = time.UnixMicro(int64(since * 1e6))
			b.From = a.From
		}
	}
	report := analytics.Compare(sets[0], sets[1], analytics.Options{Dimensions: by, Chosen: []string{a.Filter, b.Filter}})
	out := cmd.OutOrStdout()
	if f.asJSON {
		const bins, buckets = 40, 60
		report.Findings, report.Tables = orEmpty(report.Findings), orEmpty(report.Tables)
		return writeJSON(out, comparison{report, analytics.Histograms(sets[0], sets[1], bins),
			analytics.Series(sets[0], seconds(a.From), seconds(a.To), buckets), analytics.Series(sets[1], seconds(b.From), seconds(b.To), buckets)})
	}
	w := &strings.Builder{}
	writeSets(w, report, [2]client.Query{a, b}, more)
	if report.A.Traces == 0 || report.B.Traces == 0 {
		writeNothingToCompare(w, report, endpoint)
	} else {
		writeTimes(w, report.Times)
		writeFindings(w, report, columnsOf(out))
	}
	if len(by) > 0 {
		writeTables(w, report, columnsOf(out))
	}
	_, err = io.WriteString(out, w.String())
	return err
}

// orEmpty has JSON write [] and not null.
func orEmpty[T any](s []T) []T { return append([]T{}, s...) }

// seconds are those since the epoch.
func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

func writeSets(w io.Writer, r *analytics.Report, queries [2]client.Query, more [2]bool) {
	for i, set := range []analytics.Set{r.A, r.B} {
		q := queries[i]
		fmt.Fprintf(w, "%s  %s\n   %s to %s\n   %s", "AB"[i:i+1], cmp.Or(q.Filter, "(every trace)"), clock(q.From), clock(q.To), plural(set.Traces, "trace"))
		if more[i] {
			fmt.Fprint(w, ", the latest of more: both sets begin with these; --limit reads more")
		}
		fmt.Fprintf(w, "; %d ok, %d error, %d fault, %d throttle\n", set.OK, set.Error, set.Fault, set.Throttle)
		if set.ResponseTimes > 0 {
			fmt.Fprintf(w, "   response time p50 %s, p90 %s, p99 %s, mean %s\n", short(set.P50), short(set.P90), short(set.P99), short(set.Mean))
		}
	}
}

// short writes a time as all commands do.
func short(seconds float64) string { return timeline.FormatDuration(time.Duration(seconds * 1e9)) }

func writeTimes(w io.Writer, t *analytics.Times) {
	switch {
	case t == nil:
	case t.P >= analytics.Level:
		fmt.Fprintf(w, "\nResponse times do not differ more than by chance (Mann-Whitney, p %.1g).\n", t.P)
	case t.Slower > 0.5:
		fmt.Fprintf(w, "\nB is slower: of two traces, that of B takes longer in %.0f%% (Mann-Whitney, p %.1g).\n", 100*t.Slower, t.P)
	default:
		fmt.Fprintf(w, "\nB is faster: of two traces, that of A takes longer in %.0f%% (Mann-Whitney, p %.1g).\n", 100*(1-t.Slower), t.P)
	}
}

// writeNothingToCompare says which set is empty, and what to do about it.
func writeNothingToCompare(w io.Writer, r *analytics.Report, endpoint string) {
	switch {
	case r.A.Traces > 0:
		fmt.Fprint(w, "\nNo trace is in B: nothing to compare. Look further back with --last 24h, or change --b.\n")
	case r.B.Traces > 0:
		fmt.Fprint(w, "\nNo trace is in A: nothing to compare. Look further back with --last 24h, or change --a.\n")
	default:
		fmt.Fprintf(w, `
No trace is in A or B at %s. To get some:
  bragg up                                  starts everything, with a demo that sends requests
  bragg analytics --last 24h --b fault      looks further back
`, endpoint)
	}
}

func writeFindings(w io.Writer, r *analytics.Report, columns int) {
	if len(r.Findings) == 0 {
		fmt.Fprintf(w, "\nNo difference that chance does not explain: %s tested, p < %v after Holm's correction.\n", plural(r.Tested, "value"), analytics.Level)
		return
	}
	fmt.Fprintf(w, "\nWhat is different in B (Fisher's exact test, p adjusted by Holm's method for %s)\n", plural(r.Tested, "value"))
	writeRows(w, r.Findings, true, columns)
}

func writeTables(w io.Writer, r *analytics.Report, columns int) {
	for _, t := range r.Tables {
		fmt.Fprintf(w, "\n%s\n", t.Dimension)
		writeRows(w, t.Rows, false, columns)
	}
}

// writeRows writes rows, their dimension before the value if it is not in the
// heading. Values come from traces: control characters are shown as such. Those
// too long for the columns, if there is a number of them, lose their beginning:
// what was called last, and the path of a URL, are at the end.
func writeRows(w io.Writer, rows []analytics.Row, named bool, columns int) {
	fmt.Fprintf(w, "  %8s  %8s  %11s  %-8s  %s\n", "A", "B", "difference", "p", "value")
	for _, row := range rows {
		name, value := "", []rune(printable(row.Value))
		if named {
			name = printable(string(row.Dimension)) + " "
		}
		if room := max(columns-valueColumn-len([]rune(name)), 16); columns > 0 && len(value) > room {
			value = append([]rune("…"), value[len(value)-room+1:]...)
		}
		fmt.Fprintf(w, "  %7.1f%%  %7.1f%%  %+10.1f%%  %-8s  %s%s\n", 100*row.ShareA, 100*row.ShareB, 100*row.Difference, pOf(row), name, string(value))
	}
}

// valueColumn is where a row's value begins.
const valueColumn = 45

// pOf writes the adjusted p of a row.
func pOf(row analytics.Row) string {
	switch {
	case row.Given:
		return "chosen"
	case !row.Tested:
		return "-"
	case row.Adjusted < 1e-99:
		return "<1e-99"
	}
	return fmt.Sprintf("%.1g", row.Adjusted)
}

// columnsOf returns how many columns lines may have: 0 is any number, for what
// goes into a file or a pipe.
func columnsOf(out io.Writer) int {
	if f, ok := out.(*os.File); os.Getenv("COLUMNS") == "" && (!ok || !term.IsTerminal(int(f.Fd()))) {
		return 0
	}
	return terminal.ScreenOf(out).Width
}

// printable replaces what would move the cursor of a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '\uFFFD'
		}
		return r
	}, text)
}
