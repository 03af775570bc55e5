// Package xrayattr makes span attributes that AWS X-Ray shows as annotations
// and metadata, for services instrumented with OpenTelemetry alone:
//
//	span.SetAttributes(
//		xrayattr.Annotation("client_id", "Enova"),
//		xrayattr.Metadata("credit_model", map[string]any{"version": 7}))
//
// X-Ray indexes annotations: annotation.client_id = "Enova" finds the trace.
// Metadata is shown with the trace and not searched.
//
// An annotation is an attribute whose name begins with [AnnotationPrefix], so
// that any number of them, set together, one by one or from several
// goroutines, add up. Collectors know another form: the attribute under its
// plain name, and the list aws.xray.annotations with the names of all of them.
// [Exporter] makes the second of the first when a span is exported, which is
// why every collector and every backend sees client_id. telemetry.Start does
// that; who sets OpenTelemetry up by hand wraps the exporter once:
//
//	sdktrace.WithBatcher(xrayattr.Exporter(exporter))
//
// The awsxray exporter of this project understands the first form, too.
package xrayattr

import (
	"encoding/json"
	"fmt"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// The names of the attributes.
const (
	// AnnotationPrefix begins the name of an annotation's attribute.
	AnnotationPrefix = "aws.xray.annotation."
	// MetadataPrefix begins the name of the attribute that holds a namespace of
	// metadata as a JSON object.
	MetadataPrefix = "aws.xray.metadata."
	// Annotations is the attribute that lists the names of the attributes that
	// are annotations.
	Annotations = "aws.xray.annotations"
)

// Annotation returns the attribute that X-Ray shows as an annotation. X-Ray
// takes up to 50 of them in a trace, keys of letters, digits, _ and . (others
// become _) up to 500 characters, and values up to 1,000. Setting the same key
// again replaces the value.
//
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html#api-segmentdocuments-annotations
func Annotation[T Scalar](key string, value T) attribute.KeyValue {
	kv := attribute.KeyValue{Key: AnnotationPrefix + attribute.Key(key)}
	switch v := any(value).(type) {
	case string:
		kv.Value = attribute.StringValue(v)
	case bool:
		kv.Value = attribute.BoolValue(v)
	case int:
		kv.Value = attribute.IntValue(v)
	case int32:
		kv.Value = attribute.Int64Value(int64(v))
	case int64:
		kv.Value = attribute.Int64Value(v)
	case uint32:
		kv.Value = attribute.Int64Value(int64(v))
	case float32:
		kv.Value = attribute.Float64Value(float64(v))
	case float64:
		kv.Value = attribute.Float64Value(v)
	}
	return kv
}

// Scalar is what the value of an annotation can be.
type Scalar interface {
	string | bool | int | int32 | int64 | uint32 | float32 | float64
}

// Metadata returns the attribute that X-Ray shows as a namespace of metadata.
// value is anything that encoding/json makes an object of, such as a map with
// string keys or a struct; what is no object is put under the key "value", and
// what cannot be encoded becomes {"error": …}. The namespace "default", in any
// case, is X-Ray's own and holds the other attributes, too. A span has one value
// for a namespace: the last.
//
// Metadata encodes at once: check span.IsRecording first if value is large.
func Metadata(namespace string, value any) attribute.KeyValue {
	return attribute.String(MetadataPrefix+namespace, object(value))
}

func object(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		text, _ = json.Marshal(map[string]string{"error": fmt.Sprintf("not JSON: %v", err)}) // strings always encode
		return string(text)
	}
	if text[0] != '{' {
		return `{"value":` + string(text) + `}`
	}
	return string(text)
}

// adding is held while metadata is added, which reads what is there and sets it
// again.
var adding sync.Mutex

// AddMetadata adds one value to a namespace of a span's metadata, beside what
// AddMetadata and Metadata put there before: what xray.AddMetadata did. It does
// nothing for a span that is not recorded. The namespace "default" is X-Ray's own.
// It may be called concurrently.
//
// A span of an SDK other than OpenTelemetry's does not tell what it has: there
// the last value of a namespace stays alone.
func AddMetadata(span trace.Span, namespace, key string, value any) {
	if s, ok := span.(interface {
		AddMetadata(namespace, key string, value any)
	}); ok { // a segment of package xraysdk
		s.AddMetadata(namespace, key, value)
		return
	}
	if !span.IsRecording() {
		return
	}
	adding.Lock()
	defer adding.Unlock()
	members := map[string]json.RawMessage{}
	if s, ok := span.(interface{ Attributes() []attribute.KeyValue }); ok {
		for _, kv := range s.Attributes() {
			if kv.Key == attribute.Key(MetadataPrefix+namespace) {
				_ = json.Unmarshal([]byte(kv.Value.AsString()), &members) // what is no object gives way
			}
		}
	}
	if members == nil { // null
		members = map[string]json.RawMessage{}
	}
	text, err := json.Marshal(value)
	if err != nil {
		text, _ = json.Marshal(fmt.Sprint(value)) // strings always encode
	}
	members[key] = text
	span.SetAttributes(Metadata(namespace, members))
}
