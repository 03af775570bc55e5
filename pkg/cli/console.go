package cli

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/console"
	"github.com/bragg-tracing/bragg/pkg/newrelic"
)

// consoleFlags say what the console reads beside X-Ray Local.
type consoleFlags struct {
	sink    string
	metrics string
	account backendFlags // of New Relic itself
}

// add adds the flags; the defaults of the first two are those of the command.
func (f *consoleFlags) add(cmd *cobra.Command, sink, metrics string) {
	flags := cmd.Flags()
	flags.StringVar(&f.sink, "newrelic-sink", "", "URL of the New Relic sink that the console's page Backends compares with (default "+sink+")")
	flags.StringVar(&f.metrics, "collector-metrics", "", "host:port or URL of the collector's Prometheus metrics, for the console's page Pipe (default "+metrics+")")
}

// addAccount adds the flags for an account of New Relic.
func (f *consoleFlags) addAccount(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&f.account.account, "newrelic-account", 0, "compare with this account of New Relic itself, in the place of the sink; its user key is read from $"+userKeyVariable)
	flags.StringVar(&f.account.newRelicRegion, "newrelic-region", "", "with --newrelic-account: US, EU, JP or FedRAMP (default US)")
	flags.StringVar(&f.account.newRelicEndpoint, "newrelic-endpoint", "", "with --newrelic-account: URL of NerdGraph (default the region's)")
}

// config returns what the console reads; the arguments are for flags that were
// not given.
func (f *consoleFlags) config(sink, metrics string) (c console.Config, err error) {
	c.NewRelicSink, c.CollectorMetrics = cmp.Or(f.sink, sink), cmp.Or(f.metrics, metrics)
	for flag, address := range map[string]string{"newrelic-sink": f.sink, "collector-metrics": f.metrics} {
		if err := checkAddress(address); err != nil {
			return c, usageError{fmt.Errorf("--%s %s: %w", flag, address, err)}
		}
	}
	if f.account.account == 0 {
		if f.account.newRelicRegion != "" || f.account.newRelicEndpoint != "" {
			return c, usageError{errors.New("--newrelic-region and --newrelic-endpoint belong to --newrelic-account: name the account")}
		}
		return c, nil
	}
	f.account.backends, f.account.real = []string{"newrelic"}, true
	if err := f.account.check(); err != nil {
		return c, err
	}
	cfg, _, err := f.account.newRelicConfig()
	if err != nil {
		return c, err
	}
	client, err := newrelic.New(cfg)
	if err != nil {
		return c, usageError{err}
	}
	c.NewRelic = &console.NewRelicAccount{Client: client, ID: cfg.Account, Region: f.account.newRelicRegionOrKeys()}
	return c, nil
}

// checkAddress takes "host:port" and URLs of HTTP, and "" for none.
func checkAddress(text string) error {
	if text == "" {
		return nil
	}
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Port() == "" && !strings.Contains(u.Host, ".") && u.Hostname() != "localhost" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("want host:port, or a URL of http or https")
	}
	if u.User != nil {
		return errors.New("a URL with a password would be seen by everybody who lists processes")
	}
	return nil
}
