package store

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/klauspost/compress/s2"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// An entry is one document as it was sent, or the mark that a completed one came
// again.
type entry struct {
	duplicate bool
	receipt   int64  // Unix nanoseconds
	raw       []byte // the document; of a duplicate its id
}

// The forms of a part: entries one after the other, or those compressed. An
// entry is a byte that is 1 for a duplicate, the receipt in 8 bytes, the length
// of the text as a varint, and the text.
const (
	formPlain = 0
	formS2    = 1
)

// compressFrom is the size below which compression gains nothing.
const compressFrom = 256

// An encoder makes parts, in memory that it uses again.
type encoder struct{ plain, packed []byte }

// maxScratch is the largest part whose memory is kept.
const maxScratch = 1 << 20

// encode returns a part. It is good until the next call.
func (c *encoder) encode(entries []entry) []byte {
	plain := append(c.plain[:0], formPlain)
	for _, e := range entries {
		var mark byte
		if e.duplicate {
			mark = 1
		}
		plain = append(plain, mark)
		plain = binary.BigEndian.AppendUint64(plain, uint64(e.receipt))
		plain = binary.AppendUvarint(plain, uint64(len(e.raw)))
		plain = append(plain, e.raw...)
	}
	c.plain = plain
	if cap(plain) > maxScratch {
		c.plain = nil
	}
	if len(plain) < compressFrom {
		return plain
	}
	packed := slices.Grow(c.packed[:0], 1+s2.MaxEncodedLen(len(plain)-1))
	packed = packed[:cap(packed)]
	packed[0] = formS2
	if c.packed = packed; len(packed) > maxScratch {
		c.packed = nil
	}
	return packed[:1+len(s2.Encode(packed[1:], plain[1:]))]
}

// errPart is what a damaged database shows.
var errPart = errors.New("a stored document is damaged")

// maxPart is the largest plain part: a batch is far below it.
const maxPart = 1 << 30

// decodePart calls f with the entries of a part, whose text f may keep.
func decodePart(body []byte, f func(entry) error) error {
	if len(body) == 0 {
		return errPart
	}
	form, b := body[0], body[1:]
	switch form {
	case formPlain:
		b = append([]byte(nil), b...)
	case formS2:
		if n, err := s2.DecodedLen(b); err != nil || n > maxPart {
			return errPart
		}
		var err error
		if b, err = s2.Decode(nil, b); err != nil {
			return errPart
		}
	default:
		return errPart
	}
	for len(b) > 0 {
		if len(b) < 9 {
			return errPart
		}
		e := entry{duplicate: b[0] == 1, receipt: int64(binary.BigEndian.Uint64(b[1:]))}
		n, size := binary.Uvarint(b[9:])
		if b = b[9:]; size <= 0 || n > uint64(len(b)-size) {
			return errPart
		}
		e.raw, b = b[size:size+int(n):size+int(n)], b[size+int(n):]
		if err := f(e); err != nil {
			return err
		}
	}
	return nil
}

// partBits is how many parts a trace can have, as a power of two.
const partBits = 24

// partsOf returns the numbers that the parts of a trace lie between.
func partsOf(trace int64) (first, last int64) {
	return trace << partBits, trace<<partBits | (1<<partBits - 1)
}

// idBytes returns how a trace id is stored: as 16 bytes or, if it is not in the
// form in which those are printed, as it is.
func idBytes(id string) []byte {
	if segment.IsTraceID(id) {
		b := make([]byte, 0, 16)
		b, err1 := hex.AppendDecode(b, []byte(id[2:10]))
		b, err2 := hex.AppendDecode(b, []byte(id[11:]))
		if err1 == nil && err2 == nil && idText(b) == id {
			return b
		}
	}
	return []byte(id)
}

func idText(b []byte) string {
	if len(b) != 16 {
		return string(b)
	}
	text := make([]byte, 35)
	text[0], text[1], text[10] = '1', '-', '-'
	hex.Encode(text[2:], b[:4])
	hex.Encode(text[11:], b[4:])
	return string(text)
}
