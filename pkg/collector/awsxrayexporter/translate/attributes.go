package translate

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// An attribute is one of a span, with what became of it.
type attribute struct {
	name  string
	value pcommon.Value
	kind  pcommon.ValueType // of value
	key   key
	gone  bool // overwritten by one of the same name, further on
	shown bool // some block of the document holds its value
	fate  fate // annotation or metadata, once settled
}

// attributes is a span's, in order, with an index of those that have a key.
// It is used again for span after span.
type attributes struct {
	list  []attribute
	last  [keys]int32 // 1 + the index in list of the last with this key; 0: none
	twins bool        // some key comes twice
	gives gift        // what the keys give the blocks
	dedup dedup
}

// read takes the attributes of a span, without those named in but.
func (a *attributes) read(m pcommon.Map, but []string) {
	a.list = a.list[:0]
	for name, value := range m.All() {
		a.list = append(a.list, attribute{name: name, value: value, kind: value.Type(), key: keyOf(name)})
	}
	for _, name := range but {
		a.remove(name)
	}
	a.index()
}

// release lets go of the span's values.
func (a *attributes) release() {
	clear(a.list[:cap(a.list)])
	a.dedup.large = nil
}

// remove takes away the first attribute with this name as pcommon.Map.Remove
// does, which is what contrib calls: the last takes its place.
func (a *attributes) remove(name string) {
	i := slices.IndexFunc(a.list, func(x attribute) bool { return x.name == name })
	if i < 0 {
		return
	}
	n := len(a.list) - 1
	a.list[i] = a.list[n]
	a.list = a.list[:n]
}

// index notes where each key is and which attributes are overwritten.
func (a *attributes) index() {
	a.last = [keys]int32{}
	a.twins, a.gives = false, 0
	a.dedup.reset(len(a.list))
	for i := range a.list {
		x := &a.list[i]
		if x.key != other {
			if j := a.last[x.key]; j != 0 {
				a.list[j-1].gone = true
				a.twins = true
			}
			a.last[x.key] = int32(i + 1)
			a.gives |= gives[x.key]
			continue
		}
		if a.dedup.maybeSeen(x.name) {
			if j := a.findBefore(i); j >= 0 {
				a.list[j].gone = true
			}
		}
	}
}

// findBefore returns the index of the last attribute before i with i's name,
// or -1.
func (a *attributes) findBefore(i int) int {
	name := a.list[i].name
	if a.dedup.large != nil {
		j, ok := a.dedup.large[name]
		a.dedup.large[name] = i
		if !ok {
			return -1
		}
		return j
	}
	for j := i - 1; j >= 0; j-- {
		if a.list[j].name == name {
			return j
		}
	}
	return -1
}

// get returns the first attribute with the key, as pcommon.Map.Get does.
func (a *attributes) get(k key) (pcommon.Value, bool) {
	i := a.last[k]
	if i == 0 {
		return pcommon.Value{}, false
	}
	if a.twins {
		for j := range a.list {
			if a.list[j].key == k {
				return a.list[j].value, true
			}
		}
	}
	return a.list[i-1].value, true
}

// str returns the string of the first attribute with the key, and "" if there
// is none or it is of another type.
func (a *attributes) str(k key) string {
	if a.last[k] == 0 {
		return ""
	}
	v, _ := a.get(k)
	return v.Str()
}

func (a *attributes) has(k key) bool { return a.last[k] != 0 }

// latest returns the last attribute that has one of the keys, or nil.
func (a *attributes) latest(k ...key) *attribute {
	var i int32
	for _, k := range k {
		i = max(i, a.last[k])
	}
	if i == 0 {
		return nil
	}
	return &a.list[i-1]
}

// show returns the string of the last attribute that has one of the keys, and
// notes that it is shown. It returns "" if there is none.
func (a *attributes) show(k ...key) string {
	x := a.latest(k...)
	if x == nil {
		return ""
	}
	s := x.value.Str()
	x.shown = x.shown || s != ""
	return s
}

// A dedup finds names that may come twice, without allocating for the usual
// span: a filter of 256 bits says that a name is new; only otherwise need names
// be compared. Beyond 256 names a map takes over, so that no span is quadratic.
type dedup struct {
	bits  [4]uint64
	large map[string]int // the last index of each name; nil up to 256 names
}

func (d *dedup) reset(n int) {
	d.bits = [4]uint64{}
	d.large = nil
	if n > 256 {
		d.large = make(map[string]int, n)
	}
}

// maybeSeen reports whether there may have been a call with this name since
// reset.
func (d *dedup) maybeSeen(name string) bool {
	if d.large != nil {
		return true
	}
	n := len(name)
	h := uint(n) * 7
	if n > 0 {
		h ^= uint(name[0])*5 ^ uint(name[n-1])*17 ^ uint(name[n/2])*29
	}
	word, mask := &d.bits[h>>6&3], uint64(1)<<(h&63)
	seen := *word&mask != 0
	*word |= mask
	return seen
}
