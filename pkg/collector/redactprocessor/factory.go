package redactprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
)

// Type is the processor's type.
var Type = component.MustNewType("redact")

// NewFactory returns the factory of the processor.
func NewFactory() processor.Factory {
	return processor.NewFactory(Type, func() component.Config { return defaultConfig() },
		processor.WithTraces(newTraces, component.StabilityLevelBeta),
		processor.WithLogs(newLogs, component.StabilityLevelBeta))
}

var mutates = processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: true})

func newTraces(ctx context.Context, set processor.Settings, c component.Config, next consumer.Traces) (processor.Traces, error) {
	p, err := newRedactor(c)
	if err != nil {
		return nil, err
	}
	return processorhelper.NewTraces(ctx, set, c, next, p.processTraces, mutates)
}

func newLogs(ctx context.Context, set processor.Settings, c component.Config, next consumer.Logs) (processor.Logs, error) {
	p, err := newRedactor(c)
	if err != nil {
		return nil, err
	}
	return processorhelper.NewLogs(ctx, set, c, next, p.processLogs, mutates)
}

// redactor is the processor. It keeps nothing between batches.
type redactor struct {
	*redact.Redactor
	document *document // of the span, nil if it is of none
}

func newRedactor(c component.Config) (redactor, error) {
	r, err := redact.New(redact.Config(*c.(*Config)))
	return redactor{Redactor: r}, err
}
