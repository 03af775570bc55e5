package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/console"
	"github.com/bragg-tracing/bragg/pkg/up"
	"github.com/bragg-tracing/bragg/pkg/version"
)

// upFlags are the flags of `bragg up` that are not yet an up.Config.
type upFlags struct {
	data      string
	xray      xrayFlags
	pages     consoleFlags
	backends  string
	freePorts bool
	once      bool
	requests  int
	json      bool
}

func newUpCommand() *cobra.Command {
	var flags upFlags
	cfg := up.Config{Ports: up.DefaultPorts}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Starts everything on this machine: backends, collector and demo",
		Long: `up starts, in one process and on 127.0.0.1 only: X-Ray Local (AWS X-Ray's API and
a console), a sink that takes what New Relic takes, the OpenTelemetry Collector
with otel-collector.yaml, and a demo of five services that sends requests.

It does not use AWS or New Relic accounts, whatever the environment holds, unless
--real is given. Credentials in headers and URLs, and literals of SQL, are
redacted on the way; BRAGG_REDACT=off shows them. Ctrl-C stops it and keeps the
data.`,
		Example: `  bragg up
  bragg up --backends xray                    only X-Ray
  bragg up --once --requests 200 --json       send 200 requests, count, exit
  AWS_PROFILE=dev NEW_RELIC_LICENSE_KEY=… bragg up --real
  bragg up --free-ports --data /tmp/bragg     a second one beside the first`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.apply(cmd, &cfg); err != nil {
				return err
			}
			if flags.once {
				return runOnce(cmd, cfg, flags)
			}
			return runUp(cmd, cfg)
		},
	}
	f := cmd.Flags()
	addDataFlag(cmd, &flags.data)
	flags.xray.add(cmd)
	flags.pages.add(cmd, "that of this command", "those of this command's collector")
	f.StringVar(&cfg.CollectorConfig, "config", "", "the collector's configuration (default ./otel-collector.yaml if there is one, else the built-in)")
	f.StringVar(&flags.backends, "backends", "xray,newrelic", "where traces go: xray, newrelic or both")
	f.StringVar(&cfg.Region, "region", "", "AWS region (default us-east-1; with --real, AWS_REGION)")
	f.BoolVar(&cfg.Real, "real", false, "send to AWS X-Ray and New Relic themselves, with this environment's credentials and NEW_RELIC_LICENSE_KEY")
	f.Float64Var(&cfg.Rate, "rate", 2, "demo requests in a second; 0 sends none")
	f.BoolVar(&flags.once, "once", false, "send --requests requests, wait until they arrived, report and exit: 0, or 1 if anything is missing")
	f.IntVar(&flags.requests, "requests", 200, "how many requests --once sends")
	f.BoolVar(&flags.json, "json", false, "report --once as one JSON object on standard output")
	f.BoolVar(&flags.freePorts, "free-ports", false, "use free ports instead of the usual ones, but for those that are named")
	cfg.Ports.EachFlag(func(port *int, flag, what string) {
		f.IntVar(port, flag, *port, "port for "+what)
	})
	return cmd
}

// apply checks the flags and fills the configuration from them.
func (flags *upFlags) apply(cmd *cobra.Command, cfg *up.Config) (err error) {
	if cfg.Backends, err = up.ParseBackends(flags.backends); err != nil {
		return usageError{err}
	}
	switch {
	case flags.requests < 1:
		return usageError{fmt.Errorf("--requests %d: must be at least 1", flags.requests)}
	case cfg.Rate < 0:
		return usageError{fmt.Errorf("--rate %g: must not be negative", cfg.Rate)}
	case flags.json && !flags.once:
		return usageError{errors.New("--json reports --once; add --once")}
	case flags.once && cfg.Real:
		return usageError{errors.New("--once counts what arrived on this machine, so it cannot be used with --real")}
	}
	if cfg.Region == "" && cfg.Real {
		cfg.Region = os.Getenv("AWS_REGION")
	}
	if cfg.Dir, err = dataDir(flags.data); err != nil {
		return err
	}
	if err := flags.xray.apply(&cfg.XRay); err != nil {
		return err
	}
	if flags.freePorts {
		if err := freePorts(cmd, &cfg.Ports); err != nil {
			return err
		}
	}
	if cfg.CollectorConfig == "" {
		if _, err := os.Stat("otel-collector.yaml"); err == nil {
			cfg.CollectorConfig = "otel-collector.yaml"
		}
	} else if f, err := os.Open(cfg.CollectorConfig); err != nil {
		return fmt.Errorf("collector configuration: %w; name a readable file with --config", err)
	} else {
		f.Close()
	}
	reads, err := flags.console(cfg)
	if err != nil {
		return err
	}
	cfg.Console = reads.ForAPI
	cfg.Progress = cmd.ErrOrStderr()
	cfg.Log = newLogger(cmd)
	return nil
}

// console says where the console finds the rest of the stack.
func (flags *upFlags) console(cfg *up.Config) (console.Config, error) {
	sink := ""
	if slices.Contains(cfg.Backends, up.NewRelic) {
		sink = fmt.Sprintf("http://127.0.0.1:%d", cfg.Ports.NewRelic)
	}
	c, err := flags.pages.config(sink, fmt.Sprintf("127.0.0.1:%d", cfg.Ports.Metrics))
	c.Region = cfg.Region
	return c, err
}

// freePorts replaces the ports that no flag names by free ones.
func freePorts(cmd *cobra.Command, ports *up.Ports) error {
	free, err := up.FreePorts()
	if err != nil {
		return err
	}
	named := map[string]int{}
	ports.EachFlag(func(port *int, flag, _ string) {
		if cmd.Flags().Changed(flag) {
			named[flag] = *port
		}
	})
	*ports = free
	ports.EachFlag(func(port *int, flag, _ string) {
		if p, ok := named[flag]; ok {
			*port = p
		}
	})
	return nil
}

// stopLimit is how long `bragg up` takes to stop at most.
var stopLimit = 5 * time.Second // a variable for tests on a machine that is busy

// runUp starts the stack, stays until the command's context ends, and stops it.
func runUp(cmd *cobra.Command, cfg up.Config) error {
	out := cmd.ErrOrStderr()
	fmt.Fprintf(out, "bragg %s, data in %s\n\n", version.String(), cfg.Dir)
	ctx := cmd.Context()
	stack, err := up.Start(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Fprintln(out)
	if url := stack.XRayURL(); url != "" {
		fmt.Fprintf(out, "  console         %s/\n", url)
	}
	if url := stack.SinkURL(); url != "" && stack.XRayURL() == "" {
		fmt.Fprintf(out, "  spans           %s/counts\n", url)
	}
	fmt.Fprintf(out, "\n  Ctrl-C stops everything and keeps the data.\n")

	var died error
	select {
	case <-ctx.Done():
		fmt.Fprintf(out, "\n  stopping …\n")
	case <-stack.CollectorDone():
		died = fmt.Errorf("the collector has stopped; its log is %s/collector.log", cfg.Dir)
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	return errors.Join(died, stack.Stop(stopCtx))
}

// runOnce reports on standard output and fails with errReported when anything
// is missing.
func runOnce(cmd *cobra.Command, cfg up.Config, flags upFlags) error {
	report, err := up.Once(cmd.Context(), cfg, flags.requests)
	if err != nil {
		return err
	}
	if flags.json {
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(report); err != nil {
			return err
		}
	} else {
		fmt.Fprint(cmd.OutOrStdout(), report.String())
	}
	if !report.Complete() {
		return errReported
	}
	return nil
}
