package collector

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/otelcol"
)

// Validate checks a configuration as `collector validate` does: it resolves and
// decodes it, and lets each component check its part, but starts none. uris are
// what --config takes, such as file:otel-collector.yaml; variables in env win
// over the process's. See [NewCommand] for add.
func Validate(ctx context.Context, env map[string]string, uris []string, add ...func(*otelcol.Factories) error) error {
	c, err := otelcol.NewCollector(withFactories(settings(env, uris...), add))
	if err != nil {
		return fmt.Errorf("collector: %w", err)
	}
	return c.DryRun(ctx)
}

// withFactories puts more components into a collector's settings.
func withFactories(set otelcol.CollectorSettings, add []func(*otelcol.Factories) error) otelcol.CollectorSettings {
	set.Factories = func() (otelcol.Factories, error) {
		f, err := Factories()
		for _, more := range add {
			err = errors.Join(err, more(&f))
		}
		return f, err
	}
	return set
}
