package collector

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/otelcol"
)

// NewCommand returns the collector program: it runs the configurations named
// by --config, and has the sub-commands validate, components, print-config,
// featuregate and healthcheck. What add adds to [Factories] is available too.
func NewCommand(add ...func(*otelcol.Factories) error) *cobra.Command {
	cmd := otelcol.NewCommand(withFactories(settings(nil), add))
	cmd.Short = "The OpenTelemetry Collector with AWS X-Ray and New Relic"
	cmd.Example = `  collector --config otel-collector.yaml
  collector validate --config otel-collector.yaml
  BRAGG_NEWRELIC_EXPORTERS='[otlp_http/newrelic]' NEW_RELIC_LICENSE_KEY=… collector --config otel-collector.yaml
  collector healthcheck`
	cmd.SilenceErrors = true
	cmd.SilenceUsage = true
	cmd.AddCommand(newHealthcheckCommand())
	return cmd
}

// Main runs the program with the arguments of the process and returns its exit
// status: 0, 1 when it failed, 2 when it was called wrongly. An error is one
// line on standard error. See [NewCommand] for add.
func Main(add ...func(*otelcol.Factories) error) int {
	cmd := NewCommand(add...)
	usage := false
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { usage = true; return err })
	err := cmd.Execute()
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "collector: %s\n", oneLine(err))
	if usage || strings.HasPrefix(err.Error(), "unknown command") || strings.HasPrefix(err.Error(), "at least one config flag") {
		fmt.Fprintln(os.Stderr, "See 'collector --help'.")
		return 2
	}
	return 1
}

// oneLine joins the lines of an error, which the collector likes to spread.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

func newHealthcheckCommand() *cobra.Command {
	port := 13133
	if p, err := strconv.Atoi(os.Getenv("BRAGG_HEALTH_PORT")); err == nil {
		port = p
	}
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Exits 0 when the collector on this machine says that it is up",
		Long: `healthcheck asks the health_check extension of a collector on this machine and
exits 0 when it answers 200, else 1. It is meant for the health check of a
container, where there is no shell and no curl.`,
		Example: `  collector healthcheck
  collector healthcheck --port 13134`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return checkHealth(cmd, port)
		},
	}
	cmd.Flags().IntVar(&port, "port", port, "port of the health_check extension (BRAGG_HEALTH_PORT)")
	return cmd
}

func checkHealth(cmd *cobra.Command, port int) error {
	client := http.Client{Timeout: 3 * time.Second}
	url := "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) + "/"
	req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("no collector answers on %s: %w", url, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the collector on %s answers %s", url, resp.Status)
	}
	return nil
}
