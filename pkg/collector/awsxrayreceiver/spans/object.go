package spans

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// An object is a JSON object. A member of another type than the one asked for
// counts as absent; a nil object has no members.
type object map[string]any

var errNotObject = errors.New("it is not one JSON object")

func decode(document []byte) (object, error) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var o object
	if d.Decode(&o) != nil || o == nil {
		return nil, errNotObject
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errNotObject // something follows
	}
	return o, nil
}

func (o object) str(key string) (string, bool) {
	s, ok := o[key].(string)
	return s, ok
}

func (o object) number(key string) (float64, bool) {
	n, ok := o[key].(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}

// integer takes 200.0 for 200, and nothing that an int64 cannot hold exactly.
func (o object) integer(key string) (int64, bool) {
	n, ok := o[key].(json.Number)
	if !ok {
		return 0, false
	}
	if i, err := n.Int64(); err == nil {
		return i, true
	}
	f, err := n.Float64()
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

func (o object) boolean(key string) (value, ok bool) {
	value, ok = o[key].(bool)
	return value, ok
}

func (o object) object(key string) object {
	m, _ := o[key].(map[string]any)
	return m
}

func (o object) list(key string) []any {
	l, _ := o[key].([]any)
	return l
}

// objects returns the elements of a list that are objects.
func (o object) objects(key string) []object {
	list := o.list(key)
	found := make([]object, 0, len(list))
	for _, element := range list {
		if m, ok := element.(map[string]any); ok {
			found = append(found, m)
		}
	}
	return found
}

// A putter copies members of an object to attributes, those that are there.
type putter struct {
	from object
	to   pcommon.Map
}

func (p putter) str(key, attribute string) {
	if s, ok := p.from.str(key); ok {
		p.to.PutStr(attribute, s)
	}
}

func (p putter) integer(key, attribute string) {
	if n, ok := p.from.integer(key); ok {
		p.to.PutInt(attribute, n)
	}
}

func (p putter) boolean(key, attribute string) {
	if b, ok := p.from.boolean(key); ok {
		p.to.PutBool(attribute, b)
	}
}

// any copies a value of any type but null.
func (p putter) any(key, attribute string) {
	if v := p.from[key]; v != nil {
		put(p.to.PutEmpty(attribute), v)
	}
}

// put sets v to a value that was decoded from JSON. Whole numbers become
// integers.
func put(v pcommon.Value, from any) {
	switch from := from.(type) {
	case string:
		v.SetStr(from)
	case bool:
		v.SetBool(from)
	case json.Number:
		if i, err := from.Int64(); err == nil {
			v.SetInt(i)
		} else if f, err := from.Float64(); err == nil {
			v.SetDouble(f)
		} else {
			v.SetStr(from.String())
		}
	case []any:
		list := v.SetEmptySlice()
		for _, element := range from {
			put(list.AppendEmpty(), element)
		}
	case map[string]any:
		putAll(v.SetEmptyMap(), from)
	}
}

func putAll(m pcommon.Map, from object) {
	m.EnsureCapacity(m.Len() + len(from))
	for _, key := range from.keys() {
		put(m.PutEmpty(key), from[key])
	}
}
