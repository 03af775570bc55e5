package translate

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// A nameParts is a name before it is written: a, or a@b.
type nameParts struct{ a, b string }

// isValid reports whether X-Ray accepts the name.
func (n nameParts) isValid() bool {
	if size := len(n.a) + len(n.b); size > 0 && size < maxName && isPlainName(n.a) && isPlainName(n.b) {
		return true
	}
	if n.b == "" {
		return segment.IsName(n.a)
	}
	return segment.IsName(n.a + "@" + n.b)
}

// appendName appends the opening brace and the name, and reports whether the
// namespace is aws. X-Ray names segments by service, not by operation: the
// first source that is not empty wins.
func (s *scratch) appendName(b []byte, p part) (_ []byte, aws bool) {
	name, aws := s.name()
	if override, ok := s.localRootName(p); ok {
		name = nameParts{a: override}
	}
	b = append(b, `{\"name\":`...)
	switch {
	case s.t.rules.has(ruleNames), s.foreign:
		return s.appendCleanName(b, name), aws
	}
	s.status.oddName = !name.isValid()
	switch {
	case name == nameParts{}:
		return append(b, "null"...), aws
	case name.b == "":
		return segment.AppendString(b, name.a), aws
	}
	b = segment.AppendStringPart(append(b, `\"`...), name.a)
	b = segment.AppendStringPart(append(b, '@'), name.b)
	return append(b, `\"`...), aws
}

// localRootName is the name that the parts of a LOCAL_ROOT call have.
func (s *scratch) localRootName(p part) (string, bool) {
	a := &s.attributes
	switch {
	case p == dependency && a.has(awsRemoteService):
		return s.remoteService(), true
	case p == service && a.has(awsLocalService):
		return a.str(awsLocalService), true
	case p == service && s.resource.named:
		return s.resource.serviceName, true
	}
	return "", false
}

func (s *scratch) remoteService() string {
	name := s.attributes.str(awsRemoteService)
	if s.status.awsSDK {
		return trimSDKPrefix(name)
	}
	return name
}

func (s *scratch) name() (name nameParts, aws bool) {
	a, kind, aws := &s.attributes, s.span.Kind(), s.status.awsSDK
	if !a.gives.has(givesName) && (kind == ptrace.SpanKindInternal || kind == ptrace.SpanKindClient) {
		return nameParts{a: s.fixedSpanName()}, aws
	}
	if kind == ptrace.SpanKindConsumer && s.t.rules.has(ruleConsumerNames) {
		if n := firstOf(a.str(awsLocalService), s.resource.serviceName); n != "" {
			return nameParts{a: n}, aws
		}
	}
	switch {
	case kind == ptrace.SpanKindServer, kind == ptrace.SpanKindInternal && a.str(awsSpanKind) == "LOCAL_ROOT":
		name.a = a.str(awsLocalService)
	case kind == ptrace.SpanKindClient, kind == ptrace.SpanKindProducer, kind == ptrace.SpanKindConsumer:
		name.a = s.remoteService()
	}
	if name.a == "" {
		name.a = a.str(peerService)
	}
	if name.a == "" && a.has(awsService) {
		name.a, aws = a.str(awsService), true
	}
	if name.a == "" {
		var isAWS bool
		name, isAWS = s.stableName()
		aws = aws || isAWS
	}
	if name.a == "" {
		name = s.databaseName()
	}
	if name.b != "" {
		return name, aws
	}
	if name.a == "" && kind == ptrace.SpanKindServer {
		name.a = s.resource.serviceName
	}
	if name.a == "" {
		name.a = firstOf(a.str(rpcService), s.stableRPCService(), a.str(httpHost), a.str(netPeerName))
	}
	if name.a == "" && (kind == ptrace.SpanKindClient || kind == ptrace.SpanKindProducer) && s.t.rules.has(ruleServerAddress) {
		name.a = a.str(serverAddress)
	}
	if name.a == "" {
		name.a = s.fixedSpanName()
	}
	return name, aws
}

func firstOf(names ...string) string {
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return ""
}

// databaseName is db@host.
func (s *scratch) databaseName() nameParts {
	a := &s.attributes
	stable := s.t.rules.has(ruleStableDB)
	name := nameParts{a: a.str(dbName)}
	if stable && name.a == "" {
		name.a = firstOf(a.str(dbNamespace), a.str(dbSystemName))
	}
	if name.a != "" || a.has(dbName) && !stable {
		name.b = s.databaseHost(a.str(dbConnectionString))
	}
	if stable && name.a != "" && name.b == "" {
		name.b = firstOf(a.str(serverAddress), a.str(netPeerName))
	}
	return name
}

// databaseHost returns the host in a connection string. A service has few of
// them: the last one is remembered for the batch.
func (s *scratch) databaseHost(connection string) string {
	if connection != s.connection {
		s.connection, s.host = connection, hostOf(strings.TrimPrefix(connection, "jdbc:"))
	}
	return s.host
}

// hostOf returns the host of a URL, or "" if s is none. The usual form,
// scheme://user:password@host:port/path, is read here; the rest is for
// url.Parse, which allocates.
func hostOf(s string) string {
	if s == "" {
		return ""
	}
	if scheme, rest, ok := strings.Cut(s, "://"); ok && isMadeOf(scheme, lowerLetter) {
		end := 0
		for end < len(rest) && rest[end] != '/' && rest[end] != '?' && rest[end] != '#' {
			end++
		}
		authority, path := rest[:end], rest[end:]
		user := ""
		if i := strings.LastIndexByte(authority, '@'); i >= 0 {
			user, authority = authority[:i], authority[i+1:]
		}
		host, port, _ := strings.Cut(authority, ":")
		if scheme != "" && isMadeOf(user, userPart) && isMadeOf(host, hostPart) && isMadeOf(port, digit) && isMadeOf(path, pathPart) {
			return host
		}
	}
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// A urlPart is a set of characters that mean themselves in a part of a URL.
type urlPart uint8

const (
	lowerLetter urlPart = 1 << iota
	digit
	hostPart
	userPart
	pathPart
)

var urlParts = func() (t [256]urlPart) {
	for c := range byte(utf8.RuneSelf) {
		switch {
		case 'a' <= c && c <= 'z':
			t[c] = lowerLetter | hostPart | userPart | pathPart
		case '0' <= c && c <= '9':
			t[c] = digit | hostPart | userPart | pathPart
		case 'A' <= c && c <= 'Z', c == '.', c == '-', c == '_':
			t[c] = hostPart | userPart | pathPart
		case c == ':':
			t[c] = userPart
		case c == '/', c == '?', c == '=', c == '&':
			t[c] = pathPart
		}
	}
	return t
}()

func isMadeOf(s string, part urlPart) bool {
	for i := range len(s) {
		if urlParts[s[i]]&part == 0 {
			return false
		}
	}
	return true
}

// maxName is X-Ray's limit of a name: bytes for contrib, characters for X-Ray.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
const maxName = 200

// namePlain holds the ASCII characters that both allow in a name.
var namePlain = func() (t [256]bool) {
	for c := range byte(utf8.RuneSelf) {
		t[c] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			strings.IndexByte(" _.:/%&#=+-@", c) >= 0
	}
	return t
}()

func isPlainName(s string) bool {
	for i := range len(s) {
		if !namePlain[s[i]] {
			return false
		}
	}
	return true
}

// fixedSpanName is the span's name as contrib writes it: characters that it
// does not know removed, cut at 200 bytes.
func (s *scratch) fixedSpanName() string {
	name := s.span.Name()
	if !isPlainName(name) {
		name = strings.Map(func(r rune) rune {
			if r < utf8.RuneSelf && namePlain[r] || r != utf8.RuneError && r >= utf8.RuneSelf && unicode.IsLetter(r) {
				return r
			}
			return -1
		}, name)
	}
	if s.t.rules.has(ruleNames) {
		return name // it is cut and, if empty, replaced with the others
	}
	if len(name) > maxName {
		return name[:maxName]
	}
	if name == "" {
		return "span"
	}
	return name
}

// appendCleanName appends a name that X-Ray accepts.
func (s *scratch) appendCleanName(b []byte, name nameParts) []byte {
	n := len(name.a) + len(name.b)
	if n > 0 && n < maxName && isPlainName(name.a) && isPlainName(name.b) {
		b = segment.AppendStringPart(append(b, `\"`...), name.a)
		if name.b != "" {
			b = segment.AppendStringPart(append(b, '@'), name.b)
		}
		return append(b, `\"`...)
	}
	if name.b == "" {
		return s.appendSanitized(b, name.a)
	}
	return s.appendSanitized(b, name.a+"@"+name.b)
}

// appendSanitized appends what X-Ray accepts of a name, at most 200 runes, or
// else the span's name, or else "span".
func (s *scratch) appendSanitized(b []byte, name string) []byte {
	clean := sanitize(name)
	if clean == "" {
		clean = sanitize(s.span.Name())
	}
	if clean == "" {
		clean = "span"
	}
	return segment.AppendString(b, clean)
}

func sanitize(name string) string {
	kept := 0
	return strings.Map(func(r rune) rune {
		ok := r < utf8.RuneSelf && namePlain[r] || r == '\\' ||
			r != utf8.RuneError && r >= utf8.RuneSelf && (unicode.In(r, unicode.L, unicode.N, unicode.Z))
		if !ok || kept == maxName {
			return -1
		}
		kept++
		return r
	}, name)
}
