package otlp

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxDepth bounds how deep a request may nest. An attribute's value may hold
// values without end, each a few bytes, and the decoders follow them by
// recursion: a body of some megabytes would overflow the stack, which no
// process survives. OTLP itself needs about 10 levels and 2 (in JSON 4) for
// each nested value.
const maxDepth = 200

var errTooDeep = fmt.Errorf("it nests deeper than %d levels", maxDepth)

// CheckProtoDepth returns an error for a protobuf message that nests deeper
// than maxDepth. It knows no schema: whatever can be read as a message, a
// string by chance as well, counts as one.
func CheckProtoDepth(body []byte) error {
	if !shallow(body, maxDepth) {
		return errTooDeep
	}
	return nil
}

// shallow reports whether a message has at most left levels of messages in it.
func shallow(message []byte, left int) bool {
	for len(message) > 0 {
		_, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return true // not a message: the decoder says so if it should be one
		}
		message = message[n:]
		if kind != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(1, kind, message); n < 0 {
				return true
			}
			message = message[n:]
			continue
		}
		field, n := protowire.ConsumeBytes(message)
		if n < 0 {
			return true
		}
		if left == 0 || !shallow(field, left-1) {
			return false
		}
		message = message[n:]
	}
	return true
}

// checkJSONDepth returns an error for JSON that nests deeper than maxDepth.
func checkJSONDepth(body []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '"':
			inString = !inString
		case inString && c == '\\':
			i++
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return errTooDeep
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}
