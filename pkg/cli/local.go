package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/xraylocal"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

// defaultMetrics is where a collector serves its metrics unless told otherwise.
const defaultMetrics = "127.0.0.1:8888"

func newLocalCommand() *cobra.Command {
	var data string
	var xray xrayFlags
	var cfg xraylocal.Config
	var pages consoleFlags
	cmd := &cobra.Command{
		Use:   "local",
		Short: "Runs X-Ray Local alone: AWS X-Ray's API and the console",
		Long: `local serves AWS X-Ray's HTTP API, and a console, from a database in the data
directory. AWS SDKs, the AWS CLI, collectors and the X-Ray daemon use it by
their endpoint setting, with any credentials. OpenTelemetry sends spans to
http://127.0.0.1:2080/v1/traces, and the X-Ray SDKs find on port 2000, UDP and
TCP, what the X-Ray daemon gives them.

Calls are held to AWS's limits, with AWS's errors, so that what passes here
passes there; --strict=false lifts them. All callers share one store, whatever
their region; --isolate gives each region one of its own, and each account, as
which an access key id of 12 digits counts.

It listens on 127.0.0.1. To serve other machines or containers, give
--allow-remote, and --allow-host for each name that it is reached by. Then every
request needs the token in BRAGG_TOKEN (made and printed if there is none): as a
bearer token, as the AWS access key id, or once as ?token= in a browser. On a
private network, --ingest-open lets segments in without it.`,
		Example: `  bragg local
  AWS_ENDPOINT_URL_XRAY=http://127.0.0.1:2080 aws xray get-trace-summaries --start-time $(($(date +%s)-600)) --end-time $(date +%s)
  bragg local --daemon=off --strict=false
  bragg local --in-memory                     keep nothing, for a test run
  bragg local --max-age 168h --max-size 500MB
  bragg local --newrelic-sink http://127.0.0.1:4319 --collector-metrics 127.0.0.1:8888
  NEW_RELIC_USER_KEY=NRAK-… bragg local --newrelic-account 1234567 --newrelic-region EU
  bragg local --listen 0.0.0.0:2080 --daemon=off --allow-remote --allow-host xraylocal --ingest-open`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if cfg.InMemory && data != "" {
				return usageError{errors.New("--in-memory keeps no data: leave out --data")}
			}
			if cfg.Dir, err = dataDir(data); err != nil && !cfg.InMemory {
				return err
			}
			if err := xray.apply(&cfg); err != nil {
				return err
			}
			cfg.Logger = newLogger(cmd)
			reads, err := pages.config("", defaultMetrics)
			if err != nil {
				return err
			}
			cfg.NewConsole = reads.ForAPI
			if cfg.Daemon == "off" {
				cfg.Daemon = ""
			}
			return runLocal(cmd, cfg)
		},
	}
	f := cmd.Flags()
	addDataFlag(cmd, &data)
	f.BoolVar(&cfg.InMemory, "in-memory", false, "keep data in memory, and lose it at the end")
	xray.add(cmd)
	f.StringVar(&cfg.Listen, "listen", "127.0.0.1:2080", "address to listen on")
	f.StringVar(&cfg.Daemon, "daemon", "127.0.0.1:2000", `address of the X-Ray daemon's protocol, UDP and TCP, or "off"`)
	pages.add(cmd, "none", defaultMetrics)
	pages.addAccount(cmd)
	f.BoolVar(&cfg.Isolate, "isolate", false, "give each region and account a store of its own")
	f.BoolVar(&cfg.AllowRemote, "allow-remote", false, "allow an address beyond this machine")
	f.StringSliceVar(&cfg.AllowHosts, "allow-host", nil, "a name that clients reach this by; repeat for more")
	f.BoolVar(&cfg.IngestOpen, "ingest-open", false, "with --allow-remote, take segments without a token")
	return cmd
}

// xrayFlags are those of X-Ray Local, alone or with all the rest.
type xrayFlags struct {
	keep   retentionFlags
	strict bool
	calls  float64
	basis  servicegraph.Basis
}

func (x *xrayFlags) add(cmd *cobra.Command) {
	x.keep.add(cmd)
	f := cmd.Flags()
	f.BoolVar(&x.strict, "strict", true, "hold calls of X-Ray's API to AWS's limits")
	f.Float64Var(&x.calls, "throttle-above", 0, "throttle calls of X-Ray's API beyond so many a second, to try out what clients do; 0 for none")
	f.Var(&x.basis, "time-basis", "what service graphs and time series count by: the arrival of documents, as AWS does, or the times in them, for data of another day")
}

func (x *xrayFlags) apply(cfg *xraylocal.Config) error {
	if x.calls < 0 {
		return usageError{fmt.Errorf("--throttle-above %g: must not be negative", x.calls)}
	}
	cfg.Lenient, cfg.TimeBasis, cfg.CallsPerSecond = !x.strict, x.basis, x.calls
	return x.keep.apply(&cfg.MaxAge, &cfg.MaxSize)
}

// collectAt is how much garbage there may be, in percent of what is in use: what
// X-Ray Local has in use is little, and most of what it makes is short-lived.
const collectAt = 300

func runLocal(cmd *cobra.Command, cfg xraylocal.Config) error {
	out := cmd.ErrOrStderr()
	cfg.Token = os.Getenv("BRAGG_TOKEN")
	made := cfg.AllowRemote && cfg.Token == ""
	if made {
		cfg.Token = rand.Text()
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	server, err := xraylocal.Open(cfg)
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return errors.Join(err, server.Close(cmd.Context()))
	}
	where := cfg.Dir
	if cfg.InMemory {
		where = "memory"
	}
	fmt.Fprintf(out, "X-Ray Local     http://%s/, data in %s\n", server.Addr(), where)
	if addr := server.DaemonAddr(); addr != "" {
		fmt.Fprintf(out, "X-Ray daemon    %s, UDP and TCP\n", addr)
	}
	if made {
		fmt.Fprintf(out, "token           %s (made for this run; set BRAGG_TOKEN to choose it)\n", cfg.Token)
	}
	<-cmd.Context().Done()
	return closeWithin(cmd.Context(), server.Close)
}

// closeWithin calls a bounded stop after the command's context has ended.
func closeWithin(ctx context.Context, stop func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return stop(ctx)
}
