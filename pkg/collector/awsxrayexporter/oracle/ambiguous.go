package oracle

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Contrib reads attributes from a Go map, so that chance decides where several
// give one member. The pairs and sets below are all such places.

// aliases are pairs of attributes that give one member of the aws block.
var aliases = []struct{ member, a, b string }{
	{"request_id", "aws.request_id", "aws.requestId"},
	{"queue_url", "aws.queue_url", "aws.queue.url"},
	{"table_name", "aws.table_name", "aws.table.name"},
}

// settle gives got the value of want wherever both could be by chance.
func settle(c Case, want, got map[string]any) {
	attributes := c.Span.Attributes()
	for _, alias := range aliases {
		if has(attributes, alias.a) && has(attributes, alias.b) {
			var candidates []any
			for key, v := range attributes.All() {
				if key == alias.a || key == alias.b {
					candidates = append(candidates, decoded(v.Str())) // "" of another type
				}
			}
			settleMember(object(want, "aws"), object(got, "aws"), alias.member, candidates)
		}
	}
	for key := range object(want, "annotations") {
		same := func(k string) bool { return annotationKey(k) == key }
		if keys(attributes, same) > 1 {
			settleMember(object(want, "annotations"), object(got, "annotations"), key, values(attributes, same))
		}
	}
	merged := mergedMetadata(attributes)
	if len(merged) == 0 {
		return
	}
	metadata := object(object(want, "metadata"), "default")
	for key := range metadata {
		candidates := values(attributes, func(k string) bool { return k == key })
		for _, m := range merged {
			if v, ok := m[key]; ok {
				candidates = append(candidates, v)
			}
		}
		if len(candidates) > 1 {
			settleMember(metadata, object(object(got, "metadata"), "default"), key, candidates)
		}
	}
}

// settleMember makes got's member want's if both are among the candidates. An
// empty string among them stands for an absent member, too.
func settleMember(want, got map[string]any, member string, candidates []any) {
	if want == nil || got == nil || !among(want[member], candidates) || !among(got[member], candidates) {
		return
	}
	if v, ok := want[member]; ok {
		got[member] = v
	} else {
		delete(got, member)
	}
}

func among(v any, candidates []any) bool {
	for _, c := range candidates {
		if reflect.DeepEqual(v, c) || v == nil && (c == "" || !isString(c)) {
			return true
		}
	}
	return false
}

func isString(v any) bool {
	_, ok := v.(string)
	return ok
}

// mergedMetadata returns the objects that attributes merge into the default
// namespace.
func mergedMetadata(attributes pcommon.Map) []map[string]any {
	var merged []map[string]any
	for key, v := range attributes.All() {
		namespace, ok := strings.CutPrefix(key, "aws.xray.metadata.")
		var object map[string]any
		if ok && strings.EqualFold(namespace, "default") && json.Unmarshal([]byte(v.Str()), &object) == nil {
			m, _ := decoded(object).(map[string]any) // nil for null
			merged = append(merged, m)
		}
	}
	return merged
}

// values returns the values of the attributes whose key is meant, as they are
// in a decoded document.
func values(attributes pcommon.Map, meant func(string) bool) []any {
	var all []any
	for key, v := range attributes.All() {
		if meant(key) {
			all = append(all, decoded(v.AsRaw()))
		}
	}
	return all
}

// keys counts the different keys that are meant.
func keys(attributes pcommon.Map, meant func(string) bool) int {
	seen := map[string]bool{}
	for key := range attributes.All() {
		if meant(key) {
			seen[key] = true
		}
	}
	return len(seen)
}

// decoded returns what v is after a way through JSON.
func decoded(v any) any {
	d := json.NewDecoder(bytes.NewReader(must(json.Marshal(finite(v)))))
	d.UseNumber()
	var out any
	if err := d.Decode(&out); err != nil {
		panic(err) // it was just encoded
	}
	return canonical(out)
}

// finite puts strings, as we write them, in the place of numbers that JSON
// does not have.
func finite(v any) any {
	switch v := v.(type) {
	case float64:
		switch {
		case math.IsNaN(v):
			return "NaN"
		case math.IsInf(v, 1):
			return "Infinity"
		case math.IsInf(v, -1):
			return "-Infinity"
		}
	case []any:
		for i, e := range v {
			v[i] = finite(e)
		}
	case map[string]any:
		for key, e := range v {
			v[key] = finite(e)
		}
	}
	return v
}

func has(m pcommon.Map, key string) bool {
	_, ok := m.Get(key)
	return ok
}

func object(doc map[string]any, member string) map[string]any {
	o, _ := doc[member].(map[string]any)
	return o
}

// annotationKey is the key under which an attribute becomes an annotation.
func annotationKey(key string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || r == '.' {
			return r
		}
		return '_'
	}, key)
}
