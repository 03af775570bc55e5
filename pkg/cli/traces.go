package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline/terminal"
)

// tracesFlags are what the traces command can be told.
type tracesFlags struct {
	endpoint    string
	since       time.Duration
	limit       int
	asJSON, asc bool
}

// newTracesCommand lists the latest traces.
func newTracesCommand() *cobra.Command {
	var flags tracesFlags
	cmd := &cobra.Command{
		Use:   "traces",
		Short: "List the latest traces",
		Long: `List the latest traces of X-Ray Local, newest first: how they ended, how long
ago they began, how long they took, what was asked of which service, and their
ids.

  ○ ok   ▲ error (4xx)   ‖ throttle (429)   ◆ fault (5xx)   ◌ in progress`,
		Example: `  bragg traces
  bragg traces --since 15m --limit 100
  bragg traces --json | jq -r '.[] | select(.HasFault) | .Id'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unexpected %q; `bragg trace <trace id>` shows one trace", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return flags.run(cmd) },
	}
	endpointFlag(cmd, &flags.endpoint)
	cmd.Flags().DurationVar(&flags.since, "since", 6*time.Hour, "how far to look back, such as 90s, 15m or 6h")
	cmd.Flags().IntVar(&flags.limit, "limit", 20, "list at most so many traces")
	cmd.Flags().BoolVar(&flags.asJSON, "json", false, "print the trace summaries as JSON")
	cmd.Flags().BoolVar(&flags.asc, "ascii", false, "draw with ASCII characters only")
	return cmd
}

func (f *tracesFlags) run(cmd *cobra.Command) error {
	if f.since <= 0 {
		return usageError{errors.New("--since must be more than 0")}
	}
	if f.limit < 1 {
		return usageError{errors.New("--limit must be at least 1")}
	}
	api, endpoint, err := connect(f.endpoint)
	if err != nil {
		return err
	}
	now := time.Now()
	summaries, more, err := client.ListTraces(cmd.Context(), api, now.Add(-f.since), now, f.limit)
	if err != nil {
		return explain(err, endpoint)
	}
	out := cmd.OutOrStdout()
	switch {
	case f.asJSON:
		return writeSummariesJSON(out, summaries)
	case len(summaries) == 0:
		_, err := fmt.Fprintf(out, `No traces at %s in the last %s. To get some:
  bragg up                                  starts everything, with a demo that sends requests
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317   for a service of your own, while bragg up runs
  bragg traces --since 24h                  looks further back
`, endpoint, shortDuration(f.since))
		return err
	}
	screen := terminal.ScreenOf(out)
	screen.ASCII = f.asc
	if err := screen.WriteList(out, listLines(summaries, now)); err != nil {
		return err
	}
	if more {
		_, err = fmt.Fprintf(out, "The latest %d; --limit shows more.\n", len(summaries))
	}
	return err
}

// listLines makes the lines of the list.
func listLines(summaries []types.TraceSummary, now time.Time) []terminal.Line {
	lines := make([]terminal.Line, len(summaries))
	for i, summary := range summaries {
		s := client.Summarize(summary)
		lines[i] = terminal.Line{
			ID: s.ID, Age: now.Sub(s.Start), Duration: s.Duration, InProgress: s.InProgress,
			Outcome: s.Outcome, Status: s.Status, Request: s.Request(), Service: s.Service, Services: s.Services,
		}
	}
	return lines
}

// shortDuration writes a flag's duration without its zero parts: "6h", not
// "6h0m0s".
func shortDuration(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	default:
		return d.String()
	}
}

// writeSummariesJSON prints summaries with the member names of X-Ray's API,
// times in RFC 3339 and without the members that are absent, as the AWS command
// line does.
func writeSummariesJSON(out io.Writer, summaries []types.TraceSummary) error {
	objects := make([]any, len(summaries))
	for i, s := range summaries {
		object, err := summaryObject(s)
		if err != nil {
			return fmt.Errorf("trace summary %s: %w", aws.ToString(s.Id), err)
		}
		objects[i] = object
	}
	return writeJSON(out, objects)
}

// summaryObject returns a summary as X-Ray's JSON has it.
func summaryObject(s types.TraceSummary) (any, error) {
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
	return withoutNull(object), nil
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
func withoutNull(v any) any {
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
	return v
}
