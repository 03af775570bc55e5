package sampling

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
)

// Request is what a rule can match: properties of the service, and of the
// request or the operation that may become a trace.
type Request struct {
	ServiceName string // service.name; X-Ray's segment name
	ServiceType string // X-Ray's origin, like AWS::ECS::Fargate; see [ServiceType]
	ResourceARN string // what the service runs on

	Host   string // of the HTTP Host header, with or without port
	Method string // HTTP method
	Path   string // of the URL, without query

	// Attributes are those known when the decision is made.
	Attributes []attribute.KeyValue

	// Partial says that an empty field above is unknown and matches every
	// pattern, as in the X-Ray SDK, where a segment that is no HTTP request can
	// be decided by a rule for a path. Otherwise it matches only *.
	Partial bool
}

// setAttributes fills Host, Method and Path from span attributes, of the
// stable HTTP conventions or, where these are missing, of the ones before.
// https://opentelemetry.io/docs/specs/semconv/http/http-spans/
// https://github.com/open-telemetry/semantic-conventions/blob/v1.20.0/docs/http/http-spans.md
func (r *Request) setAttributes(attrs []attribute.KeyValue) {
	r.Attributes = attrs
	var oldMethod, oldHost, hostName, peerName, target, full, oldFull string
	for i := range attrs {
		kv := &attrs[i]
		switch kv.Key {
		case "http.request.method":
			r.Method = kv.Value.AsString()
		case "http.method":
			oldMethod = kv.Value.AsString()
		case "server.address":
			r.Host = kv.Value.AsString()
		case "http.host":
			oldHost = kv.Value.AsString()
		case "net.host.name", "http.server_name":
			hostName = kv.Value.AsString()
		case "net.peer.name":
			peerName = kv.Value.AsString()
		case "url.path":
			r.Path = kv.Value.AsString()
		case "http.target":
			target = kv.Value.AsString()
		case "url.full":
			full = kv.Value.AsString()
		case "http.url":
			oldFull = kv.Value.AsString()
		}
	}
	r.Method = first(r.Method, oldMethod)
	full = first(full, oldFull)
	r.Host = first(r.Host, oldHost, hostName, peerName)
	r.Path = first(r.Path, target)
	if full != "" && (r.Host == "" || r.Path == "") {
		host, path := splitURL(full)
		r.Host, r.Path = first(r.Host, host), first(r.Path, path)
	}
	if i := strings.IndexByte(r.Path, '?'); i >= 0 {
		r.Path = r.Path[:i]
	}
}

// first returns the first text that is not empty. Unlike cmp.Or it is inlined.
func first(a, b string, more ...string) string {
	if a != "" {
		return a
	}
	if b != "" {
		return b
	}
	for _, s := range more {
		if s != "" {
			return s
		}
	}
	return ""
}

// splitURL returns host and path of an absolute URL, without parsing the rest.
func splitURL(full string) (host, path string) {
	if _, rest, ok := strings.Cut(full, "://"); ok {
		full = rest
	}
	if i := strings.IndexAny(full, "?#"); i >= 0 {
		full = full[:i]
	}
	if i := strings.IndexByte(full, '/'); i >= 0 {
		full, path = full[:i], full[i:]
	} else {
		path = "/"
	}
	if i := strings.LastIndexByte(full, '@'); i >= 0 {
		full = full[i+1:]
	}
	return full, path
}

// hostname cuts the port off a host.
func hostname(host string) string {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.IndexByte(host[i:], ']') >= 0 {
		return host
	}
	return host[:i]
}

// attributePattern is one of a rule's attributes.
type attributePattern struct {
	key   attribute.Key
	value pattern
}

// match reports whether the request has the attribute with a value that fits.
func (a *attributePattern) match(attrs []attribute.KeyValue) bool {
	for i := range attrs {
		if attrs[i].Key == a.key {
			return a.matchValue(attrs[i].Value)
		}
	}
	return false
}

func (a *attributePattern) matchValue(v attribute.Value) bool {
	switch v.Type() {
	case attribute.STRING:
		return a.value.match(v.AsString())
	case attribute.BOOL:
		return a.value.match(strconv.FormatBool(v.AsBool()))
	case attribute.INT64:
		var digits [20]byte
		return a.value.match(string(strconv.AppendInt(digits[:0], v.AsInt64(), 10)))
	}
	return false
}
