package telemetry

import (
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/contrib/propagators/b3"
	"go.opentelemetry.io/contrib/propagators/jaeger"
	otelpropagation "go.opentelemetry.io/otel/propagation"

	"github.com/bragg-tracing/bragg/pkg/sdk/propagation"
)

// knownPropagators are the names of OTEL_PROPAGATORS, in the order in which
// they extract: of two that find a trace context the later one wins, so those
// of this project's backends come after others. The order of the names in the
// variable does not change that.
var knownPropagators = []string{"jaeger", "b3", "b3multi", "tracecontext", "xray", "baggage", "none"}

// defaultPropagators hold without OTEL_PROPAGATORS.
var defaultPropagators = []string{"tracecontext", "xray", "baggage"}

// newPropagator returns the propagators with the given names (the value of
// OTEL_PROPAGATORS), or the default ones when there are no names, and an error
// for each name that it does not know. The name none turns all of them off.
func newPropagator(names []string, rule propagation.Rule) (otelpropagation.TextMapPropagator, []error) {
	var errs []error
	for _, name := range names {
		if !slices.Contains(knownPropagators, name) {
			errs = append(errs, fmt.Errorf("OTEL_PROPAGATORS: unknown propagator %q; known are %s", name, strings.Join(knownPropagators, ", ")))
		}
	}
	if len(names) == 0 {
		names = defaultPropagators
	}
	if slices.Contains(names, "none") {
		return otelpropagation.NewCompositeTextMapPropagator(), errs
	}
	var chosen []otelpropagation.TextMapPropagator
	for _, name := range knownPropagators {
		if p := propagatorOf(name, names, rule); p != nil && slices.Contains(names, name) {
			chosen = append(chosen, p)
		}
	}
	return otelpropagation.NewCompositeTextMapPropagator(chosen...), errs
}

// propagatorOf returns the propagator of one of the names, nil if another
// does its work: xray does that of tracecontext when both are there.
func propagatorOf(name string, names []string, rule propagation.Rule) otelpropagation.TextMapPropagator {
	switch name {
	case "jaeger":
		return jaeger.Jaeger{}
	case "b3":
		return b3.New(b3.WithInjectEncoding(b3.B3SingleHeader))
	case "b3multi":
		return b3.New(b3.WithInjectEncoding(b3.B3MultipleHeader))
	case "tracecontext":
		if !slices.Contains(names, "xray") {
			return otelpropagation.TraceContext{}
		}
	case "xray":
		if !slices.Contains(names, "tracecontext") {
			return propagation.XRay{}
		}
		return propagation.New(rule)
	case "baggage":
		return otelpropagation.Baggage{}
	}
	return nil
}

// headerRule returns the rule for requests with both trace headers.
func headerRule(c *config) propagation.Rule {
	name := variable("BRAGG_TRACE_HEADERS")
	if name == "" || c.withoutGlobals && c.headerRule != nil {
		if c.headerRule != nil {
			return *c.headerRule
		}
		return propagation.Nearest
	}
	rule, err := propagation.ParseRule(name)
	if err != nil {
		c.warn(fmt.Errorf("BRAGG_TRACE_HEADERS: %w", err))
	}
	return rule
}
