package traceaws

import (
	"maps"
	"reflect"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"
)

// kept is how many values a memo has at most: programs have few types and
// operations.
const kept = 2000

// A memo remembers what was found out about keys. Reading takes no lock, and
// allocates nothing. Its methods may be called concurrently.
type memo[K comparable, V any] struct {
	known   atomic.Pointer[map[K]V] // never changes; a new one takes its place
	growing sync.Mutex
}

func (m *memo[K, V]) get(key K) (V, bool) {
	if known := m.known.Load(); known != nil {
		v, ok := (*known)[key]
		return v, ok
	}
	var none V
	return none, false
}

func (m *memo[K, V]) set(key K, v V) {
	m.growing.Lock()
	defer m.growing.Unlock()
	more := map[K]V{}
	if known := m.known.Load(); known != nil {
		if len(*known) >= kept {
			return
		}
		more = maps.Clone(*known)
	}
	more[key] = v
	m.known.Store(&more)
}

// fieldIndexes are where structures have their fields, -1 for one that they
// have not: to search by the name takes longer than the rest of a span's
// attributes.
var fieldIndexes memo[fieldKey, int]

type fieldKey struct {
	structure reflect.Type
	name      string
}

// fieldOf returns a field of a structure, the zero Value if it has none of the
// name.
func fieldOf(v reflect.Value, name string) reflect.Value {
	key := fieldKey{v.Type(), name}
	i, ok := fieldIndexes.get(key)
	if !ok {
		i = -1
		if f, has := key.structure.FieldByName(name); has && len(f.Index) == 1 { // clients' types embed nothing
			i = f.Index[0]
		}
		fieldIndexes.set(key, i)
	}
	if i < 0 {
		return reflect.Value{}
	}
	return v.Field(i)
}

// An operation is what all calls of one have in common.
type operation struct {
	spanName string
	start    []trace.SpanStartOption
}

type operationKey struct{ service, operation, region string }

// operation returns what a call's span begins with.
func (t *tracer) operation(key operationKey) operation {
	if o, ok := t.operations.get(key); ok {
		return o
	}
	o := operation{key.service + "." + key.operation, []trace.SpanStartOption{
		trace.WithSpanKind(kindOf(key.service, key.operation)),
		trace.WithAttributes(append(identity(key.service, key.operation, key.region), services[key.service].constant...)...),
	}}
	t.operations.set(key, o)
	return o
}
