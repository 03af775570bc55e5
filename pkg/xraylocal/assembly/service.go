package assembly

import "github.com/bragg-tracing/bragg/pkg/segment"

// A Service identifies a node of the service graph. Type is the origin of a
// segment ("" if it has none), "remote" or "client".
type Service struct {
	Name string
	Type string
}

// The types of nodes that are no AWS resource.
const (
	TypeRemote = "remote" // something that was called and sends no segments
	TypeClient = "client" // whoever calls the entry point
)

// resourceNames are the members of an aws block that name the resource called.
var resourceNames = map[string]string{
	"AWS::DynamoDB::Table": "table_name",
	"AWS::S3::Bucket":      "bucket_name",
	"AWS::SQS::Queue":      "queue_url",
	"AWS::SNS":             "topic_arn",
	"AWS::Lambda":          "function_name",
}

// ServiceOf returns the node that a segment, sent or inferred, belongs to.
func ServiceOf(seg *segment.Document) Service {
	if !seg.Inferred {
		return Service{Name: seg.Name, Type: seg.Origin}
	}
	if seg.Origin == "" {
		return Service{Name: seg.Name, Type: TypeRemote}
	}
	if name := text(seg.AWS, resourceNames[seg.Origin]); name != "" && text(seg.AWS, "operation") != "" {
		return Service{Name: name, Type: seg.Origin}
	}
	return Service{Name: seg.Name, Type: seg.Origin}
}

// CalleeOf returns the node that a call stands for as long as the callee has sent
// nothing: the service that would be inferred from it. The call is a subsegment
// in the namespace aws or remote.
func CalleeOf(call *segment.Document) Service {
	callee := segment.Document{Name: call.Name, AWS: call.AWS, Inferred: true}
	if call.Namespace == segment.NamespaceAWS {
		callee.Origin = awsOrigin(call)
	}
	return ServiceOf(&callee)
}

// IsCall reports whether a document tells of a call of another service.
func IsCall(doc *segment.Document) bool {
	return doc.Namespace == segment.NamespaceAWS || doc.Namespace == segment.NamespaceRemote
}

// Services returns the nodes of the trace, each once: those of its segments,
// oldest first, and last the client of the entry point, which has its name.
func (t *Trace) Services() []Service {
	var services []Service
	seen := make(map[Service]bool)
	add := func(s Service) {
		if !seen[s] {
			seen[s] = true
			services = append(services, s)
		}
	}
	for _, seg := range t.Segments {
		add(ServiceOf(seg))
	}
	if root := t.Root(); root != nil {
		add(Service{Name: root.Name, Type: TypeClient})
	}
	return services
}

// Outcome says how a request ended.
type Outcome struct {
	Error, Fault, Throttle bool
}

// OutcomeOf judges an entity by its flags and its HTTP status: 429 is a
// throttle, any other 4xx an error, 5xx a fault. A throttle is no error.
func OutcomeOf(doc *segment.Document) Outcome {
	status := 0
	if doc.HTTP != nil && doc.HTTP.Response != nil {
		status = doc.HTTP.Response.Status
	}
	o := Outcome{
		Throttle: doc.Throttle || status == 429,
		Fault:    doc.Fault || status >= 500 && status < 600,
	}
	o.Error = !o.Throttle && (doc.Error || status >= 400 && status < 500)
	return o
}
