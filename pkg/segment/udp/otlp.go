package udp

import (
	"bytes"
	"encoding/base64"
	"fmt"
)

// A Kind says what follows the header line of a datagram.
type Kind int

const (
	Segment   Kind = iota // a segment document
	Sampled               // OTLP, of spans that are sampled
	Unsampled             // OTLP, of spans that are not, which X-Ray counts but does not keep
)

// Prefixes of OTLP, which is base64. No document begins like them.
var (
	sampledPrefix   = []byte("T1S")
	unsampledPrefix = []byte("T1U")
)

// OTLPIn tells whether what DocumentIn returned is a segment document or OTLP,
// as AWS's OpenTelemetry distributions send it to the daemon, and in Lambda to
// the built-in one. Of OTLP it returns the message, an ExportTraceServiceRequest
// in protobuf.
// https://github.com/aws-observability/aws-otel-python-instrumentation (otlp_udp_exporter)
func OTLPIn(document []byte) (message []byte, kind Kind, err error) {
	text, sampled := bytes.CutPrefix(document, sampledPrefix)
	if kind = Sampled; !sampled {
		var unsampled bool
		if text, unsampled = bytes.CutPrefix(document, unsampledPrefix); !unsampled {
			return nil, Segment, nil
		}
		kind = Unsampled
	}
	text = bytes.TrimRight(text, "\r\n")
	message, err = base64.StdEncoding.AppendDecode(make([]byte, 0, base64.StdEncoding.DecodedLen(len(text))), text)
	if err != nil {
		return nil, kind, fmt.Errorf("OTLP in a datagram: %w", err)
	}
	return message, kind, nil
}
