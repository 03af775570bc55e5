package collector

import (
	"fmt"
	"os"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
)

// secretVariables are those of this repository's configurations that hold
// secrets.
var secretVariables = []string{
	"NEW_RELIC_LICENSE_KEY", "BRAGG_GATEWAY_TOKEN", "BRAGG_SAMPLER_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
}

// hideSecrets is an option of the collector's logger, which secrets do not get
// through: a backend may put the key that it refuses into its answer, and
// exporters put the answer into their error. override wins over the process's
// variables.
func hideSecrets(override map[string]string) zap.Option {
	secrets := make([]string, len(secretVariables))
	for i, name := range secretVariables {
		var ok bool
		if secrets[i], ok = override[name]; !ok {
			secrets[i] = os.Getenv(name)
		}
	}
	hide := redact.Secrets(secrets...)
	return zap.WrapCore(func(c zapcore.Core) zapcore.Core {
		if hide == nil {
			return c
		}
		return secretCore{c, hide}
	})
}

// secretCore hides secrets in entries before it hands them on.
type secretCore struct {
	zapcore.Core
	hide *strings.Replacer
}

// Check implements zapcore.Core.
func (c secretCore) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return checked.AddCore(e, c)
	}
	return checked
}

// Write implements zapcore.Core. It asks the core behind it by Check, as that
// may be several with levels of their own.
func (c secretCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	e.Message, e.Stack = c.hide.Replace(e.Message), c.hide.Replace(e.Stack)
	if checked := c.Core.Check(e, nil); checked != nil {
		checked.Write(c.fields(fields)...)
	}
	return nil
}

// With implements zapcore.Core.
func (c secretCore) With(fields []zapcore.Field) zapcore.Core {
	return secretCore{c.Core.With(c.fields(fields)), c.hide}
}

// fields returns the fields, with others in the place of those that hold a
// secret.
func (c secretCore) fields(fields []zapcore.Field) []zapcore.Field {
	clean := make([]zapcore.Field, len(fields))
	for i, f := range fields {
		clean[i] = f
		text := f.String
		if f.Type != zapcore.StringType {
			text = written(f)
		}
		if hidden := c.hide.Replace(text); hidden != text {
			clean[i] = zap.String(f.Key, hidden)
		}
	}
	return clean
}

// written is a field as text, "" for one that holds none.
func written(f zapcore.Field) string {
	if err, ok := f.Interface.(error); ok {
		return err.Error()
	}
	if f.Interface == nil {
		return ""
	}
	e := zapcore.NewMapObjectEncoder()
	f.AddTo(e)
	return fmt.Sprint(e.Fields)
}
