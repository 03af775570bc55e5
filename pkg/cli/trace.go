package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline/terminal"
)

// The environment of the commands that read from X-Ray Local.
const (
	endpointVariable = "BRAGG_XRAY_ENDPOINT"
	tokenVariable    = "BRAGG_TOKEN"
)

// traceFlags are what the trace command can be told.
type traceFlags struct {
	endpoint    string
	asJSON, asc bool
	all         bool
}

// newTraceCommand shows one trace.
func newTraceCommand() *cobra.Command { return traceCommand(time.Local) }

// traceCommand is the trace command with times in zone.
func traceCommand(zone *time.Location) *cobra.Command {
	var flags traceFlags
	cmd := &cobra.Command{
		Use:   "trace <trace id>",
		Short: "Show a trace as a timeline",
		Long: `Show a trace of X-Ray Local as a timeline: what called what, when, for how long,
and how it ended; and below it the traces that it links to, and those that link to
it, such as by a message.

  ○ ok   ▲ error (4xx)   ‖ throttle (429)   ◆ fault (5xx)   ◌ in progress
  ● segment of a service   · work within it   → call   ▨ call to what sends no traces
  ? the parent is not in the trace

The trace id has X-Ray's form or is the 32 hexadecimal digits of W3C Trace
Context. The drawing fits the terminal ($COLUMNS, else its width, else 80) and
has colours on a terminal, unless NO_COLOR is set.`,
		Example: `  bragg trace 1-58406520-a006649127e371903a2de979
  bragg trace 58406520a006649127e371903a2de979
  bragg trace --json 1-58406520-a006649127e371903a2de979 | jq '.[0].Segments[].name'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("give one trace id; `bragg traces` lists the latest")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return flags.run(cmd, args[0], zone) },
	}
	endpointFlag(cmd, &flags.endpoint)
	cmd.Flags().BoolVar(&flags.asJSON, "json", false, "print the documents as JSON: [{Id, Duration, Segments}], with LinkedFrom if there are links from other traces")
	cmd.Flags().BoolVar(&flags.asc, "ascii", false, "draw with ASCII characters only")
	cmd.Flags().BoolVar(&flags.all, "all", false, "draw each of many like calls, not one row for all")
	return cmd
}

func (f *traceFlags) run(cmd *cobra.Command, given string, zone *time.Location) error {
	id, err := client.TraceID(given)
	if err != nil {
		return usageError{err}
	}
	api, endpoint, err := connect(f.endpoint)
	if err != nil {
		return err
	}
	trace, err := client.GetTrace(cmd.Context(), api, id)
	if errors.Is(err, client.ErrNotFound) {
		return fmt.Errorf("no trace %s at %s; `bragg traces` lists the latest", id, endpoint)
	}
	if err != nil {
		return explain(err, endpoint)
	}
	out := cmd.OutOrStdout()
	if f.asJSON {
		return writeJSON(out, []*client.Trace{trace})
	}
	screen := terminal.ScreenOf(out)
	screen.ASCII, screen.All = f.asc, f.all
	line := timeline.Build(trace.Documents)
	if err := screen.WriteTrace(out, id, line, zone); err != nil {
		return err
	}
	return screen.WriteLinks(out, line, trace.LinkedFrom, trace.LinkedFromCount)
}

// writeJSON prints a value for other programs to read.
func writeJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// writeReport prints a report for people or, as JSON, for other programs, and
// fails with errReported where the report is not ok.
func writeReport(out io.Writer, report interface {
	Write(io.Writer, terminal.Screen) error
}, ok, asJSON, ascii bool) (err error) {
	if asJSON {
		err = writeJSON(out, report)
	} else {
		screen := terminal.ScreenOf(out)
		screen.ASCII = ascii
		err = report.Write(out, screen)
	}
	if err == nil && !ok {
		err = errReported
	}
	return err
}

// endpointFlag adds --endpoint, whose default connect knows.
func endpointFlag(cmd *cobra.Command, endpoint *string) {
	cmd.Flags().StringVar(endpoint, "endpoint", "",
		"URL of X-Ray Local (default $"+endpointVariable+", else "+client.DefaultEndpoint+")")
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
}

// connect returns a client of the X-Ray Local that the flag names, else the
// environment, else the default; and its endpoint.
func connect(flag string) (*xray.Client, string, error) {
	endpoint := cmp.Or(flag, os.Getenv(endpointVariable), client.DefaultEndpoint)
	api, err := client.New(endpoint, os.Getenv(tokenVariable))
	if err != nil {
		return nil, "", usageError{err}
	}
	return api, endpoint, nil
}

// explain says what to do about an error of a call to X-Ray Local, where that
// is known.
func explain(err error, endpoint string) error {
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return fmt.Errorf("no X-Ray Local at %s: start it with `bragg up` or `bragg local`, or name another with --endpoint (%w)", endpoint, dial.Err)
	}
	var resp *awshttp.ResponseError
	if errors.As(err, &resp) {
		switch resp.HTTPStatusCode() {
		case http.StatusUnauthorized, http.StatusForbidden:
			return fmt.Errorf("X-Ray Local at %s refuses access: set %s to its token (%w)", endpoint, tokenVariable, err)
		case http.StatusNotFound, http.StatusMethodNotAllowed:
			return fmt.Errorf("what answers at %s is not X-Ray Local (%w)", endpoint, err)
		}
	}
	return fmt.Errorf("X-Ray Local at %s: %w", endpoint, err)
}
