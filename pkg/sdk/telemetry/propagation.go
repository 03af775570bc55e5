package telemetry

import (
	"fmt"
	"slices"

	"go.opentelemetry.io/otel/propagation"
)

type namedPropagator struct {
	name       string
	propagator propagation.TextMapPropagator
}

// knownPropagators stand in the order in which they extract. Of two that find
// a trace context the later one wins, so xray comes before tracecontext: a
// request with both headers, as it arrives behind an AWS load balancer,
// continues the trace of its traceparent, which the calling service wrote
// itself. The order of the names in OTEL_PROPAGATORS does not change that.
var knownPropagators = []namedPropagator{
	{"xray", newXRayPropagator()},
	{"tracecontext", propagation.TraceContext{}},
	{"baggage", propagation.Baggage{}},
}

// newPropagator returns the propagators with the given names (the value of
// OTEL_PROPAGATORS), or all of them when there are no names, and an error for
// each name that it does not know. The name none turns all of them off.
func newPropagator(names []string) (propagation.TextMapPropagator, []error) {
	if slices.Contains(names, "none") {
		return propagation.NewCompositeTextMapPropagator(), nil
	}
	var chosen []propagation.TextMapPropagator
	for _, p := range knownPropagators {
		if len(names) == 0 || slices.Contains(names, p.name) {
			chosen = append(chosen, p.propagator)
		}
	}
	var errs []error
	for _, name := range names {
		if !slices.ContainsFunc(knownPropagators, func(p namedPropagator) bool { return p.name == name }) {
			errs = append(errs, fmt.Errorf("OTEL_PROPAGATORS: unknown propagator %q; known are tracecontext, baggage, xray and none", name))
		}
	}
	return propagation.NewCompositeTextMapPropagator(chosen...), errs
}
