package collector

import (
	"context"
	"fmt"
	"reflect"

	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"
)

// The processor of otel-collector.yaml that ADOT runs too, and the one that is
// put in its place.
const (
	attributesRedact = "attributes/redact"
	preciseRedact    = "redact"
)

// redaction puts this distribution's processor `redact` in the place of
// attributes/redact, which is as good as ADOT can: it cuts where ours replaces a
// secret alone. Where somebody has changed attributes/redact it stays, after
// ours.
type redaction struct{}

func newRedactionFactory() confmap.ConverterFactory {
	return confmap.NewConverterFactory(func(confmap.ConverterSettings) confmap.Converter { return redaction{} })
}

// shippedRedaction returns what otel-collector.yaml has under attributes/redact.
func shippedRedaction() (any, error) {
	var config struct{ Processors map[string]any }
	if err := yaml.Unmarshal([]byte(DefaultConfig), &config); err != nil {
		return nil, fmt.Errorf("embedded otel-collector.yaml: %w", err)
	}
	return config.Processors[attributesRedact], nil
}

// Convert implements confmap.Converter.
func (redaction) Convert(_ context.Context, conf *confmap.Conf) error {
	processors, _ := conf.Get("processors").(map[string]any)
	given, ok := processors[attributesRedact]
	if !ok {
		return nil
	}
	shipped, err := shippedRedaction()
	if err != nil {
		return err
	}
	instead := []any{preciseRedact}
	if !reflect.DeepEqual(given, shipped) {
		instead = append(instead, attributesRedact)
	}
	pipelines, _ := conf.Get("service::pipelines").(map[string]any)
	changed := map[string]any{}
	for id, p := range pipelines {
		pipeline, _ := p.(map[string]any)
		list, _ := pipeline["processors"].([]any)
		if other := replaceProcessor(list, instead); other != nil {
			changed[id] = map[string]any{"processors": other}
		}
	}
	if len(changed) == 0 {
		return nil
	}
	more := map[string]any{"service": map[string]any{"pipelines": changed}}
	if _, ok := processors[preciseRedact]; !ok {
		more["processors"] = map[string]any{preciseRedact: map[string]any{}}
	}
	return conf.Merge(confmap.NewFromStringMap(more))
}

// replaceProcessor returns the list with others in the place of
// attributes/redact, nil if it does not name it or has redact already.
func replaceProcessor(list, instead []any) (other []any) {
	found := false
	for _, id := range list {
		switch {
		case id == preciseRedact:
			return nil
		case id == attributesRedact:
			found = true
			other = append(other, instead...)
		default:
			other = append(other, id)
		}
	}
	if !found {
		return nil
	}
	return other
}
