package segment

import (
	"math"
	"math/bits"
	"strconv"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// hexPairs holds the two digits of each byte.
var hexPairs = func() (t [256][2]byte) {
	for i := range t {
		t[i] = [2]byte{hexDigits[i>>4], hexDigits[i&0xf]}
	}
	return t
}()

// The Append functions are the encoder for who writes documents without
// building a Document: each appends to dst and returns the longer slice, as
// strconv's do. They allocate only when dst must grow.
//
// They write documents in the form in which PutTraceSegments takes them, inside
// a JSON string: a quote is \", and each escape has a backslash more. So a
// document need not be gone through again to be sent. AppendUnquoted gives it
// back as it is.

// AppendString appends s as a JSON string, with the escapes of encoding/json:
// <, > and & are escaped, and bytes that are not UTF-8 become U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '\\', '"')
	dst = AppendStringPart(dst, s)
	return append(dst, '\\', '"')
}

// AppendStringPart appends s as AppendString does, but without the quotation
// marks, for a string that is put together from parts.
func AppendStringPart(dst []byte, s string) []byte {
	for {
		n := plainPrefix(s)
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return dst
		}
		if c := s[n]; c < utf8.RuneSelf {
			dst = appendEscaped(dst, c)
			s = s[n+1:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s[n:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(dst, `\\ufffd`...)
		case r == '\u2028' || r == '\u2029':
			dst = append(dst, `\\u202`...)
			dst = append(dst, hexDigits[r&0xf])
		default:
			dst = append(dst, s[n:n+size]...)
		}
		s = s[n+size:]
	}
}

// plainPrefix returns how many bytes at the start of s need no escape, eight
// at a time where it can.
func plainPrefix(s string) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		b := s[i : i+8]
		v := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		// A byte's top bit is set here if the byte is not ASCII, is below
		// 0x20 or equals one of the characters. A borrow may set the bit of a
		// byte above such a one too; the loop below then finds the true one.
		special := v | (v - 0x20*ones) |
			((v ^ '"'*ones) - ones) | ((v ^ '\\'*ones) - ones) |
			((v ^ '&'*ones) - ones) | ((v | 0x02*ones) ^ '>'*ones - ones)
		if special&tops != 0 {
			break
		}
	}
	for ; i < len(s); i++ {
		if !plain[s[i]] {
			return i
		}
	}
	return len(s)
}

// plain holds the bytes that a JSON string carries as they are.
var plain = func() (t [256]bool) {
	for c := byte(0x20); c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
	}
	return t
}()

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', '\\', '\\', c)
	case '\b':
		return append(dst, `\\b`...)
	case '\f':
		return append(dst, `\\f`...)
	case '\n':
		return append(dst, `\\n`...)
	case '\r':
		return append(dst, `\\r`...)
	case '\t':
		return append(dst, `\\t`...)
	default:
		return append(dst, '\\', '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
	}
}

// AppendFloat appends f as encoding/json writes a float64. For NaN and the
// infinities, which JSON cannot express, it appends the strings "NaN",
// "Infinity" and "-Infinity".
func AppendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `\"NaN\"`...)
	case math.IsInf(f, 1):
		return append(dst, `\"Infinity\"`...)
	case math.IsInf(f, -1):
		return append(dst, `\"-Infinity\"`...)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	if n := len(dst); format == 'e' && n >= 4 && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1] // e-09 to e-9
		dst = dst[:n-1]
	}
	return dst
}

// AppendSeconds appends a time, in nanoseconds since the Unix epoch, as the
// seconds that documents have: a number that reads as the float64 nearest to
// float64(ns)/1e9, with at most seven decimals for a time of this era.
func AppendSeconds(dst []byte, ns uint64) []byte {
	f := float64(ns) / 1e9
	if f < 1<<30 || f >= 1<<31 { // before 2004 or after 2038
		return AppendFloat(dst, f)
	}
	// Floats of this range are 2^-22 apart, so the nearest multiple of 1e-7
	// is less than half of that from f, and reads as f.
	mantissa := math.Float64bits(f)&(1<<52-1) | 1<<52
	hi, lo := bits.Mul64(mantissa, 1e7)
	lo, carry := bits.Add64(lo, 1<<21, 0)
	units := (hi+carry)<<42 | lo>>22
	seconds, decimals := uint32(units/1e7), uint32(units%1e7)
	var digits [18]byte // ten, the point and seven
	putPair(digits[0:], seconds/1e8)
	putPair(digits[2:], seconds/1e6%100)
	putPair(digits[4:], seconds/1e4%100)
	putPair(digits[6:], seconds/100%100)
	putPair(digits[8:], seconds%100)
	digits[10] = '.'
	putPair(digits[11:], decimals/1e5)
	putPair(digits[13:], decimals/1e3%100)
	putPair(digits[15:], decimals/10%100)
	digits[17] = byte('0' + decimals%10)
	return append(dst, digits[:]...)
}

// putPair writes the two digits of n, which is below 100.
func putPair(dst []byte, n uint32) {
	dst[1], dst[0] = byte('0'+n%10), byte('0'+n/10)
}

// AppendTraceID appends the trace id in X-Ray's form as a JSON string.
func AppendTraceID(dst []byte, id [16]byte) []byte {
	n := len(dst)
	dst = append(dst, `\"1-00000000-000000000000000000000000\"`...)
	putHex(dst[n+4:], id[:4])
	putHex(dst[n+13:], id[4:])
	return dst
}

// AppendID appends the id of a segment as a JSON string.
func AppendID(dst []byte, id [8]byte) []byte {
	n := len(dst)
	dst = append(dst, `\"0000000000000000\"`...)
	putHex(dst[n+2:], id[:])
	return dst
}

func putHex(dst, src []byte) {
	for _, c := range src {
		pair := hexPairs[c]
		dst[1], dst[0] = pair[1], pair[0]
		dst = dst[2:]
	}
}

// CloseObject makes an object of the members in dst[start:], each of which
// begins with a comma, and CloseArray an array of such elements. So neither
// who appends the first nor who appends the last needs to know that it is.
func CloseObject(dst []byte, start int) []byte { return closeList(dst, start, '{', '}') }

// CloseArray makes an array of dst[start:]; see CloseObject.
func CloseArray(dst []byte, start int) []byte { return closeList(dst, start, '[', ']') }

func closeList(dst []byte, start int, first, last byte) []byte {
	if len(dst) == start {
		return append(dst, first, last)
	}
	dst[start] = first
	return append(dst, last)
}
