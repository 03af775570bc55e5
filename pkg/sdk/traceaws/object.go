package traceaws

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
)

// An object is the input or the output of a call, or a part of one, read by
// the names of fields. Nothing of it is an error: what is not there is empty.
type object struct{ v reflect.Value }

func objectOf(value any) object {
	if value == nil {
		return object{}
	}
	return object{reflect.ValueOf(value)}.deref()
}

func (o object) deref() object {
	for o.v.IsValid() && (o.v.Kind() == reflect.Pointer || o.v.Kind() == reflect.Interface) {
		if o.v.IsNil() {
			return object{}
		}
		o.v = o.v.Elem()
	}
	return o
}

func (o object) ok() bool { return o.v.IsValid() }

// field returns a field of a structure, by its path.
func (o object) field(path string) object {
	for path != "" && o.ok() {
		var name string
		name, path, _ = strings.Cut(path, ".")
		if o.v.Kind() != reflect.Struct {
			return object{}
		}
		o = object{fieldOf(o.v, name)}.deref()
	}
	return o
}

func (o object) text() string {
	if o.ok() && o.v.Kind() == reflect.String {
		return o.v.String()
	}
	return ""
}

func (o object) bytes() []byte {
	if o.ok() && o.v.Kind() == reflect.Slice && o.v.Type().Elem().Kind() == reflect.Uint8 {
		return o.v.Bytes()
	}
	return nil
}

func (o object) elements() []object {
	if !o.ok() || o.v.Kind() != reflect.Slice {
		return nil
	}
	all := make([]object, o.v.Len())
	for i := range all {
		all[i] = object{o.v.Index(i)}.deref()
	}
	return all
}

// at returns the value of a map.
func (o object) at(key string) object {
	if !o.ok() || o.v.Kind() != reflect.Map || o.v.Type().Key().Kind() != reflect.String {
		return object{}
	}
	return object{o.v.MapIndex(reflect.ValueOf(key).Convert(o.v.Type().Key()))}.deref()
}

// A rule makes an attribute of a field.
type rule struct {
	path string
	make func(object) (attribute.KeyValue, bool)
}

func (o object) apply(attributes []attribute.KeyValue, rules []rule) []attribute.KeyValue {
	for _, r := range rules {
		f := o.field(r.path)
		if !f.ok() {
			continue
		}
		if kv, ok := r.make(f); ok {
			attributes = append(attributes, kv)
		}
	}
	return attributes
}

func text(key string) func(object) (attribute.KeyValue, bool) {
	return func(o object) (attribute.KeyValue, bool) { return attribute.String(key, o.text()), o.text() != "" }
}

func textList(key string) func(object) (attribute.KeyValue, bool) {
	return func(o object) (attribute.KeyValue, bool) {
		return attribute.StringSlice(key, []string{o.text()}), o.text() != ""
	}
}

// lastPart is what stands behind the last separator of a URL or an ARN.
func lastPart(key, separator string) func(object) (attribute.KeyValue, bool) {
	return func(o object) (attribute.KeyValue, bool) {
		s := o.text()
		s = s[strings.LastIndex(s, separator)+1:]
		return attribute.String(key, s), s != ""
	}
}

func boolean(key string) func(object) (attribute.KeyValue, bool) {
	return func(o object) (attribute.KeyValue, bool) {
		if o.v.Kind() != reflect.Bool {
			return attribute.KeyValue{}, false
		}
		return attribute.Bool(key, o.v.Bool()), true
	}
}

func (o object) number() (int64, bool) {
	if !o.ok() || !o.v.CanInt() {
		return 0, false
	}
	return o.v.Int(), true
}

func number(key string) func(object) (attribute.KeyValue, bool) {
	return func(o object) (attribute.KeyValue, bool) {
		n, ok := o.number()
		return attribute.Int64(key, n), ok
	}
}

func float(key string) func(object) (attribute.KeyValue, bool) {
	return func(o object) (attribute.KeyValue, bool) {
		n, ok := o.number()
		return attribute.Float64(key, float64(n)), ok
	}
}

func count(key string) func(object) (attribute.KeyValue, bool) {
	return func(o object) (attribute.KeyValue, bool) {
		if o.v.Kind() != reflect.Slice {
			return attribute.KeyValue{}, false
		}
		return attribute.Int(key, o.v.Len()), o.v.Len() > 0
	}
}

// failedMessages counts those of a batch that were refused while the call
// succeeded.
const failedMessages = "aws.batch.failed_count"

func failures(o object) (attribute.KeyValue, bool) { return count(failedMessages)(o) }

func failed(o object) (attribute.KeyValue, bool) {
	n, ok := o.number()
	return attribute.Int64(failedMessages, n), ok && n > 0
}

func mapKeys(key string) func(object) (attribute.KeyValue, bool) {
	return func(o object) (attribute.KeyValue, bool) {
		if o.v.Kind() != reflect.Map || o.v.Type().Key().Kind() != reflect.String {
			return attribute.KeyValue{}, false
		}
		names := make([]string, 0, o.v.Len())
		for _, k := range o.v.MapKeys() {
			names = append(names, k.String())
		}
		slices.Sort(names)
		return attribute.StringSlice(key, names), len(names) > 0
	}
}

// maxJSON bounds what is written of a structure, in bytes: a document has
// 64 KB, a DeleteObjects may name 1,000 keys.
const maxJSON = 4 << 10

func jsonText(key string) func(object) (attribute.KeyValue, bool) {
	return func(o object) (attribute.KeyValue, bool) {
		text, err := json.Marshal(o.v.Interface())
		return attribute.String(key, string(text)), err == nil && len(text) <= maxJSON
	}
}

// jsonList writes each element of a list, or a structure as a list of one.
func jsonList(key string) func(object) (attribute.KeyValue, bool) {
	return func(o object) (attribute.KeyValue, bool) {
		elements := o.elements()
		if o.v.Kind() == reflect.Struct {
			elements = []object{o}
		}
		var list []string
		size := 0
		for _, e := range elements {
			text, err := json.Marshal(e.v.Interface())
			if size += len(text); err != nil || size > maxJSON {
				break
			}
			list = append(list, string(text))
		}
		return attribute.StringSlice(key, list), len(list) > 0
	}
}
