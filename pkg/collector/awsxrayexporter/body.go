package awsxrayexporter

import "slices"

const hexDigits = "0123456789abcdef"

// appendString appends text as a JSON string in quotes. Bytes that are not
// UTF-8 stay as they are: the translation gives none.
//
// Every second to tenth byte of a document is a quote, so that a branch, be it
// for each byte or for each quote, is often foretold wrongly: there is none.
func appendString(dst, text []byte) []byte {
	start := len(dst)
	dst = append(slices.Grow(dst, 2*len(text)+2), '"')
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
		return appendWithControls(dst[:start], text)
	}
	return append(dst[:len(dst)+n], '"')
}

// escapes is 1 for what a backslash is put before, 2 for control characters.
var escapes = func() (t [256]byte) {
	for c := range byte(' ') {
		t[c] = 2
	}
	t['"'], t['\\'] = 1, 1
	return t
}()

// appendWithControls is appendString for a text with control characters, which
// only documents that others wrote have.
func appendWithControls(dst, text []byte) []byte {
	dst = append(dst, '"')
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
	return append(dst, '"')
}

// appendPut appends the body of a PutTraceSegments request.
func appendPut(dst []byte, documents []document) []byte {
	dst = append(dst, `{"TraceSegmentDocuments":[`...)
	for i := range documents {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, documents[i].body...)
	}
	return append(dst, "]}"...)
}

// putOverhead is what a put has besides its documents and their commas.
const putOverhead = len(`{"TraceSegmentDocuments":[]}`)
