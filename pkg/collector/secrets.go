package collector

import (
	"encoding/base64"
	"fmt"
	"net/url"
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

// shortestSecret is the length from which a secret is hidden in what is logged.
// A shorter one would be found in innocent words.
const shortestSecret = 8

// hideSecrets is an option of the collector's logger, which secrets do not get
// through: a backend may put the key that it refuses into its answer, and
// exporters put the answer into their error. override wins over the process's
// variables.
func hideSecrets(override map[string]string) zap.Option {
	var pairs []string
	for _, name := range secretVariables {
		secret, ok := override[name]
		if !ok {
			secret = os.Getenv(name)
		}
		if secret = strings.TrimSpace(secret); len(secret) < shortestSecret {
			continue
		}
		for _, written := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), url.QueryEscape(secret)} {
			pairs = append(pairs, written, redact.Replacement)
		}
	}
	if len(pairs) == 0 {
		return zap.WrapCore(func(c zapcore.Core) zapcore.Core { return c })
	}
	hide := strings.NewReplacer(pairs...)
	return zap.WrapCore(func(c zapcore.Core) zapcore.Core { return secretCore{c, hide} })
}

// secretCore hides secrets in entries before it hands them on.
type secretCore struct {
	zapcore.Core
	hide *strings.Replacer
}

// Check implements zapcore.Core.
func (c secretCore) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !c.Enabled(e.Level) {
		return checked
	}
	inner := c.Core.Check(e, nil) // it may sample
	if inner == nil {
		return checked
	}
	return checked.AddCore(e, c)
}

// Write implements zapcore.Core.
func (c secretCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	e.Message, e.Stack = c.hide.Replace(e.Message), c.hide.Replace(e.Stack)
	return c.Core.Write(e, c.fields(fields))
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
