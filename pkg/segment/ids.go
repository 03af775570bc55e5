package segment

import "strings"

// IsID reports whether s can be the id of a segment: 16 hexadecimal digits.
func IsID(s string) bool { return len(s) == 16 && isHex(s) }

// IsTraceID reports whether s is a trace id in X-Ray's form: "1-", 8
// hexadecimal digits, "-", 24 hexadecimal digits.
func IsTraceID(s string) bool {
	return len(s) == 35 && s[:2] == "1-" && s[10] == '-' && isHex(s[2:10]) && isHex(s[11:])
}

// FormatTraceID returns X-Ray's form of a trace id of 32 hexadecimal digits,
// as OpenTelemetry and W3C write it. An id in X-Ray's form already is
// returned in lower case. ok is false if s is neither.
func FormatTraceID(s string) (id string, ok bool) {
	s = strings.ToLower(s)
	if IsTraceID(s) {
		return s, true
	}
	if len(s) != 32 || !isHex(s) {
		return "", false
	}
	return "1-" + s[:8] + "-" + s[8:], true
}

// HexTraceID returns the 32 hexadecimal digits, in lower case, of a trace id
// in X-Ray's form; an id of 32 digits already is returned in lower case. ok is
// false if s is neither.
func HexTraceID(s string) (id string, ok bool) {
	x, ok := FormatTraceID(s)
	if !ok {
		return "", false
	}
	return x[2:10] + x[11:], true
}

func isHex(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}
