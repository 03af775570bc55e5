package collector

import (
	"context"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/confmap"

	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

// licenseKeyCheck refuses a configuration that would send to New Relic with a
// key that New Relic will refuse. It reads the resolved configuration and
// changes nothing. New Relic answers such a key with 403 for each request and
// the collector drops the data, so it is better not to start.
type licenseKeyCheck struct{}

func newLicenseKeyCheckFactory() confmap.ConverterFactory {
	return confmap.NewConverterFactory(func(confmap.ConverterSettings) confmap.Converter {
		return licenseKeyCheck{}
	})
}

// Convert implements confmap.Converter.
func (licenseKeyCheck) Convert(_ context.Context, conf *confmap.Conf) error {
	exporters, _ := conf.Get("exporters").(map[string]any)
	for id := range exportersInUse(conf) {
		exporter, _ := exporters[id].(map[string]any)
		headers, _ := exporter["headers"].(map[string]any)
		endpoint := text(exporter["endpoint"])
		key, given := headers["api-key"]
		if !given && !strings.Contains(endpoint, "nr-data.net") {
			continue
		}
		if err := licensekey.Check(text(key), endpoint); err != nil {
			return fmt.Errorf("exporter %s: %w; set NEW_RELIC_LICENSE_KEY, or switch New Relic off", id, err)
		}
	}
	return nil
}

// exportersInUse returns the ids of the exporters that some pipeline names.
func exportersInUse(conf *confmap.Conf) map[string]bool {
	ids := map[string]bool{}
	pipelines, _ := conf.Get("service::pipelines").(map[string]any)
	for _, p := range pipelines {
		pipeline, _ := p.(map[string]any)
		list, _ := pipeline["exporters"].([]any)
		for _, id := range list {
			ids[text(id)] = true
		}
	}
	return ids
}

// text returns a configuration value as a string, "" for nil. Keys of digits
// alone arrive as numbers.
func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
