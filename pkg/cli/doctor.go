package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/collector"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
	"github.com/bragg-tracing/bragg/pkg/verify/doctor"
	"github.com/bragg-tracing/bragg/pkg/version"
)

// doctorFlags are what the doctor command can be told.
type doctorFlags struct {
	backendFlags
	collector   doctor.CollectorConfig
	ingest      string
	json, ascii bool
}

func newDoctorCommand() *cobra.Command {
	var flags doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Examines what traces need on their way, and says what to do",
		Long: `doctor looks, before a trace is sent, at everything that it needs: the variables
of this environment, the collector's configuration, ports, health and losses;
X-Ray's endpoint, credentials and permissions; New Relic's license key, its
region, ingest and NerdGraph; and this machine's clock. It stores and changes
nothing: permissions are tried with calls that cannot.

Each line is ✓ ok, ! a warning or ✗ a failure, with what to do. It exits 1 if
anything has failed.

Without --real it looks at this machine, as ` + "`bragg up`" + ` runs it.`,
		Example: `  bragg doctor
  bragg doctor --config otel-collector.yaml --config deploy/collector/durable.yaml
  bragg doctor --real --region eu-central-1 --newrelic-region EU
  bragg doctor --json | jq '.checks[] | select(.state != "ok")'`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return flags.run(cmd) },
	}
	f := cmd.Flags()
	flags.backendFlags.add(cmd)
	f.StringSliceVar(&flags.collector.Files, "config", nil, "the collector's configuration; repeat for overlays (default ./otel-collector.yaml if there is one)")
	f.StringVar(&flags.collector.GRPC, "otlp-grpc", "127.0.0.1:4317", "address of the collector's OTLP over gRPC, \"\" for none")
	f.StringVar(&flags.collector.HTTP, "otlp-http", "127.0.0.1:4318", "address of the collector's OTLP over HTTP, \"\" for none")
	f.StringVar(&flags.collector.Daemon, "daemon", "127.0.0.1:2000", "address of the collector's X-Ray daemon protocol, \"\" for none")
	f.StringVar(&flags.collector.Health, "health", "http://127.0.0.1:13133/", "URL of the collector's health check, \"\" for none")
	f.StringVar(&flags.collector.Metrics, "metrics", "http://127.0.0.1:8888/metrics", "URL of the collector's own metrics, \"\" for none")
	f.StringVar(&flags.ingest, "newrelic-ingest", "", "base URL of New Relic's OTLP endpoint (default $BRAGG_NEWRELIC_ENDPOINT, else the region's; without --real the local sink's)")
	f.BoolVar(&flags.json, "json", false, "print the checks as one JSON object")
	f.BoolVar(&flags.ascii, "ascii", false, "draw with ASCII characters only")
	return cmd
}

func (flags *doctorFlags) run(cmd *cobra.Command) error {
	if err := flags.check(); err != nil {
		return err
	}
	cfg, err := flags.config(cmd)
	if err != nil {
		return err
	}
	report := doctor.Run(cmd.Context(), cfg)
	return writeReport(cmd.OutOrStdout(), report, report.OK, flags.json, flags.ascii)
}

func (flags *doctorFlags) config(cmd *cobra.Command) (doctor.Config, error) {
	cfg := doctor.Config{Getenv: os.LookupEnv, Collector: flags.collector}
	cfg.Collector.Version, cfg.Collector.Validate = version.String(), validateCollector
	if len(cfg.Collector.Files) == 0 {
		if _, err := os.Stat("otel-collector.yaml"); err == nil {
			cfg.Collector.Files = []string{"otel-collector.yaml"}
		}
	}
	for _, address := range []*string{&cfg.Collector.GRPC, &cfg.Collector.HTTP} {
		if u, err := url.Parse(*address); err == nil && u.Host != "" { // a URL, as verify takes
			*address = u.Host
		}
	}
	if flags.has("xray") {
		if err := flags.addXRay(cmd, &cfg); err != nil {
			return cfg, err
		}
	}
	if flags.has("newrelic") {
		graph, local, err := flags.newRelicConfig()
		if err != nil {
			return cfg, err
		}
		cfg.NewRelic = &doctor.NewRelicConfig{NerdGraph: graph, LicenseKey: licensekey.Local, Ingest: cmp.Or(flags.ingest, "http://127.0.0.1:4319")}
		if !local {
			cfg.NewRelic.LicenseKey = os.Getenv(licenseKeyVariable)
			cfg.NewRelic.Ingest = cmp.Or(flags.ingest, os.Getenv("BRAGG_NEWRELIC_ENDPOINT"), licensekey.OTLPEndpoint(flags.newRelicRegionOrKeys()))
		}
	}
	return cfg, nil
}

func (flags *doctorFlags) addXRay(cmd *cobra.Command, cfg *doctor.Config) error {
	api, where, local, err := flags.xrayClient(cmd)
	if err != nil {
		return err
	}
	cfg.XRay = &doctor.XRayConfig{API: api, Where: where}
	if local {
		return nil
	}
	account, err := flags.awsConfig(cmd)
	if err != nil {
		return err
	}
	cfg.XRay.STS, cfg.XRay.Credentials, cfg.XRay.Region = sts.NewFromConfig(account), account.Credentials, account.Region
	return nil
}

// validateCollector is `collector validate`, in this process.
func validateCollector(ctx context.Context, files []string) error {
	cmd := collector.NewCommand()
	args := []string{"validate"}
	for _, f := range files {
		args = append(args, "--config", f)
	}
	cmd.SetArgs(args)
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	if err := cmd.ExecuteContext(ctx); err != nil {
		return fmt.Errorf("validate: %w", err)
	}
	return nil
}
