package xray

import (
	"fmt"
	"maps"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/logger"
)

// document is a segment's JSON. What has none is replaced by how fmt prints it;
// the segment itself is not changed.
func (s *Segment) document() []byte {
	text, err := marshal(s)
	if err == nil {
		return text
	}
	fixed := s.copy()
	fixed.Annotations = printable(s.Annotations)
	fixed.AWS = printable(s.AWS)
	fixed.Metadata = maps.Clone(s.Metadata)
	for namespace, values := range s.Metadata {
		fixed.Metadata[namespace] = printable(values)
	}
	if text, err = marshal(fixed); err != nil {
		logger.Errorf("segment %q has no JSON: %v", s.Name, err)
		fixed.Annotations, fixed.AWS, fixed.Metadata = nil, nil, nil
		if text, err = marshal(fixed); err != nil {
			return fmt.Appendf(nil, `{"id":%q,"trace_id":%q,"name":"unknown","start_time":0,"end_time":0}`, s.ID, s.TraceID)
		}
	}
	return text
}

// copy is a copy of what the document says.
func (s *Segment) copy() *Segment {
	doc := &Segment{}
	s.copyTo(doc)
	doc.Subsegments, doc.Dummy = s.Subsegments, s.Dummy
	return doc
}
