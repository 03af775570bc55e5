package cli

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicemap"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline/terminal"
)

// mapFlags are what the map command can be told.
type mapFlags struct {
	endpoint                  string
	filter, group             string
	from, to, last            string
	focus                     string
	hops                      int
	svg, mermaid, asJSON, asc bool
}

// newMapCommand draws the service map.
func newMapCommand() *cobra.Command {
	var flags mapFlags
	cmd := &cobra.Command{
		Use:   "map",
		Short: "Draw which service calls which, and how they fare",
		Long: `Draw the service map of X-Ray Local: clients, services, the AWS resources and
other hosts that they call, each with its requests, its mean response time and
what share of them failed.

  ○ ok   ▲ error (4xx)   ‖ throttle (429)   ◆ fault (5xx)   ◌ nothing ended yet

A mark, and a line in its colour, stands for at least one request in a hundred.
The drawing fits the terminal ($COLUMNS, else its width, else 80); a map that is
too wide comes as a list. Times are as those of ` + "`bragg traces`" + `.`,
		Example: `  bragg map
  bragg map --last 1h --filter 'service("checkout") { fault }'
  bragg map --focus payments --hops 1           what calls payments, and what it calls
  bragg map --group slow --from 14:00 --to 14:30
  bragg map --svg > map.svg
  bragg map --mermaid | gh issue comment 7 --body-file -`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return flags.run(cmd) },
	}
	endpointFlag(cmd, &flags.endpoint)
	f := cmd.Flags()
	f.StringVar(&flags.filter, "filter", "", "draw only traces that match this filter expression")
	f.StringVar(&flags.group, "group", "", "draw only traces of this group")
	f.StringVar(&flags.last, "last", "6h", "how far to look back from --to, such as 90s, 15m, 6h or 7d")
	f.StringVar(&flags.from, "from", "", "draw what arrived at this time or later, instead of --last")
	f.StringVar(&flags.to, "to", "", "draw what arrived at this time or earlier (default now)")
	f.StringVar(&flags.focus, "focus", "", "draw only what is near the nodes with this name")
	f.IntVar(&flags.hops, "hops", 1, "how many calls away from --focus is near")
	f.BoolVar(&flags.svg, "svg", false, "print the drawing as SVG")
	f.BoolVar(&flags.mermaid, "mermaid", false, "print a Mermaid flowchart")
	f.BoolVar(&flags.asJSON, "json", false, "print nodes, edges, figures and places as JSON")
	f.BoolVar(&flags.asc, "ascii", false, "draw with ASCII characters only")
	cmd.MarkFlagsMutuallyExclusive("svg", "mermaid", "json", "ascii")
	cmd.MarkFlagsMutuallyExclusive("from", "last")
	return cmd
}

func (f *mapFlags) run(cmd *cobra.Command) error {
	from, to, err := timeRange(f.from, f.to, f.last, time.Now())
	if err != nil {
		return usageError{err}
	}
	if f.hops < 0 {
		return usageError{errors.New("--hops must not be negative")}
	}
	if err := checkFilter(cmd.ErrOrStderr(), cmd.CommandPath(), "--filter", f.filter); err != nil {
		return err
	}
	api, endpoint, err := connect(f.endpoint)
	if err != nil {
		return err
	}
	services, covered, err := client.ServiceGraph(cmd.Context(), api, client.GraphQuery{From: from, To: to, Group: f.group, Filter: f.filter, Patience: mapPatience})
	if err != nil {
		return refused(err, endpoint)
	}
	if !covered.Whole() {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: the map is of %d of %d traces, what could be read in %v: a shorter time range has fewer\n",
			cmd.CommandPath(), covered.Looked, covered.All, mapPatience)
	}
	m := servicemap.New(services, to.Sub(from))
	if f.focus != "" {
		ids := m.Named(f.focus)
		if len(ids) == 0 && len(m.Nodes) > 0 {
			return fmt.Errorf("--focus: no node is named %q; bragg map --json | jq '.Nodes[].Name' lists them", f.focus)
		}
		m = m.Around(f.hops, ids...)
	}
	return f.write(cmd.OutOrStdout(), m, endpoint, from, to)
}

// mapPatience is how long a map may take; then it is of a part of the traces. The
// client ends a call after 15 seconds.
const mapPatience = 12 * time.Second

func (f *mapFlags) write(out io.Writer, m *servicemap.Map, endpoint string, from, to time.Time) error {
	switch {
	case f.asJSON:
		return writeJSON(out, placedMap{m, m.Layout()})
	case f.svg:
		return m.WriteSVG(out)
	case f.mermaid:
		return m.WriteMermaid(out)
	case len(m.Nodes) == 0:
		return f.writeNothing(out, endpoint, from, to)
	}
	screen := terminal.ScreenOf(out)
	screen.ASCII = f.asc
	return screen.WriteMap(out, m)
}

// A placedMap is a map with the places of its nodes and the routes of its edges.
type placedMap struct {
	*servicemap.Map
	Layout any
}

// writeNothing says that there is nothing to draw, and what to do about it.
func (f *mapFlags) writeNothing(out io.Writer, endpoint string, from, to time.Time) error {
	which := "Nothing"
	if f.filter != "" || f.group != "" {
		which = "Nothing of what was asked for"
	}
	_, err := fmt.Fprintf(out, `%s arrived at %s from %s to %s. To get some traces:
  bragg up                                  starts everything, with a demo that sends requests
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317   for a service of your own, while bragg up runs
  bragg map --last 24h                      looks further back
`, which, endpoint, clock(from), clock(to))
	return err
}
