package store

import (
	"encoding/base64"
	"encoding/binary"
	"math"
)

// A position is where a page ends: the trace that came last, in the order of
// transaction seq.
type position struct {
	seq   int64
	start float64
	num   int64
}

const tokenVersion = 2

func (p position) token() string {
	b := []byte{tokenVersion}
	b = binary.BigEndian.AppendUint64(b, uint64(p.seq))
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(p.start))
	b = binary.BigEndian.AppendUint64(b, uint64(p.num))
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseToken(token string) (position, error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != 25 || b[0] != tokenVersion {
		return position{}, ErrToken
	}
	p := position{
		seq:   int64(binary.BigEndian.Uint64(b[1:])),
		start: math.Float64frombits(binary.BigEndian.Uint64(b[9:])),
		num:   int64(binary.BigEndian.Uint64(b[17:])),
	}
	if math.IsNaN(p.start) {
		return position{}, ErrToken
	}
	return p, nil
}
