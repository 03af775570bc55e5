package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline/terminal"
)

// tracesFlags are what the traces command can be told.
type tracesFlags struct {
	endpoint             string
	filter, group        string
	from, to, last       string
	limit                int
	asJSON, asc, explain bool
}

// newTracesCommand lists traces.
func newTracesCommand() *cobra.Command {
	var flags tracesFlags
	cmd := &cobra.Command{
		Use:   "traces",
		Short: "List the latest traces, or those that a filter expression finds",
		Long: `List traces of X-Ray Local, newest first: how they ended, how long ago they
began, how long they took, what was asked of which service, and their ids.

  ○ ok   ▲ error (4xx)   ‖ throttle (429)   ◆ fault (5xx)   ◌ in progress

--filter takes X-Ray's filter expressions. Keywords are compared (responsetime >
2, http.url CONTAINS "/api/"), or stand alone (fault, user); ! negates, AND and OR
combine. service("name") { … } and edge("a", "b") { … } ask about requests to one
service, annotation.key about what was annotated, and rootcause.fault.service { … }
about where faults came from.

Times are durations back from now (90s, 15m, 6h, 7d), times of this day (15:04),
dates (2006-01-02, 2006-01-02T15:04:05, with Z or an offset, else local time) or
seconds since the epoch.`,
		Example: `  bragg traces
  bragg traces --filter 'fault AND responsetime > 2'
  bragg traces --filter 'service("checkout") { error } AND annotation.plan = "gold"' --last 1h
  bragg traces --filter 'edge("web", "cart") { responsetime > 0.5 }' --from 14:00 --to 14:30
  bragg traces --filter 'rootcause.fault.exception { message CONTAINS "timeout" }' --explain
  bragg traces --group slow --filter fault
  bragg traces --json --limit 1000 | jq -r '.[] | select(.HasFault) | .Id'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unexpected %q; `bragg trace <trace id>` shows one trace, --filter takes an expression in quotes", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return flags.run(cmd) },
	}
	endpointFlag(cmd, &flags.endpoint)
	f := cmd.Flags()
	f.StringVar(&flags.filter, "filter", "", "list only traces that match this filter expression")
	f.StringVar(&flags.group, "group", "", "list only traces of this group: a filter expression saved under a name")
	f.StringVar(&flags.last, "last", "6h", "how far to look back from --to, such as 90s, 15m, 6h or 7d")
	f.StringVar(&flags.from, "from", "", "list traces that started at this time or later, instead of --last")
	f.StringVar(&flags.to, "to", "", "list traces that started at this time or earlier (default now)")
	f.IntVar(&flags.limit, "limit", 20, "list at most so many traces")
	f.BoolVar(&flags.explain, "explain", false, "say how the traces are found, instead of listing them")
	f.BoolVar(&flags.asJSON, "json", false, "print the trace summaries, or the explanation, as JSON")
	f.BoolVar(&flags.asc, "ascii", false, "draw with ASCII characters only")
	return cmd
}

func (f *tracesFlags) run(cmd *cobra.Command) error {
	if f.limit < 1 {
		return usageError{errors.New("--limit must be at least 1")}
	}
	if f.from != "" && cmd.Flags().Changed("last") {
		return usageError{errors.New("--from and --last both say where to begin: give one of them")}
	}
	now := time.Now()
	from, to, err := timeRange(f.from, f.to, f.last, now)
	if err != nil {
		return usageError{err}
	}
	if err := checkFilter(cmd.ErrOrStderr(), cmd.CommandPath(), "--filter", f.filter); err != nil {
		return err
	}
	api, endpoint, err := connect(f.endpoint)
	if err != nil {
		return err
	}
	q := client.Query{From: from, To: to, Filter: inGroup(f.group, f.filter), Limit: f.limit, Explain: f.explain, Segments: true}
	list, err := client.Find(cmd.Context(), api, q)
	if err != nil {
		return refused(err, endpoint)
	}
	out := cmd.OutOrStdout()
	switch {
	case f.explain && f.asJSON:
		return writeJSON(out, list.Pages)
	case f.explain:
		return writeExplanation(out, q, list)
	case f.asJSON:
		return writeSummariesJSON(out, list)
	case len(list.Summaries) == 0:
		return f.writeNothing(out, endpoint, list, from, to)
	}
	screen := terminal.ScreenOf(out)
	screen.ASCII = f.asc
	if err := screen.WriteList(out, listLines(list, now)); err != nil {
		return err
	}
	if list.More {
		_, err = fmt.Fprintf(out, "The latest %d; --limit shows more.\n", len(list.Summaries))
	}
	return err
}

// inGroup returns the expression of the traces of a group, "" for all, which match a
// filter, "" for any. The server knows the groups.
func inGroup(group, expression string) string {
	if group == "" {
		return expression
	}
	in := (&filter.Group{By: filter.GroupName, Op: filter.Equals, Value: group}).String()
	if strings.TrimSpace(expression) == "" {
		return in
	}
	return in + " AND (" + expression + ")"
}

// refused says why a query failed; in the server's words, if it is the query that
// is wrong, such as a group in it that is not there.
func refused(err error, endpoint string) error {
	if invalid := new(types.InvalidRequestException); errors.As(err, &invalid) {
		return usageError{errors.New(invalid.ErrorMessage())}
	}
	return explain(err, endpoint)
}

// writeNothing says that there are no traces, and what to do about it.
func (f *tracesFlags) writeNothing(out io.Writer, endpoint string, list *client.List, from, to time.Time) error {
	where := fmt.Sprintf("in the last %s", f.last)
	if f.from != "" || f.to != "" {
		where = fmt.Sprintf("from %s to %s", clock(from), clock(to))
	}
	if (f.filter != "" || f.group != "") && list.Scanned > 0 {
		_, err := fmt.Fprintf(out, "None of %d traces at %s %s matches. --explain says how they were looked at; --last 24h looks further back.\n",
			list.Scanned, endpoint, where)
		return err
	}
	_, err := fmt.Fprintf(out, `No traces at %s %s. To get some:
  bragg up                                  starts everything, with a demo that sends requests
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317   for a service of your own, while bragg up runs
  bragg traces --last 24h                   looks further back
`, endpoint, where)
	return err
}

// listLines makes the lines of the list.
func listLines(list *client.List, now time.Time) []terminal.Line {
	lines := make([]terminal.Line, len(list.Summaries))
	for i, summary := range list.Summaries {
		s := client.Summarize(summary)
		lines[i] = terminal.Line{
			ID: s.ID, Age: now.Sub(s.Start), Duration: s.Duration, InProgress: s.InProgress,
			Outcome: s.Outcome, Status: s.Status, Request: s.Request(), Service: s.Service, Services: s.Services, Segments: list.Segments[s.ID],
		}
	}
	return lines
}

// writeSummariesJSON prints summaries with the member names of X-Ray's API,
// times in RFC 3339 and without the members that are absent, as the AWS command
// line does; and with SegmentCount, which X-Ray Local alone has.
func writeSummariesJSON(out io.Writer, list *client.List) error {
	objects := make([]any, len(list.Summaries))
	for i, s := range list.Summaries {
		object, err := summaryObject(s)
		if err != nil {
			return fmt.Errorf("trace summary %s: %w", aws.ToString(s.Id), err)
		}
		if n := list.Segments[aws.ToString(s.Id)]; n > 0 {
			object["SegmentCount"] = n
		}
		objects[i] = object
	}
	return writeJSON(out, objects)
}

// summaryObject returns a summary as X-Ray's JSON has it.
func summaryObject(s types.TraceSummary) (map[string]any, error) {
	annotations := make(map[string]any, len(s.Annotations))
	for key, values := range s.Annotations {
		var list []any
		for _, v := range values {
			list = append(list, map[string]any{"AnnotationValue": annotationObject(v.AnnotationValue), "ServiceIds": v.ServiceIds})
		}
		annotations[key] = list
	}
	b, err := json.Marshal(struct {
		types.TraceSummary
		Annotations map[string]any // instead of the union's Go types
	}{s, annotations})
	if err != nil {
		return nil, err
	}
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.UseNumber()
	if err := decoder.Decode(&object); err != nil {
		return nil, err
	}
	withoutNull(object)
	return object, nil
}

// annotationObject returns the value with the name of its kind.
func annotationObject(v types.AnnotationValue) map[string]any {
	switch v := v.(type) {
	case *types.AnnotationValueMemberBooleanValue:
		return map[string]any{"BooleanValue": v.Value}
	case *types.AnnotationValueMemberNumberValue:
		return map[string]any{"NumberValue": v.Value}
	case *types.AnnotationValueMemberStringValue:
		return map[string]any{"StringValue": v.Value}
	default:
		return nil
	}
}

// withoutNull removes the members that are null, at any depth.
func withoutNull(v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			if member == nil {
				delete(v, key)
			} else {
				withoutNull(member)
			}
		}
	case []any:
		for _, element := range v {
			withoutNull(element)
		}
	}
}
