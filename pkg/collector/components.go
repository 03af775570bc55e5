package collector

import (
	"errors"
	"runtime/debug"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/healthcheckextension"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/attributesprocessor"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/debugexporter"
	"go.opentelemetry.io/collector/exporter/otlpexporter"
	"go.opentelemetry.io/collector/exporter/otlphttpexporter"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/batchprocessor"
	"go.opentelemetry.io/collector/processor/memorylimiterprocessor"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter"
	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver"
	"github.com/bragg-tracing/bragg/pkg/collector/internal/queuestorage"
	"github.com/bragg-tracing/bragg/pkg/collector/redactprocessor"
)

// The modules that the components come from.
const (
	core    = "go.opentelemetry.io/collector/"
	contrib = "github.com/open-telemetry/opentelemetry-collector-contrib/"
	bragg   = "github.com/bragg-tracing/bragg/"
)

// Factories lists the components that every collector of this distribution has.
// Each of them but `redact` is also in ADOT v0.49 under the same name. The program has those
// of package gateway too.
func Factories() (otelcol.Factories, error) {
	f := otelcol.Factories{Telemetry: otelconftelemetry.NewFactory()}
	var errs [4]error
	f.Receivers, f.ReceiverModules, errs[0] = factories(map[string]receiver.Factory{
		core + "receiver/otlpreceiver":          otlpreceiver.NewFactory(),
		bragg + "pkg/collector/awsxrayreceiver": awsxrayreceiver.NewFactory(),
	})
	f.Processors, f.ProcessorModules, errs[1] = factories(map[string]processor.Factory{
		contrib + "processor/attributesprocessor": attributesprocessor.NewFactory(),
		core + "processor/batchprocessor":         batchprocessor.NewFactory(),
		core + "processor/memorylimiterprocessor": memorylimiterprocessor.NewFactory(),
		bragg + "pkg/collector/redactprocessor":   redactprocessor.NewFactory(),
	})
	f.Exporters, f.ExporterModules, errs[2] = factories(map[string]exporter.Factory{
		bragg + "pkg/collector/awsxrayexporter": awsxrayexporter.NewFactory(),
		core + "exporter/otlpexporter":          otlpexporter.NewFactory(),
		core + "exporter/otlphttpexporter":      otlphttpexporter.NewFactory(),
		core + "exporter/debugexporter":         debugexporter.NewFactory(),
	})
	f.Extensions, f.ExtensionModules, errs[3] = factories(map[string]extension.Factory{
		contrib + "extension/healthcheckextension": healthcheckextension.NewFactory(),
		contrib + "extension/storage/filestorage":  queuestorage.NewFactory(),
	})
	return f, errors.Join(errs[:]...)
}

// factories returns the factories of one kind by type, and for each type the
// module and version that this binary was built with.
func factories[T component.Factory](byModule map[string]T) (map[component.Type]T, map[component.Type]string, error) {
	all := make([]T, 0, len(byModule))
	modules := map[component.Type]string{}
	for path, factory := range byModule {
		all = append(all, factory)
		modules[factory.Type()] = Module(path)
	}
	byType, err := otelcol.MakeFactoryMap(all...)
	for alias, factory := range byType {
		modules[alias] = modules[factory.Type()]
	}
	return byType, modules, err
}

// Module returns a module's path and the version that this binary was built
// with, as `collector components` shows it.
func Module(path string) string { return path + moduleVersion(path) }

// moduleVersion returns " v1.2.3" for a module of this binary, "" for others.
func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, dep := range info.Deps {
		if dep.Path == path {
			return " " + dep.Version
		}
	}
	return ""
}
