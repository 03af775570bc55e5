package assembly

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// infer returns a segment for each call to something that sent no segment of
// its own: a completed subsegment in the namespace aws or remote that is the
// parent of no segment.
func infer(t *Trace) []*segment.Document {
	called := make(map[string]bool) // parents of segments
	for _, seg := range t.Segments {
		called[seg.ParentID] = true
	}
	var inferred []*segment.Document
	for e := range t.All() {
		if IsCall(e.Document) && !e.IsSegment() && e.EndTime != nil && !called[e.ID] {
			called[e.ID] = true
			inferred = append(inferred, inferredFrom(t.ID, e.Document))
		}
	}
	return inferred
}

func inferredFrom(traceID string, sub *segment.Document) *segment.Document {
	end := *sub.EndTime
	doc := &segment.Document{
		ID:        inferredID(traceID, sub.ID),
		Name:      sub.Name,
		StartTime: sub.StartTime,
		TraceID:   traceID,
		EndTime:   &end,
		ParentID:  sub.ID,
		Inferred:  true,
		Fault:     sub.Fault,
		Error:     sub.Error,
		Throttle:  sub.Throttle,
		HTTP:      sub.HTTP,
		AWS:       sub.AWS,
	}
	if sub.Namespace == segment.NamespaceAWS {
		doc.Origin = awsOrigin(sub)
	}
	return doc
}

// inferredID is the same at every reading, so that a link to it stays good.
func inferredID(traceID, id string) string {
	sum := sha256.Sum256([]byte(traceID + "/" + id))
	return hex.EncodeToString(sum[:8])
}

// resources are the services of which X-Ray shows the single resource, when
// the call names its operation.
var resources = map[string]string{
	"DynamoDB": "AWS::DynamoDB::Table",
	"S3":       "AWS::S3::Bucket",
	"SQS":      "AWS::SQS::Queue",
}

func awsOrigin(sub *segment.Document) string {
	if origin, ok := resources[sub.Name]; ok && text(sub.AWS, "operation") != "" {
		return origin
	}
	return "AWS::" + sub.Name
}

func text(block map[string]any, key string) string {
	s, _ := block[key].(string)
	return s
}
