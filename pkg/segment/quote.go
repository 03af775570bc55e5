package segment

import (
	"encoding/hex"
	"slices"
)

// AppendQuoted appends text, which is JSON, as the inside of a JSON string.
// Bytes that are not UTF-8 stay as they are.
//
// Every second to tenth byte of a document is a quote, so that a branch, be it
// for each byte or for each quote, is often foretold wrongly: there is none.
func AppendQuoted(dst, text []byte) []byte {
	dst = slices.Grow(dst, 2*len(text)+1)
	out := dst[len(dst):cap(dst)] // room for a text of nothing but quotes
	n, seen := 0, byte(0)
	for _, c := range text {
		escape := escapes[c]
		seen |= escape
		out[n] = '\\'
		n += int(escape & 1)
		out[n] = c
		n++
	}
	if seen > 1 {
		return appendWithControls(dst, text)
	}
	return dst[:len(dst)+n]
}

// escapes is 1 for what a backslash is put before, 2 for control characters.
var escapes = func() (t [256]byte) {
	for c := range byte(' ') {
		t[c] = 2
	}
	t['"'], t['\\'] = 1, 1
	return t
}()

// appendWithControls is AppendQuoted for a text with control characters, which
// only documents that others wrote have.
func appendWithControls(dst, text []byte) []byte {
	for _, c := range text {
		switch escapes[c] {
		case 0:
			dst = append(dst, c)
		case 1:
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return dst
}

// AppendUnquoted appends the JSON that AppendQuoted, or the other Append
// functions, made quoted of.
func AppendUnquoted(dst, quoted []byte) []byte {
	dst = slices.Grow(dst, len(quoted))
	for i := 0; i < len(quoted); i++ {
		c := quoted[i]
		if c == '\\' && i+1 < len(quoted) {
			i++
			c = quoted[i]
			if c == 'u' && i+4 < len(quoted) {
				var code [2]byte
				if _, err := hex.Decode(code[:], quoted[i+1:i+5]); err == nil {
					c, i = code[1], i+4 // a control character
				}
			}
		}
		dst = append(dst, c)
	}
	return dst
}
