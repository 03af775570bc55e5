package client

import (
	"fmt"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// TraceID returns a trace id in X-Ray's form, 1-xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx.
// It takes that form and the 32 hexadecimal digits of W3C Trace Context and
// OpenTelemetry, in either case of letters and with space around. The error is
// for who typed the id.
func TraceID(text string) (string, error) {
	if id, ok := segment.FormatTraceID(strings.TrimSpace(text)); ok {
		return id, nil
	}
	return "", fmt.Errorf("%.60q is not a trace id: it has the form 1-58406520-a006649127e371903a2de979, or the same 32 hexadecimal digits without 1 and dashes", text)
}
