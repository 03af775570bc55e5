package xray

import (
	"encoding/json"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// SetAttributes gives the segment what code on OpenTelemetry's API says of the
// current span, where that is a segment: annotations and metadata of package
// xrayattr, and the user. Other attributes are left out: the span is not
// recording, and a segment has no place for them.
func (s *segmentSpan) SetAttributes(attributes ...attribute.KeyValue) {
	for _, kv := range attributes {
		key := string(kv.Key)
		if name, ok := strings.CutPrefix(key, xrayattr.AnnotationPrefix); ok {
			_ = (*Segment)(s).AddAnnotation(name, kv.Value.AsInterface()) // a scalar always is one
		} else if namespace, ok := strings.CutPrefix(key, xrayattr.MetadataPrefix); ok {
			s.addObject(namespace, kv.Value.AsString())
		} else if key == "enduser.id" {
			(*Segment)(s).Lock()
			(*Segment)(s).User = kv.Value.AsString()
			(*Segment)(s).Unlock()
		}
	}
}

func (s *segmentSpan) addObject(namespace, text string) {
	members := map[string]json.RawMessage{}
	if json.Unmarshal([]byte(text), &members) != nil {
		return
	}
	for name, value := range members {
		s.AddMetadata(namespace, name, value)
	}
}

// AddMetadata is what xrayattr.AddMetadata calls.
func (s *segmentSpan) AddMetadata(namespace, key string, value any) {
	_ = (*Segment)(s).AddMetadataToNamespace(namespace, key, value) // nothing of it can fail
}

// RecordError makes the segment a fault with the error.
func (s *segmentSpan) RecordError(err error, _ ...trace.EventOption) {
	if err != nil {
		_ = (*Segment)(s).AddError(err) // nothing of it can fail
	}
}
