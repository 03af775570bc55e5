package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
)

// secretsOfEnvironment returns what exporters send to show who they are: New
// Relic's key and the headers of OTLP.
func secretsOfEnvironment() (secrets []string) {
	secrets = append(secrets, variable("NEW_RELIC_LICENSE_KEY"))
	for _, s := range []string{"", "TRACES_", "METRICS_", "LOGS_"} {
		for pair := range strings.SplitSeq(variable("OTEL_EXPORTER_OTLP_"+s+"HEADERS"), ",") {
			_, value, _ := strings.Cut(pair, "=")
			if unescaped, err := url.PathUnescape(value); err == nil {
				value = unescaped
			}
			value = strings.TrimSpace(value)
			_, token, _ := strings.Cut(value, " ") // Bearer …
			secrets = append(secrets, value, token)
		}
	}
	return secrets
}

// hideSecrets returns a logger to which the secrets of the environment do not
// get through: a backend may put the key that it refuses into its answer, and
// exporters put the answer into their error.
func hideSecrets(l *slog.Logger) *slog.Logger {
	hide := redact.Secrets(secretsOfEnvironment()...)
	if hide == nil {
		return l
	}
	return slog.New(secretHandler{l.Handler(), hide})
}

// secretHandler hides secrets in records before it hands them on.
type secretHandler struct {
	slog.Handler
	hide *strings.Replacer
}

// Handle implements slog.Handler.
func (h secretHandler) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, h.hide.Replace(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(h.attr(a))
		return true
	})
	return h.Handler.Handle(ctx, clean)
}

// attr hides secrets in a value that can hold one. What is not to be hidden
// stays what it is.
func (h secretHandler) attr(a slog.Attr) slog.Attr {
	switch a.Value = a.Value.Resolve(); a.Value.Kind() {
	case slog.KindString, slog.KindAny:
		text := a.Value.String()
		if err, ok := a.Value.Any().(error); ok {
			text = err.Error()
		} else if a.Value.Kind() == slog.KindAny {
			text = fmt.Sprintf("%+v", a.Value.Any())
		}
		if clean := h.hide.Replace(text); clean != text {
			a.Value = slog.StringValue(clean)
		}
	case slog.KindGroup:
		group := a.Value.Group()
		clean := make([]slog.Attr, len(group))
		for i, member := range group {
			clean[i] = h.attr(member)
		}
		a.Value = slog.GroupValue(clean...)
	}
	return a
}

// WithAttrs implements slog.Handler.
func (h secretHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = h.attr(a)
	}
	return secretHandler{h.Handler.WithAttrs(clean), h.hide}
}

// WithGroup implements slog.Handler.
func (h secretHandler) WithGroup(name string) slog.Handler {
	return secretHandler{h.Handler.WithGroup(name), h.hide}
}
