package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/archive"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// archiveFlags say which X-Ray Local an archive is of.
type archiveFlags struct {
	data, endpoint string
}

func (f *archiveFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.data, "data", "", "use this data directory, in the place of a running X-Ray Local")
	endpointFlag(cmd, &f.endpoint)
	cmd.MarkFlagsMutuallyExclusive("data", "endpoint")
}

// open returns both directions, and what releases them.
func (f *archiveFlags) open() (archive.Source, archive.Sink, func() error, error) {
	if f.data == "" {
		api, _, err := connect(f.endpoint)
		if err != nil {
			return nil, nil, nil, err
		}
		return archive.FromAPI(api), archive.ToAPI(api), func() error { return nil }, nil
	}
	dir, err := dataDir(f.data)
	if err != nil {
		return nil, nil, nil, err
	}
	s, err := store.Open(dir)
	if err != nil {
		return nil, nil, nil, err
	}
	return archive.FromStore(s), archive.ToStore(s), s.Close, nil
}

// explain adds to an error of the API where it was looked for.
func (f *archiveFlags) explain(err error) error {
	if err == nil || f.data != "" {
		return err
	}
	_, endpoint, connectErr := connect(f.endpoint)
	if connectErr != nil {
		return err
	}
	return explain(err, endpoint)
}

func newExportCommand() *cobra.Command {
	var flags archiveFlags
	var sel archive.Selection
	var since time.Duration
	var format, output string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Writes traces to a file: X-Ray documents or OTLP, in JSON lines",
		Long: `export writes the traces of a running X-Ray Local, or of a data directory, one
JSON value to a line: segment documents, as PutTraceSegments takes them, or, with
--format otlp, OpenTelemetry spans as /v1/traces takes them. Of a data directory
the documents are those that were sent, byte for byte but for white space between
them. bragg import reads both.`,
		Example: `  bragg export > traces.jsonl
  bragg export --since 1h --filter 'service("payments") { fault }' -o faults.jsonl
  bragg export --format otlp -o spans.jsonl
  bragg export --data ~/.local/share/bragg | gzip > traces.jsonl.gz`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if format != string(archive.Documents) && format != string(archive.OTLP) {
				return usageError{fmt.Errorf("--format %s: must be documents or otlp", format)}
			}
			if err := checkFilter(cmd.ErrOrStderr(), cmd.CommandPath(), "--filter", sel.Filter); err != nil {
				return err
			}
			sel.From, sel.To = time.Unix(0, 0), time.Now().Add(24*time.Hour)
			if since > 0 {
				sel.From = time.Now().Add(-since)
			}
			from, _, release, err := flags.open()
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, release()) }()
			show := newCounter(cmd.ErrOrStderr())
			var n archive.Count
			err = writeTo(cmd, output, func(w io.Writer) (err error) {
				n, err = archive.Write(cmd.Context(), w, archive.Format(format), from, sel, show.show)
				return err
			})
			if err != nil {
				return flags.explain(err)
			}
			show.line(fmt.Sprintf("exported %d traces, %d documents, %.1f MB", n.Traces, n.Documents, float64(n.Bytes)/1e6))
			return nil
		},
	}
	flags.add(cmd)
	cmd.Flags().DurationVar(&since, "since", 0, "only traces that began within this time; 0 for all")
	cmd.Flags().StringVar(&sel.Filter, "filter", "", "only traces that match this filter expression")
	cmd.Flags().StringVar(&format, "format", string(archive.Documents), "documents or otlp")
	cmd.Flags().StringVarP(&output, "output", "o", "-", `file to write, "-" for standard output`)
	return cmd
}

// writeTo calls f with a writer of a file that is there when f has succeeded, or
// of standard output.
func writeTo(cmd *cobra.Command, name string, f func(io.Writer) error) error {
	if name == "-" {
		w := bufio.NewWriterSize(cmd.OutOrStdout(), 1<<16)
		return errors.Join(f(w), w.Flush())
	}
	part := name + ".part"
	file, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(file, 1<<16)
	if err := errors.Join(f(w), w.Flush(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return os.Rename(part, name)
}

func newImportCommand() *cobra.Command {
	var flags archiveFlags
	cmd := &cobra.Command{
		Use:   "import [file]",
		Short: "Reads traces from a file: X-Ray documents or OTLP, in JSON",
		Long: `import puts the traces of a file, or of standard input, in a running X-Ray Local or
in a data directory. The file has JSON values one after the other, each a segment
document or OTLP traces (an object with resourceSpans), as bragg export and the
collector's file exporter write them. What is there already stays as it is.`,
		Example: `  bragg import traces.jsonl
  bragg export --endpoint http://build:2080 | bragg import
  gunzip -c traces.jsonl.gz | bragg import --data ~/.local/share/bragg`,
		Args: arguments(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			in := cmd.InOrStdin()
			if len(args) == 1 && args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				in = f
			}
			_, to, release, err := flags.open()
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, release()) }()
			return flags.explain(readFrom(cmd.Context(), in, to, newCounter(cmd.ErrOrStderr())))
		},
	}
	flags.add(cmd)
	return cmd
}

func readFrom(ctx context.Context, in io.Reader, to archive.Sink, show *counter) error {
	n, err := archive.Read(ctx, bufio.NewReaderSize(in, 1<<16), to, show.show, func(why string) {
		show.line("refused: " + why)
	})
	if err != nil {
		return err
	}
	if n.Documents+n.Refused == 0 {
		return errors.New("there was nothing to import")
	}
	show.line(fmt.Sprintf("imported %d documents, %.1f MB; %d refused", n.Documents, float64(n.Bytes)/1e6, n.Refused))
	if n.Refused > 0 {
		return errReported
	}
	return nil
}

// A counter shows on a terminal how far an archive is.
type counter struct {
	out      io.Writer
	terminal bool
	last     time.Time
}

func newCounter(out io.Writer) *counter {
	c := &counter{out: out, last: time.Now()}
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		c.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return c
}

func (c *counter) show(n archive.Count) {
	if !c.terminal || time.Since(c.last) < 200*time.Millisecond {
		return
	}
	c.last = time.Now()
	fmt.Fprintf(c.out, "\r%d documents, %.1f MB ", n.Documents, float64(n.Bytes)/1e6)
}

func (c *counter) line(text string) {
	if c.terminal {
		fmt.Fprint(c.out, "\r\x1b[K")
	}
	fmt.Fprintln(c.out, text)
}
