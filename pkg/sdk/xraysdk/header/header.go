// Package header reads and writes the X-Amzn-Trace-Id header:
// https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
package header

import (
	"maps"
	"slices"
	"strings"
)

// The keys of the header's elements.
const (
	RootPrefix    = "Root="
	ParentPrefix  = "Parent="
	SampledPrefix = "Sampled="
	SelfPrefix    = "Self="
)

// SamplingDecision is the header's element that says whether the trace is
// recorded.
type SamplingDecision string

// The decisions.
const (
	Sampled    SamplingDecision = "Sampled=1"
	NotSampled SamplingDecision = "Sampled=0"
	Requested  SamplingDecision = "Sampled=?" // the callee decides and answers
	Unknown    SamplingDecision = ""
)

// Header is the value of X-Amzn-Trace-Id.
type Header struct {
	TraceID          string
	ParentID         string
	SamplingDecision SamplingDecision

	// AdditionalData are the elements of other keys, such as Lineage, which
	// travel on. Self is not among them.
	AdditionalData map[string]string
}

// FromString reads a header. What it cannot read it leaves out; the result is
// never nil, nor is its AdditionalData.
func FromString(s string) *Header {
	h := &Header{AdditionalData: map[string]string{}}
	for element := range strings.SplitSeq(s, ";") {
		element = strings.TrimSpace(element)
		key, value, ok := strings.Cut(element, "=")
		if !ok {
			continue
		}
		switch key + "=" {
		case RootPrefix:
			h.TraceID = value
		case ParentPrefix:
			h.ParentID = value
		case SampledPrefix:
			h.SamplingDecision = decision(value)
		case SelfPrefix:
		default:
			if !strings.HasPrefix(element, SelfPrefix) {
				h.AdditionalData[key] = value
			}
		}
	}
	return h
}

func decision(value string) SamplingDecision {
	switch value {
	case "1":
		return Sampled
	case "0":
		return NotSampled
	case "?":
		return Requested
	}
	return Unknown
}

// String writes the header, its additional elements in the order of their
// keys. Elements that there are not leave nothing.
func (h Header) String() string {
	var b strings.Builder
	b.Grow(96)
	add := func(prefix, value string) {
		if prefix+value == "" {
			return
		}
		if b.Len() > 0 {
			b.WriteByte(';')
		}
		b.WriteString(prefix)
		b.WriteString(value)
	}
	if h.TraceID != "" {
		add(RootPrefix, h.TraceID)
	}
	if h.ParentID != "" {
		add(ParentPrefix, h.ParentID)
	}
	add("", string(h.SamplingDecision))
	switch len(h.AdditionalData) {
	case 0:
	case 1:
		for key, value := range h.AdditionalData {
			add(key+"=", value)
		}
	default:
		for _, key := range slices.Sorted(maps.Keys(h.AdditionalData)) {
			add(key+"=", h.AdditionalData[key])
		}
	}
	return b.String()
}
