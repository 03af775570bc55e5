package translate

import (
	"encoding/base64"
	"strconv"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// maxDepth is how deep values may be nested, below the 10000 levels that
// encoding/json reads.
const maxDepth = 9000

// isScalar reports whether X-Ray can index the value as an annotation.
func isScalar(v pcommon.Value) bool {
	switch v.Type() {
	case pcommon.ValueTypeStr, pcommon.ValueTypeInt, pcommon.ValueTypeDouble, pcommon.ValueTypeBool:
		return true
	}
	return false
}

// appendValue appends v as JSON: bytes as base64, a map's keys once, the last
// of each; an empty value and empty bytes are null, as pcommon.Value.AsRaw and
// encoding/json have them.
func appendValue(b []byte, v pcommon.Value, depth int) []byte {
	if depth > maxDepth {
		return append(b, "null"...)
	}
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return segment.AppendString(b, v.Str())
	case pcommon.ValueTypeInt:
		return strconv.AppendInt(b, v.Int(), 10)
	case pcommon.ValueTypeDouble:
		return segment.AppendFloat(b, v.Double())
	case pcommon.ValueTypeBool:
		return strconv.AppendBool(b, v.Bool())
	case pcommon.ValueTypeSlice:
		start := len(b)
		for _, e := range v.Slice().All() {
			b = appendValue(append(b, ','), e, depth+1)
		}
		return segment.CloseArray(b, start)
	case pcommon.ValueTypeMap:
		return appendMap(b, v.Map(), depth+1)
	case pcommon.ValueTypeBytes:
		return appendBytes(b, v.Bytes())
	default:
		return append(b, "null"...)
	}
}

func appendBytes(b []byte, bytes pcommon.ByteSlice) []byte {
	if bytes.Len() == 0 {
		return append(b, "null"...)
	}
	b = append(b, `\"`...)
	b = base64.StdEncoding.AppendEncode(b, bytes.AsRaw())
	return append(b, `\"`...)
}

// appendMap appends m as a JSON object.
func appendMap(b []byte, m pcommon.Map, depth int) []byte {
	var last map[string]int // of large maps only: where each key comes last
	if m.Len() > 8 {
		last = make(map[string]int, m.Len())
		i := 0
		for k := range m.All() {
			last[k] = i
			i++
		}
	}
	start := len(b)
	i := -1
	for k, v := range m.All() {
		i++
		if last != nil && last[k] != i || last == nil && comesAgain(m, i, k) {
			continue
		}
		b = append(b, ',')
		b = segment.AppendString(b, k)
		b = append(b, ':')
		b = appendValue(b, v, depth)
	}
	return segment.CloseObject(b, start)
}

// comesAgain reports whether k is a key of m after index i.
func comesAgain(m pcommon.Map, i int, k string) bool {
	j := -1
	for other := range m.All() {
		if j++; j > i && other == k {
			return true
		}
	}
	return false
}
