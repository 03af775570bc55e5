package oracle

import (
	"encoding/binary"
	"math"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Configs are the configurations that a Generator's cases are meant for.
var Configs = []translate.Config{
	{},
	{IndexAllAttributes: true},
	{IndexedAttributes: []string{
		"http.method", "url.path", "db.statement", "rpc.method", "aws.region", "enduser.id", "net.peer.name", "custom.a", "custom-a", "custom.list",
		"http.status_text", "aws.xray.metadata.notes", "otel.resource.service.name", "otel.resource.cloud.platform", "otel.resource.process.command_args",
	}},
	{LogGroupNames: []string{"/aws/one", "two"}},
	{IndexedAttributes: []string{"custom.a", "otel.resource.host.id"}, LogGroupNames: []string{}},
}

// Choices makes a Generator's decisions. *rand.Rand is one.
type Choices interface {
	// IntN returns a number from 0 up to n, n excluded.
	IntN(n int) int
}

// ByteChoices decides by bytes; when they are used up, it is always 0.
type ByteChoices []byte

// IntN implements Choices.
func (b *ByteChoices) IntN(n int) int {
	v := 0
	for range 1 + min((n-1)/256, 1) {
		if len(*b) > 0 {
			v = v<<8 | int((*b)[0])
			*b = (*b)[1:]
		}
	}
	return v % n
}

// A Generator makes cases at random. Their span ids are unique.
type Generator struct {
	choices  Choices
	spans    uint64
	resource pcommon.Resource
	left     int // how many more spans have the resource
}

// NewGenerator returns a Generator that decides by choices.
func NewGenerator(choices Choices) *Generator { return &Generator{choices: choices} }

// Case makes a case.
func (g *Generator) Case() Case {
	if g.left == 0 {
		g.resource, g.left = g.newResource(), 1+g.choices.IntN(6)
	}
	g.left--
	c := Case{Resource: g.resource, Span: ptrace.NewSpan()}
	g.identify(c.Span)
	pick(g, scenarios)(g, c.Span)
	for range g.choices.IntN(4) {
		g.attribute(c.Span.Attributes())
	}
	g.special(c.Span)
	g.events(c.Span)
	for range g.choices.IntN(12) - 9 {
		l := c.Span.Links().AppendEmpty()
		l.SetTraceID(g.traceID())
		l.SetSpanID(pcommon.SpanID{byte(g.choices.IntN(256)), 1})
		for range g.choices.IntN(3) {
			g.attribute(l.Attributes())
		}
	}
	return c
}

// one is true once in n times, and never for ByteChoices that are used up.
func (g *Generator) one(n int) bool { return g.choices.IntN(n) == n-1 }

func pick[T any](g *Generator, from []T) T { return from[g.choices.IntN(len(from))] }

func (g *Generator) traceID() (id pcommon.TraceID) {
	binary.BigEndian.PutUint32(id[:], 1748832001+uint32(g.choices.IntN(1000)))
	for i := 4; i < len(id); i++ {
		id[i] = byte(g.choices.IntN(256))
	}
	return id
}

// identify sets what every span has.
func (g *Generator) identify(span ptrace.Span) {
	g.spans++
	var id pcommon.SpanID
	binary.BigEndian.PutUint64(id[:], g.spans<<16|uint64(g.choices.IntN(1<<16)))
	span.SetSpanID(id)
	span.SetTraceID(g.traceID())
	if !g.one(3) {
		span.SetParentSpanID(pcommon.SpanID{1, byte(g.choices.IntN(256)), 3, 4, 5, 6, 7, 8})
	}
	span.SetName(g.text(spanNames))
	start := uint64(1748832001)*1e9 + uint64(g.choices.IntN(1e9))
	span.SetStartTimestamp(pcommon.Timestamp(start))
	switch g.choices.IntN(20) {
	case 17: // no end
	case 18:
		span.SetEndTimestamp(pcommon.Timestamp(start - 1))
	case 19:
		span.SetStartTimestamp(1748832001000000000)
		span.SetEndTimestamp(1748832003000000000)
	default:
		span.SetEndTimestamp(pcommon.Timestamp(start + uint64(g.choices.IntN(1e9))))
	}
	span.SetKind(ptrace.SpanKind(g.choices.IntN(6)))
	switch g.choices.IntN(6) {
	case 3:
		span.Status().SetCode(ptrace.StatusCodeOk)
	case 4:
		span.Status().SetCode(ptrace.StatusCodeError)
	case 5:
		span.Status().SetCode(ptrace.StatusCodeError)
		span.Status().SetMessage(g.text(messages))
	}
}

// newResource is one of the known places, with some attributes changed.
func (g *Generator) newResource() pcommon.Resource {
	c := Case{Resource: pcommon.NewResource()}
	at := g.choices.IntN(len(resources) + 12)
	if at >= len(resources) {
		at = 2 + at%5 // the usual ones more often
	}
	resources[at].part(&c)
	attributes := c.Resource.Attributes()
	if attributes.Len() > 0 && g.choices.IntN(3) < 2 {
		attributes.PutStr("telemetry.sdk.language", pick(g, languages))
	}
	for range g.choices.IntN(8) - 5 {
		g.value(attributes.PutEmpty(pick(g, resourceKeys)))
	}
	for range g.choices.IntN(5) - 3 {
		g.attribute(attributes)
	}
	return c.Resource
}

// attribute puts some attribute.
func (g *Generator) attribute(m pcommon.Map) {
	if g.one(3) {
		g.value(m.PutEmpty(pick(g, knownKeys)))
	} else {
		g.value(m.PutEmpty(pick(g, otherKeys)))
	}
}

// text is one of the strings, or an odd one.
func (g *Generator) text(usual []string) string {
	if g.one(12) {
		return pick(g, oddTexts)
	}
	return pick(g, usual)
}

// value sets a value of any type.
func (g *Generator) value(v pcommon.Value) { g.valueOf(v, 0) }

func (g *Generator) valueOf(v pcommon.Value, depth int) {
	kind := g.choices.IntN(24)
	switch {
	case kind < 10:
		v.SetStr(g.text(texts))
	case kind < 14:
		v.SetInt(pick(g, integers))
	case kind < 17:
		v.SetDouble(g.float())
	case kind < 19:
		v.SetBool(kind == 17)
	case kind < 20:
		v.SetEmptyBytes().FromRaw([]byte(g.text(texts)))
	case kind < 22 && depth < 4:
		slice := v.SetEmptySlice()
		for range g.choices.IntN(4) {
			g.valueOf(slice.AppendEmpty(), depth+1)
		}
	case kind < 23 && depth < 4:
		m := v.SetEmptyMap()
		for range g.choices.IntN(4) {
			g.valueOf(m.PutEmpty(pick(g, otherKeys)), depth+1)
		}
	}
}

func (g *Generator) float() float64 {
	if g.one(16) && g.one(2) {
		return pick(g, []float64{math.NaN(), math.Inf(1), math.Inf(-1)})
	}
	if g.one(2) {
		return float64(g.choices.IntN(1<<16)) / 1000
	}
	return pick(g, floats)
}

// special puts what this exporter knows by name.
func (g *Generator) special(span ptrace.Span) {
	a := span.Attributes()
	if g.one(6) {
		a.PutStr("aws.span.kind", pick(g, []string{"LOCAL_ROOT", "LOCAL_ROOT", "SERVER", ""}))
	}
	if g.one(10) {
		a.PutBool("aws.xray.inprogress", g.one(2))
	}
	if g.one(5) {
		key := pick(g, []string{"aws.local.service", "aws.remote.service", "aws.remote.operation", "remoteTarget", "K8s.RemoteNamespace", "peer.service"})
		a.PutStr(key, g.text([]string{"orders", "AWS.SDK.S3", "AWS::DynamoDB", ""}))
	}
	if g.one(10) {
		keys := a.PutEmptySlice("aws.xray.annotations")
		for range g.choices.IntN(4) {
			keys.AppendEmpty().SetStr(pick(g, otherKeys))
		}
	}
	if g.one(8) {
		a.PutStr("aws.xray.metadata."+pick(g, []string{"notes", "default", "Default", "", "a.b"}), pick(g, objects))
	}
	if g.one(10) {
		a.PutStr("enduser.id", g.text([]string{"user-1", ""}))
	}
	if g.one(400) {
		long := make([]byte, 70000)
		for i := range long {
			long[i] = "abc <&>\""[i%8]
		}
		a.PutStr(pick(g, []string{"db.statement", "text", "http.url", "enduser.id"}), string(long))
	}
}

// events puts exceptions and others.
func (g *Generator) events(span ptrace.Span) {
	for range g.choices.IntN(8) - 4 {
		e := span.Events().AppendEmpty()
		e.SetTimestamp(pcommon.Timestamp(1748832001000000000 + uint64(g.choices.IntN(1e9))))
		a := e.Attributes()
		switch g.choices.IntN(5) {
		case 0:
			e.SetName("message")
			a.PutStr("message.type", pick(g, []string{"SENT", "RECEIVED"}))
			a.PutInt("messaging.message_payload_size_bytes", int64(g.choices.IntN(100)))
		case 1:
			e.SetName("HTTP request failure")
			g.value(a.PutEmpty("http.response.status_code"))
			if !g.one(4) {
				a.PutStr("aws.http.error_message", g.text(messages))
			}
		case 2:
			e.SetName("other")
			g.attribute(a)
		default:
			e.SetName("exception")
			a.PutStr("exception.type", g.text([]string{"java.lang.IllegalStateException", "ValueError", "*errors.errorString"}))
			a.PutStr("exception.message", g.text(messages))
			a.PutStr("exception.stacktrace", g.stack(g.resource))
		}
	}
}
