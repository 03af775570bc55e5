package propagation

import (
	"encoding/hex"
	"errors"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// HeaderName is the HTTP header of AWS's trace context. It is also the name in
// the context values of Lambda's runtime; SQS calls the same content the
// message system attribute AWSTraceHeader.
const HeaderName = "X-Amzn-Trace-Id"

const (
	// maxHeader is how long a header may be that is read. A load balancer
	// replaces the header when all headers are longer than 7 KB.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html
	maxHeader = 7 << 10

	// maxWritten is how long a header may become. It is the longest that AWS
	// services take in a field (traceHeader of Step Functions' StartExecution).
	// Fields that do not fit are left out, the last ones first.
	// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
	maxWritten = 256

	traceIDLength = len("1-58406520-a006649127e371903a2de979")
)

// Sampling is what a header says of the sampling decision.
type Sampling uint8

const (
	SamplingUnknown   Sampling = iota // no Sampled field: left to the receiver
	SamplingRequested                 // Sampled=?: left to the receiver, who is to answer with the decision
	NotSampled                        // Sampled=0
	Sampled                           // Sampled=1
)

var samplingFields = [...]string{SamplingRequested: ";Sampled=?", NotSampled: ";Sampled=0", Sampled: ";Sampled=1"}

// Header is the content of an X-Amzn-Trace-Id header.
type Header struct {
	TraceID  trace.TraceID // Root
	ParentID trace.SpanID  // Parent, zero if there is none
	Sampling Sampling
	Self     string // what a load balancer wrote for itself, opaque
	Fields   string // Lineage and all other fields, in their order, between semicolons
}

var (
	errTooLong = errors.New("X-Amzn-Trace-Id: longer than 7 KB")
	errRoot    = errors.New("X-Amzn-Trace-Id: Root is missing or not like 1-58406520-a006649127e371903a2de979")
	errParent  = errors.New("X-Amzn-Trace-Id: Parent is not 16 hexadecimal digits")
)

// ParseHeader reads a header. White space around fields is passed over, and so
// are elements that are no fields; of a field that is there twice the first
// counts. An error means that the header cannot be used: it has no valid Root,
// or a malformed Parent.
//
// Fields and Self are parts of text unless fields that are kept lie apart.
func ParseHeader(text string) (Header, error) {
	var h Header
	if len(text) > maxHeader {
		return h, errTooLong
	}
	var root, parent, sampled bool
	for rest := text; rest != ""; {
		var field string
		field, rest, _ = strings.Cut(rest, ";")
		field = strings.TrimSpace(field)
		name, value, ok := strings.Cut(field, "=")
		switch {
		case !ok || name == "":
		case name == "Root":
			if !root && !parseTraceID(value, &h.TraceID) {
				return Header{}, errRoot
			}
			root = true
		case name == "Parent":
			if !parent && value != "" && !parseID(value, h.ParentID[:]) {
				return Header{}, errParent
			}
			parent = true
		case name == "Sampled":
			if !sampled {
				h.Sampling = parseSampling(value)
			}
			sampled = true
		case name == "Self":
			h.Self = value
		case h.Fields == "":
			h.Fields = field
		default:
			h.Fields += ";" + field
		}
	}
	if !h.TraceID.IsValid() {
		return Header{}, errRoot
	}
	return h, nil
}

func parseSampling(value string) Sampling {
	switch value {
	case "1":
		return Sampled
	case "0":
		return NotSampled
	case "?":
		return SamplingRequested
	}
	return SamplingUnknown
}

// parseTraceID reads 1-58406520-a006649127e371903a2de979.
func parseTraceID(text string, id *trace.TraceID) bool {
	return len(text) == traceIDLength && text[:2] == "1-" && text[10] == '-' &&
		parseID(text[2:10], id[:4]) && parseID(text[11:], id[4:])
}

// parseID reads as many hexadecimal digits as id has room for.
func parseID(text string, id []byte) bool {
	if len(text) != 2*len(id) {
		return false
	}
	for i := range id {
		high, low := digit(text[2*i]), digit(text[2*i+1])
		if high > 15 || low > 15 {
			return false
		}
		id[i] = high<<4 | low
	}
	return true
}

// digit returns the value of a hexadecimal digit, more than 15 for another
// byte.
func digit(c byte) byte {
	switch {
	case c-'0' < 10:
		return c - '0'
	case c-'a' < 6:
		return c - 'a' + 10
	case c-'A' < 6:
		return c - 'A' + 10
	}
	return 255
}

// String returns the header's text, in the order that AWS writes: Self, Root,
// Parent, Sampled, others. It has at most 256 bytes: of Self and the other
// fields it leaves out what goes beyond.
func (h Header) String() string {
	var buffer [maxWritten]byte
	return string(h.append(buffer[:0]))
}

func (h *Header) append(b []byte) []byte {
	const own = len("Root=") + traceIDLength + len(";Parent=0000000000000000;Sampled=1")
	if room := maxWritten - own; h.Self != "" && len("Self=;")+len(h.Self) <= room {
		b = append(append(append(b, "Self="...), h.Self...), ';')
	}
	b = appendTraceID(append(b, "Root="...), h.TraceID)
	if h.ParentID.IsValid() {
		b = hex.AppendEncode(append(b, ";Parent="...), h.ParentID[:])
	}
	b = append(b, samplingFields[h.Sampling]...)
	for rest := h.Fields; rest != ""; {
		var field string
		field, rest, _ = strings.Cut(rest, ";")
		if len(b)+1+len(field) > maxWritten {
			break
		}
		b = append(append(b, ';'), field...)
	}
	return b
}

// appendTraceID appends an id as X-Ray writes it.
func appendTraceID(b []byte, id trace.TraceID) []byte {
	b = hex.AppendEncode(append(b, "1-"...), id[:4])
	return hex.AppendEncode(append(b, '-'), id[4:])
}

// TraceIDString returns a trace id as X-Ray and its console write it:
// 1-58406520-a006649127e371903a2de979.
func TraceIDString(id trace.TraceID) string {
	var buffer [traceIDLength]byte
	return string(appendTraceID(buffer[:0], id))
}
