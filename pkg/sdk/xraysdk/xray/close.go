package xray

import (
	"os"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/header"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/logger"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/strategy/exception"
)

// Close ends a segment or subsegment, with an error that is its cause or nil,
// and sends it. It never waits for the network. Only the first call counts.
func (s *Segment) Close(err error) {
	if s.finish(err) {
		s.route().end(s)
	}
}

// CloseAndStream is Close; a subsegment is sent at once, also where subsegments
// are sent with their segment.
func (s *Segment) CloseAndStream(err error) {
	if s.finish(err) {
		s.route().stream(s)
	}
}

// finish sets the end. It reports whether the segment is to be sent.
func (s *Segment) finish(err error) bool {
	if s == nil || s.ParentSegment == nil || s.Dummy { // nothing is recorded
		return false
	}
	now := nowNano()
	if environmentAt(now).disabled {
		return false
	}
	if logger.Debugging() {
		logger.Debugf("Closing segment named %s", s.Name)
	}
	s.Lock()
	defer s.Unlock()
	rec := s.rec()
	if rec == nil || rec.end != 0 {
		return false
	}
	s.InProgress = false
	rec.end, s.EndTime = now, seconds(now)
	if err != nil {
		s.addError(err)
	}
	route := s.route()
	return !rec.removed && route != nil && !s.Facade && s.segment().Sampled && route.seal(s)
}

// RemoveSubsegment takes a subsegment, which should not be closed yet, away
// from this one, so that it is not recorded. It reports whether it was one of
// this one's.
func (s *Segment) RemoveSubsegment(remove *Segment) bool {
	if s == nil || remove == nil || remove.parent != s {
		return false
	}
	remove.Lock()
	defer remove.Unlock()
	rec := remove.rec()
	if rec == nil {
		return true // it is not recorded
	}
	if rec.removed {
		return false
	}
	rec.removed = true
	if route := remove.route(); route != nil {
		return route.remove(s, remove)
	}
	return true
}

// AddAnnotation adds an annotation, by which traces can be found. Values are
// strings, booleans and numbers; for others there is an error.
func (s *Segment) AddAnnotation(key string, value interface{}) error {
	if s == nil || SdkDisabled() {
		return nil
	}
	s.Lock()
	defer s.Unlock()
	if s.Dummy {
		return nil
	}
	value, err := annotation(key, value, s.Name)
	if err != nil {
		return err
	}
	if s.Annotations == nil {
		s.Annotations = map[string]interface{}{}
	}
	s.Annotations[key] = value
	return nil
}

// AddMetadata adds a value of any kind that has a JSON form to the namespace
// "default".
func (s *Segment) AddMetadata(key string, value interface{}) error {
	return s.AddMetadataToNamespace("default", key, value)
}

// AddMetadataToNamespace is AddMetadata with another namespace.
func (s *Segment) AddMetadataToNamespace(namespace string, key string, value interface{}) error {
	if s == nil || SdkDisabled() {
		return nil
	}
	s.Lock()
	defer s.Unlock()
	if s.Dummy {
		return nil
	}
	if s.Metadata == nil {
		s.Metadata = map[string]map[string]interface{}{}
	}
	if s.Metadata[namespace] == nil {
		s.Metadata[namespace] = map[string]interface{}{}
	}
	s.Metadata[namespace][key] = value
	return nil
}

// AddError marks the segment as a fault and adds the error to its cause. A nil
// error does nothing.
func (s *Segment) AddError(err error) error {
	if s == nil || err == nil || SdkDisabled() {
		return nil
	}
	s.Lock()
	defer s.Unlock()
	if !s.Dummy {
		s.addError(err)
	}
	return nil
}

func (s *Segment) addError(err error) {
	s.Fault = true
	cause := s.GetCause()
	if cause.WorkingDirectory == "" {
		cause.WorkingDirectory, _ = os.Getwd()
	}
	cause.Exceptions = append(cause.Exceptions, s.formatting().ExceptionFromError(err))
}

// formatting is the strategy of the segment, or else the global one.
func (s *Segment) formatting() exception.FormattingStrategy {
	if s != nil {
		if c := s.segment().Configuration; c != nil && c.ExceptionFormattingStrategy != nil {
			return c.ExceptionFormattingStrategy
		}
	}
	return global.Load().ExceptionFormattingStrategy
}

// DownstreamHeader returns the trace header for calls that the segment makes:
// its trace, its id as the parent, whether it is recorded, and what else the
// header of its own request said. It is never nil; of a segment that records
// nothing because the SDK is disabled, it is empty.
func (s *Segment) DownstreamHeader() *header.Header {
	h := &header.Header{}
	if s == nil || SdkDisabled() {
		return h
	}
	segment := s.segment()
	if in := segment.IncomingHeader; in != nil {
		*h = *in
	}
	if h.TraceID == "" {
		h.TraceID = segment.TraceID
	}
	h.SamplingDecision = header.NotSampled
	if segment.Sampled && !s.Dummy {
		h.SamplingDecision = header.Sampled
	}
	h.ParentID = s.ID
	return h
}

// downstream is DownstreamHeader as text, in one allocation in the usual case.
func (s *Segment) downstream() string {
	segment := s.segment()
	if in := segment.IncomingHeader; SdkDisabled() || in != nil && len(in.AdditionalData) > 0 {
		return s.DownstreamHeader().String()
	}
	traceID := segment.TraceID
	if in := segment.IncomingHeader; in != nil && in.TraceID != "" {
		traceID = in.TraceID
	}
	if segment.Sampled && !s.Dummy {
		return header.RootPrefix + traceID + ";" + header.ParentPrefix + s.ID + ";" + string(header.Sampled)
	}
	return header.RootPrefix + traceID + ";" + header.ParentPrefix + s.ID + ";" + string(header.NotSampled)
}
