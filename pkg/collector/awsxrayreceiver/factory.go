package awsxrayreceiver

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
)

// NewFactory returns the factory of the receiver. Nothing is bound, resolved or
// asked of AWS before a receiver is started.
func NewFactory() receiver.Factory {
	return receiver.NewFactory(component.MustNewType("awsxray"), createDefaultConfig,
		receiver.WithTraces(createTraces, component.StabilityLevelBeta))
}

func createTraces(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Traces) (receiver.Traces, error) {
	return newReceiver(set, cfg.(*Config), next)
}
