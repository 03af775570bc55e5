package assembly

import "github.com/bragg-tracing/bragg/pkg/segment"

// linkKinds are the attributes of a link that say what kind of link it is: those
// of X-Ray, and what OpenTelemetry's instrumentations write.
var linkKinds = []string{"aws.xray.link_type", "aws.xray.reference_type", "link.type", "reference"}

// LinkKind returns what kind of link it is, "" if it does not tell.
func LinkKind(l segment.Link) string {
	for _, name := range linkKinds {
		if kind, ok := l.Attributes[name].(string); ok {
			return kind
		}
	}
	return ""
}
