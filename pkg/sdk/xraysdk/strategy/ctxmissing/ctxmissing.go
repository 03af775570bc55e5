// Package ctxmissing says what happens when a subsegment begins where there is
// no segment.
package ctxmissing

import "github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/logger"

// Strategy is told when a segment is missing. v says for what.
type Strategy interface {
	ContextMissing(v interface{})
}

// The values of AWS_XRAY_CONTEXT_MISSING.
var (
	RuntimeErrorStrategy = "RUNTIME_ERROR" // panic
	LogErrorStrategy     = "LOG_ERROR"     // the default
	IgnoreErrorStrategy  = "IGNORE_ERROR"
)

// DefaultRuntimeErrorStrategy panics.
type DefaultRuntimeErrorStrategy struct{}

// DefaultLogErrorStrategy logs an error.
type DefaultLogErrorStrategy struct{}

// DefaultIgnoreErrorStrategy does nothing.
type DefaultIgnoreErrorStrategy struct{}

// NewDefaultRuntimeErrorStrategy returns the strategy that panics.
func NewDefaultRuntimeErrorStrategy() *DefaultRuntimeErrorStrategy {
	return &DefaultRuntimeErrorStrategy{}
}

// NewDefaultLogErrorStrategy returns the strategy that logs.
func NewDefaultLogErrorStrategy() *DefaultLogErrorStrategy {
	return &DefaultLogErrorStrategy{}
}

// NewDefaultIgnoreErrorStrategy returns the strategy that does nothing.
func NewDefaultIgnoreErrorStrategy() *DefaultIgnoreErrorStrategy {
	return &DefaultIgnoreErrorStrategy{}
}

// ContextMissing panics with v.
func (*DefaultRuntimeErrorStrategy) ContextMissing(v interface{}) { panic(v) }

// ContextMissing logs v as an error.
func (*DefaultLogErrorStrategy) ContextMissing(v interface{}) {
	logger.Errorf("Suppressing AWS X-Ray context missing panic: %v", v)
}

// ContextMissing does nothing.
func (*DefaultIgnoreErrorStrategy) ContextMissing(interface{}) {}
