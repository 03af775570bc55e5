package client

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	xrayID = regexp.MustCompile(`^1-[0-9a-f]{8}-[0-9a-f]{24}$`)
	w3cID  = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

// TraceID returns a trace id in X-Ray's form, 1-xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx.
// It takes that form and the 32 hexadecimal digits of W3C Trace Context and
// OpenTelemetry, in either case of letters and with space around. The error is
// for who typed the id.
func TraceID(text string) (string, error) {
	id := strings.ToLower(strings.TrimSpace(text))
	switch {
	case xrayID.MatchString(id):
		return id, nil
	case w3cID.MatchString(id):
		return "1-" + id[:8] + "-" + id[8:], nil
	}
	return "", fmt.Errorf("%.60q is not a trace id: it has the form 1-58406520-a006649127e371903a2de979, or the same 32 hexadecimal digits without 1 and dashes", text)
}
