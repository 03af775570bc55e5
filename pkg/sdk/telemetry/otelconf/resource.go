package otelconf

import (
	"fmt"
	"net/url"
	"strings"

	"go.opentelemetry.io/contrib/otelconf"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
)

// mergeResource adds to what is known of the resource what the file says, which
// wins, and writes the whole of it to the model, for contrib to read.
func mergeResource(model *otelconf.OpenTelemetryConfiguration, known *resource.Resource) (*resource.Resource, error) {
	var said []attribute.KeyValue
	schema := known.SchemaURL()
	if m := model.Resource; m != nil {
		if m.AttributesList != nil {
			said = append(said, parseList(*m.AttributesList)...)
		}
		for _, a := range m.Attributes {
			kv, err := keyValue(a)
			if err != nil {
				return nil, err
			}
			said = append(said, kv)
		}
		if m.SchemaUrl != nil && *m.SchemaUrl != "" {
			schema = *m.SchemaUrl
		}
	}
	all := resource.NewWithAttributes(schema, append(known.Attributes(), said...)...)
	model.Resource = &otelconf.Resource{SchemaUrl: &schema}
	for _, kv := range all.Attributes() {
		if value, kind, ok := valueOf(kv.Value); ok {
			model.Resource.Attributes = append(model.Resource.Attributes, otelconf.AttributeNameValue{
				Name: string(kv.Key), Value: value, Type: &kind,
			})
		}
	}
	return all, nil
}

// parseList reads a list in the format of OTEL_RESOURCE_ATTRIBUTES.
func parseList(list string) (attrs []attribute.KeyValue) {
	for pair := range strings.SplitSeq(list, ",") {
		name, value, ok := strings.Cut(pair, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			continue
		}
		value = strings.TrimSpace(value)
		if text, err := url.PathUnescape(value); err == nil {
			value = text
		}
		attrs = append(attrs, attribute.String(name, value))
	}
	return attrs
}

// keyValue reads an attribute of the file.
func keyValue(a otelconf.AttributeNameValue) (attribute.KeyValue, error) {
	switch v := a.Value.(type) {
	case string:
		return attribute.String(a.Name, v), nil
	case bool:
		return attribute.Bool(a.Name, v), nil
	case int:
		return attribute.Int(a.Name, v), nil
	case int64:
		return attribute.Int64(a.Name, v), nil
	case float64:
		return attribute.Float64(a.Name, v), nil
	case []any:
		return list(a.Name, v)
	}
	return attribute.KeyValue{}, fmt.Errorf("resource attribute %s: a value of this type is not known", a.Name)
}

// list reads a list of values of one type.
func list(name string, values []any) (attribute.KeyValue, error) {
	var texts []string
	var numbers []int64
	var fractions []float64
	var truths []bool
	for _, value := range values {
		switch v := value.(type) {
		case string:
			texts = append(texts, v)
		case int:
			numbers = append(numbers, int64(v))
		case float64:
			fractions = append(fractions, v)
		case bool:
			truths = append(truths, v)
		}
	}
	switch len(values) {
	case len(texts):
		return attribute.StringSlice(name, texts), nil
	case len(numbers):
		return attribute.Int64Slice(name, numbers), nil
	case len(fractions):
		return attribute.Float64Slice(name, fractions), nil
	case len(truths):
		return attribute.BoolSlice(name, truths), nil
	}
	return attribute.KeyValue{}, fmt.Errorf("resource attribute %s: the values of a list must have one type", name)
}

// valueOf returns a value as the format has it, false for kinds that it has not.
func valueOf(v attribute.Value) (value any, kind otelconf.AttributeType, ok bool) {
	switch v.Type() {
	case attribute.STRING:
		return v.AsString(), otelconf.AttributeTypeString, true
	case attribute.BOOL:
		return v.AsBool(), otelconf.AttributeTypeBool, true
	case attribute.INT64:
		return int(v.AsInt64()), otelconf.AttributeTypeInt, true
	case attribute.FLOAT64:
		return v.AsFloat64(), otelconf.AttributeTypeDouble, true
	case attribute.STRINGSLICE:
		return anys(v.AsStringSlice()), otelconf.AttributeTypeStringArray, true
	case attribute.INT64SLICE:
		return anys(v.AsInt64Slice()), otelconf.AttributeTypeIntArray, true
	case attribute.FLOAT64SLICE:
		return anys(v.AsFloat64Slice()), otelconf.AttributeTypeDoubleArray, true
	case attribute.BOOLSLICE:
		return anys(v.AsBoolSlice()), otelconf.AttributeTypeBoolArray, true
	}
	return nil, "", false
}

func anys[T any](values []T) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}
