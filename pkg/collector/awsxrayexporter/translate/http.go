package translate

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// appendHTTP appends the http block, if the span is of HTTP.
func (s *scratch) appendHTTP(b []byte) []byte {
	a := &s.attributes
	if !a.gives.has(givesHTTP) {
		return b
	}
	b = append(b, `,\"http\":{\"request\":`...)
	start := len(b)
	b = appendMember(b, `,\"method\":`, a.show(httpMethod, httpRequestMethod))
	hasURL := a.gives.has(givesURL)
	if a.gives.has(givesIP) {
		ip, isPeer, isURL := s.clientIP()
		hasURL = hasURL || isURL
		b = appendMember(b, `,\"client_ip\":`, ip)
		if ip != "" && !isPeer {
			b = append(b, `,\"x_forwarded_for\":true`...)
		}
	}
	if hasURL {
		b = s.appendURL(b)
	}
	b = appendMember(b, `,\"user_agent\":`, a.show(httpUserAgent, userAgentOriginal))
	b = segment.CloseObject(b, start)
	b = append(b, `,\"response\":{`...)
	if status := a.latest(httpStatusCode, httpResponseStatusCode); status != nil {
		status.shown = status.value.Type() == pcommon.ValueTypeInt
		b = strconv.AppendInt(append(b, `\"status\":`...), status.value.Int(), 10)
		b = append(b, ',')
	}
	b = strconv.AppendInt(append(b, `\"content_length\":`...), s.responseSize(), 10)
	return append(b, `}}`...)
}

// clientIP goes through the attributes in order: client.address and
// http.client_ip win over the peer's address.
func (s *scratch) clientIP() (ip string, isPeer, isURL bool) {
	var from *attribute
	list := s.attributes.list
	for i := range list {
		x := &list[i]
		if !gives[x.key].has(givesIP) {
			continue
		}
		v := x.value.Str()
		switch x.key {
		case httpClientIP:
			ip, from = v, x
		case netPeerIP:
			isPeer = true
			if ip == "" {
				ip, from = v, x
			}
		case networkPeerAddress:
			if isIP(v) {
				isPeer, isURL = true, true
				if ip == "" {
					ip, from = v, x
				}
			}
		case clientAddress:
			if isIP(v) {
				ip, from = v, x
			}
		}
	}
	if ip != "" {
		from.shown = true
	}
	return ip, isPeer, isURL
}

// isIP reports whether s is an address without a zone. Names are told apart
// first, as the parser allocates its error.
func isIP(s string) bool {
	separated := false
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
		case c == '.', c == ':':
			separated = true
		default:
			return false
		}
	}
	if !separated {
		return false
	}
	_, err := netip.ParseAddr(s)
	return err == nil
}

// responseSize is the size of the first message that was received, which
// instrumentation puts on the span or in an event.
func (s *scratch) responseSize() int64 {
	if a := &s.attributes; a.str(messageType) == "RECEIVED" {
		if v, _ := a.get(messagingPayloadSize); a.has(messagingPayloadSize) && v.Int() != 0 {
			return v.Int()
		}
	}
	events := s.span.Events()
	for i, n := 0, events.Len(); i < n; i++ {
		m := events.At(i).Attributes()
		if kind, ok := m.Get("message.type"); !ok || kind.Str() != "RECEIVED" {
			continue
		}
		if size, ok := m.Get("messaging.message_payload_size_bytes"); ok && size.Int() != 0 {
			return size.Int()
		}
	}
	return 0
}

// The places from which a URL's host and port are taken, best first.
var (
	clientHosts       = []key{netPeerName, netPeerIP}
	clientPorts       = []key{netPeerPort}
	stableClientHosts = []key{netPeerName, serverAddress, netPeerIP, networkPeerAddress}
	stableClientPorts = []key{netPeerPort, serverPort, networkPeerPort}
	serverHosts       = []key{httpServerName, netHostName, hostName, serverAddress}
	serverPorts       = []key{netHostPort, serverPort}
)

// appendURL appends the url member.
func (s *scratch) appendURL(b []byte) []byte {
	a := &s.attributes
	if a.has(httpURL) || a.has(urlFull) {
		return appendMember(b, `,\"url\":`, a.show(httpURL, urlFull))
	}
	b = append(b, `,\"url\":\"`...)
	scheme := "http"
	if a.has(httpScheme) || a.has(urlScheme) {
		scheme = a.show(httpScheme, urlScheme)
	}
	b = segment.AppendStringPart(b, scheme)
	b = append(b, "://"...)
	b = s.appendHost(b, scheme)
	if a.has(httpTarget) {
		return append(segment.AppendStringPart(b, a.show(httpTarget)), `\"`...)
	}
	if a.has(urlPath) {
		b = segment.AppendStringPart(b, a.show(urlPath))
	} else {
		b = append(b, '/')
	}
	if a.has(urlQuery) {
		query := a.show(urlQuery)
		if !strings.HasPrefix(query, "?") {
			b = append(b, '?')
		}
		b = segment.AppendStringPart(b, query)
	}
	return append(b, `\"`...)
}

func (s *scratch) appendHost(b []byte, scheme string) []byte {
	a := &s.attributes
	if a.has(httpHost) {
		return segment.AppendStringPart(b, a.show(httpHost))
	}
	hosts, ports := serverHosts, serverPorts
	if s.span.Kind() != ptrace.SpanKindServer {
		hosts, ports = clientHosts, clientPorts
		if s.t.rules.has(ruleServerAddress) {
			hosts, ports = stableClientHosts, stableClientPorts
		}
	}
	for _, k := range hosts {
		if a.has(k) {
			b = segment.AppendStringPart(b, a.show(k))
			break
		}
	}
	for _, k := range ports {
		if a.has(k) {
			return s.appendPort(b, a.latest(k), scheme)
		}
	}
	return b
}

// appendPort appends ":port", unless it is the scheme's.
func (s *scratch) appendPort(b []byte, x *attribute, scheme string) []byte {
	x.shown = true
	port := x.value.Str()
	if port == "" {
		s.tmp = strconv.AppendInt(s.tmp[:0], x.value.Int(), 10)
		if scheme == "http" && string(s.tmp) == "80" || scheme == "https" && string(s.tmp) == "443" {
			return b
		}
		return append(append(b, ':'), s.tmp...)
	}
	if scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		return b
	}
	return segment.AppendStringPart(append(b, ':'), port)
}
