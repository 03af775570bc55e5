package collector

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"

	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"
)

// environment resolves ${env:NAME} and ${env:NAME:-default} in a collector
// configuration. It differs from the collector's own provider in two ways: a
// blank variable counts as unset, because compose and ECS pass `VAR=` for a
// variable that nobody filled in, and values may come from a map instead of
// from the process, so that two collectors can run in one process.
type environment struct {
	override map[string]string // wins over the process's environment
	logger   *zap.Logger
}

var variableName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func newEnvironmentFactory(override map[string]string) confmap.ProviderFactory {
	return confmap.NewProviderFactory(func(set confmap.ProviderSettings) confmap.Provider {
		return &environment{override: override, logger: set.Logger}
	})
}

// Retrieve implements confmap.Provider for "env:NAME" and "env:NAME:-default".
func (e *environment) Retrieve(_ context.Context, uri string, _ confmap.WatcherFunc) (*confmap.Retrieved, error) {
	selector, found := strings.CutPrefix(uri, "env:")
	if !found {
		return nil, fmt.Errorf("environment provider got %q, wants env:NAME", uri)
	}
	name, fallback, hasFallback := strings.Cut(selector, ":-")
	if !variableName.MatchString(name) {
		return nil, fmt.Errorf("environment variable name %q must match %s", name, variableName)
	}
	value, set := e.override[name]
	if !set {
		value = os.Getenv(name)
	}
	if strings.TrimSpace(value) == "" {
		if !hasFallback {
			e.logger.Warn("configuration references an environment variable that is unset or blank", zap.String("name", name))
		}
		value = fallback
	}
	if value == "" { // YAML would make a null of it, where a string is wanted
		return confmap.NewRetrieved("")
	}
	return confmap.NewRetrievedFromYAML([]byte(value))
}

// Scheme implements confmap.Provider.
func (*environment) Scheme() string { return "env" }

// Shutdown implements confmap.Provider.
func (*environment) Shutdown(context.Context) error { return nil }
