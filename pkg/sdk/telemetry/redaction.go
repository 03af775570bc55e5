package telemetry

import (
	"fmt"
	"slices"

	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
)

// newRedactor brings option and variables together. A kind that nobody knows is
// reported, and all kinds are redacted.
func newRedactor(c *config) *redact.Redactor {
	env := redact.FromEnvironment(variable)
	both := redact.Config{
		Only:       env.Only,
		Keys:       slices.Concat(env.Keys, c.redaction.Keys),
		Parameters: slices.Concat(env.Parameters, c.redaction.Parameters),
	}
	if len(env.Only) == 0 || c.withoutGlobals && len(c.redaction.Only) > 0 {
		both.Only = c.redaction.Only
	}
	r, err := redact.New(both)
	if err != nil {
		c.warn(fmt.Errorf("%s: %w", redact.Variable, err))
	}
	return r
}
