package spans

import (
	"strconv"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Conventions say which names the attributes of http blocks have.
type Conventions uint8

const (
	OldHTTP    Conventions            = 1 << iota // http.method, http.url, http.status_code
	StableHTTP                                    // http.request.method, url.full, http.response.status_code
	BothHTTP   = OldHTTP | StableHTTP             //
)

// httpNames are the names of one convention.
type httpNames struct {
	method, url, clientIP, status, contentLength string
}

var conventionNames = []struct {
	conventions Conventions
	names       httpNames
}{
	{OldHTTP, httpNames{"http.method", "http.url", "http.client_ip", "http.status_code", "http.response_content_length"}},
	{StableHTTP, httpNames{"http.request.method", "url.full", "client.address", "http.response.status_code", "http.response.body.size"}},
}

func (f *flattener) fillHTTP(span ptrace.Span, doc object) {
	request := putter{doc.object("http").object("request"), span.Attributes()}
	response := putter{doc.object("http").object("response"), span.Attributes()}
	for _, c := range conventionNames {
		if f.options.HTTP&c.conventions == 0 {
			continue
		}
		request.str("method", c.names.method)
		request.str("url", c.names.url)
		request.str("client_ip", c.names.clientIP)
		response.integer("status", c.names.status)
		response.contentLength(c.names.contentLength)
	}
	request.str("user_agent", "http.user_agent")
	request.boolean("x_forwarded_for", xForwardedFor)
	request.boolean("traced", traced)
	if status, ok := response.from.integer("status"); ok && (status < 100 || status >= 399) {
		span.Status().SetCode(ptrace.StatusCodeError)
	}
}

// contentLength takes the length as a number or, as some SDKs write it, a
// string.
func (p putter) contentLength(attribute string) {
	if text, ok := p.from.str("content_length"); ok {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			p.to.PutInt(attribute, n)
			return
		}
		p.to.PutStr(attribute, text)
		return
	}
	p.integer("content_length", attribute)
}
