package spans

import (
	"encoding/json"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// fillAnnotations makes an attribute of each annotation and lists their names,
// by which the exporter tells them from other attributes.
func fillAnnotations(attributes pcommon.Map, from object) {
	if len(from) == 0 {
		return
	}
	names := attributes.PutEmptySlice(annotations)
	for _, key := range from.keys() {
		switch value := from[key].(type) {
		case string:
			attributes.PutStr(key, value)
		case bool:
			attributes.PutBool(key, value)
		case json.Number:
			f, err := value.Float64()
			if err != nil {
				continue // out of range
			}
			attributes.PutDouble(key, f)
		default:
			continue // X-Ray has no annotations of other types
		}
		names.AppendEmpty().SetStr(key)
	}
}

// fillMetadata makes an attribute of each namespace: its JSON.
func fillMetadata(attributes pcommon.Map, from object) {
	for _, namespace := range from.keys() {
		if text, err := json.Marshal(from[namespace]); err == nil {
			attributes.PutStr(metadataPrefix+namespace, string(text))
		}
	}
}
