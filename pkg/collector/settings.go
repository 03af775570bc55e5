package collector

import (
	_ "embed"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/otelcol"
	"go.uber.org/zap"

	"github.com/bragg-tracing/bragg/pkg/version"
)

// DefaultConfig is the repository's otel-collector.yaml, for a binary that runs
// far from the repository. A test holds the copy and the file together.
//
//go:generate cp ../../otel-collector.yaml otel-collector.yaml
//go:embed otel-collector.yaml
var DefaultConfig string

// settings returns what both ways to run the collector share. The variables in
// override win over those of the process.
func settings(override map[string]string, uris ...string) otelcol.CollectorSettings {
	return otelcol.CollectorSettings{
		Factories:      Factories,
		LoggingOptions: []zap.Option{hideSecrets(override)},
		BuildInfo: component.BuildInfo{
			Command:     "collector",
			Description: "Bragg's distribution of the OpenTelemetry Collector",
			Version:     version.String(),
		},
		ProviderModules: map[string]string{
			"env":  "github.com/bragg-tracing/bragg",
			"file": core + "confmap/provider/fileprovider" + moduleVersion(core+"confmap/provider/fileprovider"),
			"yaml": core + "confmap/provider/yamlprovider" + moduleVersion(core+"confmap/provider/yamlprovider"),
		},
		ConfigProviderSettings: otelcol.ConfigProviderSettings{
			ResolverSettings: confmap.ResolverSettings{
				URIs:          uris,
				DefaultScheme: "env",
				ProviderFactories: []confmap.ProviderFactory{
					newEnvironmentFactory(override),
					fileprovider.NewFactory(),
					yamlprovider.NewFactory(),
				},
				ConverterFactories: []confmap.ConverterFactory{newLicenseKeyCheckFactory(), newRedactionFactory()},
			},
		},
	}
}
