package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
)

func newSinkCommand() *cobra.Command {
	var data string
	var cfg sink.Config
	cmd := &cobra.Command{
		Use:   "sink",
		Short: "Runs the local New Relic sink alone",
		Long: `sink takes OTLP over gRPC and HTTP on one port as New Relic does: it demands an
api-key, refuses what New Relic refuses, and keeps the spans.

  GET /spans?trace.id=ID   the spans of a trace
  GET /traces              the latest traces
  GET /counts              what has arrived
  POST /graphql            NRQL for the spans of a trace, as NerdGraph takes it`,
		Example: `  bragg sink
  curl 'http://127.0.0.1:4319/counts'
  bragg sink --listen 0.0.0.0:4319 --allow-remote --allow-host newrelic`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if cfg.Dir, err = dataDir(data); err != nil {
				return err
			}
			cfg.Logger = newLogger(cmd)
			return runSink(cmd, cfg)
		},
	}
	f := cmd.Flags()
	addDataFlag(cmd, &data)
	f.StringVar(&cfg.Listen, "listen", "127.0.0.1:4319", "address to listen on")
	f.BoolVar(&cfg.AllowRemote, "allow-remote", false, "allow an address beyond this machine")
	f.StringSliceVar(&cfg.AllowHosts, "allow-host", nil, "a name that clients reach this by; repeat for more")
	return cmd
}

func runSink(cmd *cobra.Command, cfg sink.Config) error {
	s, err := sink.Open(cfg)
	if err != nil {
		return err
	}
	if err := s.Start(); err != nil {
		return errors.Join(err, s.Close(cmd.Context()))
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "New Relic sink  %s, data in %s\n", s.URL(), cfg.Dir)
	<-cmd.Context().Done()
	return closeWithin(cmd.Context(), s.Close)
}
