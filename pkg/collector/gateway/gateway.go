// Package gateway has the components of a tier of collectors that samples whole
// traces: which traces go where, which are kept, and who may send. They are in
// the collector program and not in package collector, because the exporter that
// balances brings a client of Kubernetes with it, which `bragg up` has no use
// for.
package gateway

import (
	"errors"
	"maps"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/loadbalancingexporter"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/bearertokenauthextension"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/tailsamplingprocessor"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/forwardconnector"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/bragg-tracing/bragg/pkg/collector"
)

const contrib = "github.com/open-telemetry/opentelemetry-collector-contrib/"

// Add adds the components to those of a distribution:
//
//   - exporter load_balancing: every span of a trace to the same collector;
//   - processor tail_sampling: keeps or drops a trace as a whole;
//   - connector forward: one decision, then a pipeline for each backend;
//   - extension bearertokenauth: a token in every request, asked for and sent.
//
// ADOT v0.49 has the first two alone.
func Add(f *otelcol.Factories) error {
	return errors.Join(
		add(&f.Exporters, &f.ExporterModules, contrib+"exporter/loadbalancingexporter", loadbalancingexporter.NewFactory()),
		add(&f.Processors, &f.ProcessorModules, contrib+"processor/tailsamplingprocessor", tailsamplingprocessor.NewFactory()),
		add[connector.Factory](&f.Connectors, &f.ConnectorModules, "go.opentelemetry.io/collector/connector/forwardconnector", forwardconnector.NewFactory()),
		add(&f.Extensions, &f.ExtensionModules, contrib+"extension/bearertokenauthextension", bearertokenauthextension.NewFactory()),
	)
}

// add puts a factory under its type, and under the older names that it still
// answers to.
func add[T component.Factory](all *map[component.Type]T, modules *map[component.Type]string, module string, factory T) error {
	added, err := otelcol.MakeFactoryMap(factory)
	if err != nil {
		return err
	}
	if *all == nil {
		*all, *modules = map[component.Type]T{}, map[component.Type]string{}
	}
	maps.Copy(*all, added)
	for name := range added {
		(*modules)[name] = collector.Module(module)
	}
	return nil
}
