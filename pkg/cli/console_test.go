package cli

import (
	"errors"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/console"
	"github.com/bragg-tracing/bragg/pkg/newrelic"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

func TestConsoleFlags(t *testing.T) {
	config := func(args ...string) (console.Config, error) {
		var flags consoleFlags
		cmd := &cobra.Command{Use: "x"}
		flags.add(cmd, "none", "none")
		flags.addAccount(cmd)
		if err := cmd.ParseFlags(args); err != nil {
			t.Fatal(err)
		}
		return flags.config("http://own:1", "own:2")
	}
	t.Setenv(userKeyVariable, newrelic.LocalUserKey)
	t.Setenv(accountVariable, "99") // is not used unasked
	got, err := config()
	if err != nil || got.NewRelicSink != "http://own:1" || got.CollectorMetrics != "own:2" || got.NewRelic != nil {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = config("--newrelic-sink", "http://127.0.0.1:4319", "--collector-metrics", "collector:8888", "--newrelic-account", "7", "--newrelic-region", "eu")
	if err != nil || got.NewRelicSink != "http://127.0.0.1:4319" || got.CollectorMetrics != "collector:8888" || got.NewRelic.ID != 7 || got.NewRelic.Region != licensekey.EU {
		t.Errorf("%+v, %v", got, err)
	}
	for args, want := range map[string]string{
		"--newrelic-sink=ftp://x":                  "host:port",
		"--newrelic-sink=http://u:p@x:1":           "password",
		"--collector-metrics=8888":                 "host:port",
		"--newrelic-region=EU":                     "--newrelic-account",
		"--newrelic-account=1 --newrelic-region=X": "--newrelic-region",
	} {
		if _, err := config(strings.Fields(args)...); !errors.As(err, new(usageError)) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
	t.Setenv(userKeyVariable, "")
	if _, err := config("--newrelic-account", "7"); err == nil || !strings.Contains(err.Error(), userKeyVariable) {
		t.Errorf("without a key: %v", err)
	}
	t.Setenv(userKeyVariable, "secret")
	if _, err := config("--newrelic-account", "7"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a wrong key: %v", err)
	}
}
