package tracelambda

import (
	"encoding/json"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// A trigger is what an event says of who invoked the function.
type trigger struct {
	kind       trace.SpanKind
	name       string // the span's, "" for the function's
	attributes []attribute.KeyValue
	carrier    propagation.MapCarrier // trace headers of an HTTP request
	links      []trace.Link           // to what sent the messages
	response   responseKind
}

// responseKind is what a trigger expects of the function.
type responseKind uint8

const (
	nothing responseKind = iota
	status               // an HTTP response
	batch                // the messages that failed
)

func (t trigger) spanName(function string) string {
	if t.name == "" {
		return function
	}
	return t.name
}

// An event holds the members by which events are told apart, and those that
// spans show. Most events have a few of them.
type event struct {
	// API Gateway, load balancers and function URLs
	HTTPMethod        string              `json:"httpMethod"`
	Path              string              `json:"path"`
	Resource          string              `json:"resource"`
	RouteKey          string              `json:"routeKey"`
	RawPath           string              `json:"rawPath"`
	Headers           map[string]string   `json:"headers"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
	RequestContext    *requestContext     `json:"requestContext"`

	// EventBridge
	ID         string `json:"id"`
	Source     string `json:"source"`
	DetailType string `json:"detail-type"`

	// SQS, SNS, Kinesis, DynamoDB streams, S3
	Records []record `json:"Records"`
}

type requestContext struct {
	Stage      string `json:"stage"`
	APIID      string `json:"apiId"`
	DomainName string `json:"domainName"`
	EventType  string `json:"eventType"` // of WebSockets
	RouteKey   string `json:"routeKey"`
	ELB        *struct {
		TargetGroupArn string `json:"targetGroupArn"`
	} `json:"elb"`
	HTTP *struct {
		Method    string `json:"method"`
		Path      string `json:"path"`
		SourceIP  string `json:"sourceIp"`
		UserAgent string `json:"userAgent"`
	} `json:"http"`
	Identity struct {
		SourceIP  string `json:"sourceIp"`
		UserAgent string `json:"userAgent"`
	} `json:"identity"`
}

// triggerOf reads an event. What it does not know was invoked directly, or by
// something that says nothing of itself.
func triggerOf(payload []byte) trigger {
	t := trigger{kind: trace.SpanKindServer}
	if len(payload) == 0 || payload[0] != '{' {
		return t
	}
	var e event
	// An event of the function's own may have members of these names and other
	// types: those are passed over, the others are read.
	_ = json.Unmarshal(payload, &e)
	switch {
	case e.RequestContext != nil && (e.HTTPMethod != "" || e.RequestContext.HTTP != nil):
		t.readHTTP(&e)
	case e.RequestContext != nil && e.RequestContext.EventType != "":
		t.readWebSocket(&e)
	case len(e.Records) > 0:
		t.readRecords(e.Records)
	case e.Source != "" && e.DetailType != "" && e.ID != "":
		t.readEventBridge(&e)
	}
	return t
}

func (t *trigger) add(name, value string) {
	if value != "" {
		t.attributes = append(t.attributes, attribute.String(name, value))
	}
}

// readHTTP reads an event of API Gateway (REST and HTTP APIs), of a load
// balancer, or of a function URL.
func (t *trigger) readHTTP(e *event) {
	t.response = status
	headers := lowerCase(e)
	t.carrier = carrierOf(headers)
	method, path, route := e.HTTPMethod, e.Path, e.Resource
	ip, agent := e.RequestContext.Identity.SourceIP, headers["user-agent"]
	if h := e.RequestContext.HTTP; h != nil { // HTTP APIs and function URLs
		method, path, ip = h.Method, e.RawPath, h.SourceIP
		if _, after, ok := strings.Cut(e.RouteKey, " "); ok { // "GET /loans/{id}", or $default
			route = after
		}
	}
	if ip == "" { // load balancers
		ip, _, _ = strings.Cut(headers["x-forwarded-for"], ",")
	}
	t.add("faas.trigger", "http")
	t.add("http.request.method", method)
	t.add("url.path", path)
	t.add("http.route", route)
	t.add("url.scheme", headers["x-forwarded-proto"])
	host := headers["host"]
	if host == "" {
		host = e.RequestContext.DomainName
	}
	name, _, _ := strings.Cut(host, ":")
	t.add("server.address", name)
	t.add("client.address", strings.TrimSpace(ip))
	t.add("user_agent.original", agent)
	t.add("aws.api_gateway.id", e.RequestContext.APIID)
	t.add("aws.api_gateway.stage", e.RequestContext.Stage)
	if e.RequestContext.ELB != nil {
		t.add("aws.elb.target_group.arn", e.RequestContext.ELB.TargetGroupArn)
	}
	if route != "" && !strings.HasPrefix(route, "$") {
		t.name = method + " " + route
	}
}

func (t *trigger) readWebSocket(e *event) {
	t.response = status
	t.add("faas.trigger", "http")
	t.add("aws.api_gateway.id", e.RequestContext.APIID)
	t.add("aws.api_gateway.stage", e.RequestContext.Stage)
	t.add("http.route", e.RequestContext.RouteKey)
}

// lowerCase returns the headers by their names in lower case; the several
// values of one become one, as in HTTP.
func lowerCase(e *event) map[string]string {
	headers := make(map[string]string, len(e.Headers)+len(e.MultiValueHeaders))
	for name, values := range e.MultiValueHeaders {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	for name, value := range e.Headers {
		headers[strings.ToLower(name)] = value
	}
	return headers
}

// headerNames are the headers of trace context, by their names in lower case and
// as propagators ask for them.
var headerNames = map[string]string{
	"traceparent": "traceparent", "tracestate": "tracestate", "baggage": "baggage", "x-amzn-trace-id": "X-Amzn-Trace-Id",
}

func carrierOf(headers map[string]string) propagation.MapCarrier {
	carrier := propagation.MapCarrier{}
	for name, as := range headerNames {
		if value := headers[name]; value != "" {
			carrier[as] = value
		}
	}
	return carrier
}

func (t *trigger) readEventBridge(e *event) {
	t.kind = trace.SpanKindConsumer
	t.add("faas.trigger", "pubsub")
	t.add("messaging.system", "aws.eventbridge")
	t.add("messaging.operation.type", "process")
	t.add("messaging.message.id", e.ID)
	t.add("aws.eventbridge.source", e.Source)
	t.add("aws.eventbridge.detail_type", e.DetailType)
	if e.Source == "aws.events" && e.DetailType == "Scheduled Event" {
		t.kind = trace.SpanKindServer
		t.attributes = []attribute.KeyValue{attribute.String("faas.trigger", "timer")}
	}
}
