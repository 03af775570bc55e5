package xray

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// The ids of segments that are not recorded, unless AWS_XRAY_NOOP_ID=false.
const (
	noTraceID   = "1-00000000-000000000000000000000000"
	noSegmentID = "0000000000000000"
)

const traceIDSize = len(noTraceID)

// NewTraceID returns a new trace id: 1, the time in seconds and 96 random bits,
// in hexadecimal with dashes between.
func NewTraceID() string {
	var b [traceIDSize]byte
	appendTraceID(b[:0], newTraceID(time.Now()))
	return string(b[:])
}

// NewSegmentID returns a new id of a segment: 64 random bits in hexadecimal.
func NewSegmentID() string {
	for {
		sheet := idSheet.Load()
		if sheet != nil {
			if i := int(sheet.used.Add(1)) - 1; i < sheetIDs {
				return sheet.text[i*len(noSegmentID) : (i+1)*len(noSegmentID)]
			}
		}
		idSheet.CompareAndSwap(sheet, newSheet())
	}
}

// A sheet is ids in one allocation, to be given out one by one.
type sheet struct {
	text string
	used atomic.Uint32
}

const sheetIDs = 32

var idSheet atomic.Pointer[sheet]

func newSheet() *sheet {
	var b [sheetIDs * len(noSegmentID)]byte
	for i := range sheetIDs {
		id := newSpanID()
		hex.Encode(b[i*len(noSegmentID):], id[:])
	}
	return &sheet{text: string(b[:])}
}

// newIDs returns a trace id and a segment id.
func newIDs(now time.Time) (traceID, segmentID string) {
	return formatTraceID(newTraceID(now)), NewSegmentID()
}

func newTraceID(now time.Time) (id trace.TraceID) {
	binary.BigEndian.PutUint32(id[:], uint32(now.Unix()))
	binary.BigEndian.PutUint32(id[4:], rand.Uint32())
	binary.BigEndian.PutUint64(id[8:], rand.Uint64()|1) // never all zero
	return id
}

func newSpanID() (id trace.SpanID) {
	for id == (trace.SpanID{}) {
		binary.BigEndian.PutUint64(id[:], rand.Uint64())
	}
	return id
}

func appendTraceID(b []byte, id trace.TraceID) []byte {
	b = hex.AppendEncode(append(b, "1-"...), id[:4])
	return hex.AppendEncode(append(b, '-'), id[4:])
}

func formatTraceID(id trace.TraceID) string {
	return string(appendTraceID(make([]byte, 0, traceIDSize), id))
}

// parseTraceID reads X-Ray's form of a trace id. ok is false for others and
// for zero, which no span can have.
func parseTraceID(s string) (id trace.TraceID, ok bool) {
	if len(s) != traceIDSize || s[:2] != "1-" || s[10] != '-' {
		return id, false
	}
	ok = decodeHex(id[:4], s[2:10]) && decodeHex(id[4:], s[11:])
	return id, ok && id.IsValid()
}

// parseSpanID reads an id of a segment, with the same ok.
func parseSpanID(s string) (id trace.SpanID, ok bool) {
	if len(s) != 2*len(id) {
		return id, false
	}
	return id, decodeHex(id[:], s) && id.IsValid()
}

// decodeHex is hex.Decode without an allocation for the text.
func decodeHex(to []byte, s string) bool {
	for i := range to {
		high, low := digit(s[2*i]), digit(s[2*i+1])
		if high > 15 || low > 15 {
			return false
		}
		to[i] = high<<4 | low
	}
	return true
}

func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
