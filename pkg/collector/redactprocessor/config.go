package redactprocessor

import (
	"os"

	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
)

// Config is what stands under `redact` in a configuration. The defaults are
// those of BRAGG_REDACT, BRAGG_REDACT_KEYS and BRAGG_REDACT_PARAMETERS.
type Config struct {
	// Only names the kinds that are redacted: headers, urls, sql, texts. Empty
	// means all, "off" none.
	Only []string `mapstructure:"only"`
	// Keys are further attributes whose values are replaced. One that ends in *
	// stands for all that begin so.
	Keys []string `mapstructure:"keys"`
	// Parameters are further parameters of URLs whose values are replaced.
	Parameters []string `mapstructure:"parameters"`
}

func defaultConfig() *Config {
	c := Config(redact.FromEnvironment(os.Getenv))
	return &c
}

// Validate refuses a kind that does not exist.
func (c *Config) Validate() error {
	_, err := redact.New(redact.Config(*c))
	return err
}
