package redact

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"
)

// maxDepth is how deep maps and lists are looked into. What is deeper is
// replaced.
const maxDepth = 16

// Attributes returns the attributes redacted: the same slice if nothing is to
// hide, else another. It looks into maps and lists.
func (r *Redactor) Attributes(attributes []attribute.KeyValue) (_ []attribute.KeyValue, changed bool) {
	return r.attributes(attributes, 0)
}

func (r *Redactor) attributes(all []attribute.KeyValue, depth int) (_ []attribute.KeyValue, changed bool) {
	original := all
	for i, kv := range original {
		rule, t := r.RuleOf(string(kv.Key)), kv.Value.Type()
		if rule == Keep && t != attribute.MAP && t != attribute.SLICE {
			continue
		}
		value, c := r.value(rule, kv.Value, original, depth)
		if !c {
			continue
		}
		if !changed {
			all, changed = slices.Clone(all), true
		}
		all[i].Value = value
	}
	return all, changed
}

// value redacts one value; beside are the attributes of the same span.
func (r *Redactor) value(rule Rule, v attribute.Value, beside []attribute.KeyValue, depth int) (_ attribute.Value, changed bool) {
	switch t := v.Type(); {
	case t == attribute.MAP || t == attribute.SLICE:
		return r.composite(rule, v, depth+1)
	case rule == Keep:
		return v, false
	case t == attribute.STRING:
		system := ""
		if rule == Statement {
			system = systemOf(beside)
		}
		text := v.AsString()
		other := r.Apply(rule, text, system)
		if other == text {
			return v, false
		}
		return attribute.StringValue(other), true
	case t == attribute.STRINGSLICE:
		texts := v.AsStringSlice() // a copy
		for i, text := range texts {
			if texts[i] = r.Apply(rule, text, ""); texts[i] != text {
				changed = true
			}
		}
		if !changed {
			return v, false
		}
		return attribute.StringSliceValue(texts), true
	case rule == Secret:
		return attribute.StringValue(Replacement), true
	}
	return v, false
}

// composite redacts a map or a list of values. A list of texts is of what its
// attribute is, a map has names of its own.
func (r *Redactor) composite(rule Rule, v attribute.Value, depth int) (attribute.Value, bool) {
	if rule == Secret || depth > maxDepth {
		return attribute.StringValue(Replacement), true
	}
	if v.Type() == attribute.MAP {
		members, changed := r.attributes(v.AsMap(), depth)
		if !changed {
			return v, false
		}
		return attribute.MapValue(members...), true
	}
	values, changed := v.AsSlice(), false // a copy
	for i, element := range values {
		if other, c := r.value(rule, element, nil, depth); c {
			values[i], changed = other, true
		}
	}
	if !changed {
		return v, false
	}
	return attribute.SliceValue(values...), true
}

func systemOf(attributes []attribute.KeyValue) string {
	for _, kv := range attributes {
		if kv.Key == "db.system.name" || kv.Key == "db.system" {
			return kv.Value.AsString()
		}
	}
	return ""
}
