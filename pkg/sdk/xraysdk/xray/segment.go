package xray

import (
	"context"
	"encoding/hex"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/header"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/logger"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/plugins"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/strategy/sampling"
	"go.opentelemetry.io/otel/trace"
)

// A node is what a segment is to others. It is small: segments that are not
// recorded have one too.
type node struct {
	//lint:ignore U1000 see mark
	*mark
	parent *Segment                  // nil for a segment and for a facade
	record atomic.Pointer[recording] // nil if it is not recorded
}

// A recording is what a segment has that is recorded.
type recording struct {
	span    *span // that it becomes, of which it is a part
	rest    atomic.Pointer[rest]
	start   int64 // nanoseconds since the epoch, what StartTime is rounded from
	end     int64 // 0 as long as it is not closed
	kind    int8  // a trace.SpanKind
	removed bool  // from its parent: not sent
}

// rec is the recording of a segment that has one.
func (s *Segment) rec() *recording { return s.record.Load() }

// rest is the rest of a segment, or nil.
func (s *Segment) rest() *rest {
	if r := s.record.Load(); r != nil {
		return r.rest.Load()
	}
	return nil
}

// A rest is what few segments have.
type rest struct {
	route  route                             // where a segment and its subsegments go
	live   trace.Span                        // of a provider that gives ids itself
	shadow atomic.Pointer[trace.SpanContext] // for OpenTelemetry, if the ids are none for a span
	tree   *tree                             // of segments that go to an emitter
}

// route is where the segment goes, or nil.
func (s *Segment) route() route {
	if r := s.segment().rest(); r != nil {
		return r.route
	}
	return nil
}

// live is the span of a provider that gives ids itself, or nil.
func (s *Segment) live() trace.Span {
	if r := s.rest(); r != nil {
		return r.live
	}
	return nil
}

// tree is what the segment knows of its subsegments, or nil.
func (s *Segment) tree() *tree {
	if r := s.rest(); r != nil {
		return r.tree
	}
	return nil
}

// maxName is how many bytes a name has at most.
const maxName = 200

func cutName(name string) string {
	if len(name) <= maxName {
		return name
	}
	return strings.ToValidUTF8(name[:maxName], "")
}

// A root is a segment in one allocation with what it always has. Its context is
// in another: who waits for its export need not keep what that holds.
type root struct {
	span    span
	config  Config
	service ServiceData
	rest    rest
}

// An ignored is a segment that is not recorded, and its context.
type ignored struct {
	context.Context
	seg Segment
}

func (c *ignored) Value(key any) any { return valueOf(c.Context, &c.seg, key) }

// BeginSegment begins a segment and returns a context that holds it. In the
// context of a span of OpenTelemetry's, which no segment encloses, it is that
// span's child; else a trace begins. The segment must be closed.
func BeginSegment(ctx context.Context, name string) (context.Context, *Segment) {
	return beginSegment(ctx, name, nil, nil, false)
}

// BeginSegmentWithSampling is BeginSegment for a request, which sampling rules
// can match, and the trace header that came with it, whose decision holds.
// Either may be nil.
func BeginSegmentWithSampling(ctx context.Context, name string, r *http.Request, traceHeader *header.Header) (context.Context, *Segment) {
	return beginSegment(ctx, name, r, traceHeader, false)
}

// NewSegmentFromHeader is BeginSegmentWithSampling that continues the header's
// trace.
func NewSegmentFromHeader(ctx context.Context, name string, r *http.Request, h *header.Header) (context.Context, *Segment) {
	if h == nil {
		h = &header.Header{}
	}
	return beginSegment(ctx, name, r, h, true)
}

func beginSegment(ctx context.Context, name string, r *http.Request, h *header.Header, traced bool) (context.Context, *Segment) {
	ctx = orBackground(ctx)
	now := nowNano()
	env := environmentAt(now)
	if env.disabled {
		return disabled(ctx)
	}
	if env.name != "" {
		name = env.name
	}
	name = cutName(name)
	own, base := GetRecorder(ctx), global.Load()
	outer := outerSpan(ctx)
	sampled, rule := decide(name, r, h, outer, own, base)
	if !sampled {
		c := &ignored{Context: ctx}
		c.seg.beginIgnored(name, now, env)
		c.seg.join(h, traced, outer)
		return c, &c.seg
	}
	c := &root{}
	seg := c.span.begin(trace.SpanKindServer)
	seg.ParentSegment, seg.Sampled = seg, true
	seg.begin(name, now)
	seg.configure(&c.config, &c.rest, own, base)
	c.service.Runtime, c.service.RuntimeVersion = runtime.Compiler, runtime.Version()
	c.service.Version = c.config.ServiceVersion
	seg.Service = &c.service
	seg.TraceID, seg.ID = newIDs(time.Unix(0, now))
	seg.join(h, traced, outer)
	seg.describe(rule)
	c.rest.route.begin(seg)
	return withSegment(ctx, seg), seg
}

// beginIgnored begins a segment that is not recorded. It is not in progress:
// then Close has nothing to do.
func (s *Segment) beginIgnored(name string, now int64, env *environment) {
	s.ParentSegment, s.Dummy = s, true
	s.Name, s.StartTime = name, seconds(now)
	s.EndTime = s.StartTime
	s.TraceID, s.ID = noTraceID, noSegmentID
	if env.idsAlways {
		s.TraceID, s.ID = newIDs(time.Unix(0, now))
	}
}

// join makes a segment part of the trace that a header or a span says.
func (s *Segment) join(h *header.Header, traced bool, outer trace.SpanContext) {
	if traced {
		s.IncomingHeader, s.RequestWasTraced = h, true
	}
	switch {
	case traced && h.TraceID != "":
		s.TraceID, s.ParentID = h.TraceID, h.ParentID
	case outer.IsValid():
		id := outer.SpanID()
		s.TraceID, s.ParentID = formatTraceID(outer.TraceID()), hex.EncodeToString(id[:])
	case traced:
		s.ParentID = h.ParentID
	}
}

// orBackground lets a program without a context go on.
func orBackground(ctx context.Context) context.Context {
	if ctx == nil {
		return context.Background()
	}
	return ctx
}

// disabled is what Begin functions return when nothing is recorded.
func disabled(ctx context.Context) (context.Context, *Segment) {
	c := &ignored{Context: ctx}
	return c, &c.seg
}

func (s *Segment) begin(name string, now int64) {
	if logger.Debugging() {
		logger.Debugf("Beginning segment named %s", name)
	}
	s.Name, s.InProgress = name, true
	s.rec().start, s.StartTime = now, seconds(now)
}

func seconds(nanoseconds int64) float64 { return float64(nanoseconds) / 1e9 }

// configure sets the segment's configuration, and where it goes.
func (s *Segment) configure(config *Config, r *rest, own, base *Config) {
	if own == nil {
		*config = *base
	} else {
		*config = own.over(base)
	}
	config.DaemonAddr, config.LogLevel, config.LogFormat = "", "", ""
	s.Configuration = config
	r.route = routeOf(own)
	s.rec().rest.Store(r)
}

// outerSpan is the span of OpenTelemetry's that encloses a context which no
// segment encloses.
func outerSpan(ctx context.Context) trace.SpanContext {
	span := currentSpan(ctx)
	if span == nil || GetSegment(ctx) != nil {
		return trace.SpanContext{}
	}
	return span.SpanContext()
}

// requests are what sampling strategies are asked about. A strategy must not
// keep them.
var requests = sync.Pool{New: func() any { return &sampling.Request{} }}

// decide decides whether a segment is recorded: as the caller did, who sent the
// header or made the span, or else by the sampling strategy. rule is the name
// of the rule, or nil.
func decide(name string, r *http.Request, h *header.Header, outer trace.SpanContext, own, base *Config) (sampled bool, rule *string) {
	if h != nil && (h.SamplingDecision == header.Sampled || h.SamplingDecision == header.NotSampled) {
		return h.SamplingDecision == header.Sampled, nil
	}
	if outer.IsValid() && (h == nil || h.TraceID == "") {
		return outer.IsSampled(), nil
	}
	strategy := base.SamplingStrategy
	if own != nil && own.SamplingStrategy != nil {
		strategy = own.SamplingStrategy
	}
	request := requests.Get().(*sampling.Request)
	*request = sampling.Request{ServiceName: name}
	if r != nil && h != nil {
		request.Host, request.Method = r.Host, r.Method
		if r.URL != nil {
			request.URL = r.URL.Path
		}
		request.ServiceType = plugins.Current().Origin
	}
	d := strategy.ShouldTrace(request)
	*request = sampling.Request{}
	requests.Put(request)
	if d == nil {
		return false, nil
	}
	return d.Sample, d.Rule
}

// describe says what a recorded segment was made by, and where.
func (s *Segment) describe(rule *string) {
	s.AWS = map[string]interface{}{"xray": sdkWithoutRule}
	if rule != nil {
		s.AWS["xray"] = SDK{Version: SDKVersion, Type: SDKType, RuleName: *rule}
	}
	m := plugins.Current()
	if m.EC2 != nil {
		s.AWS["ec2"] = m.EC2
	}
	if m.ECS != nil {
		s.AWS["ecs"] = m.ECS
	}
	if m.Beanstalk != nil {
		s.AWS["elastic_beanstalk"] = m.Beanstalk
	}
	s.Origin = m.Origin
}

var sdkWithoutRule interface{} = SDK{Version: SDKVersion, Type: SDKType}

// AddRuleName notes the sampling rule of a decision, if it names one.
func (s *Segment) AddRuleName(sd *sampling.Decision) {
	if s == nil || sd == nil || sd.Rule == nil {
		return
	}
	sdk, ok := s.GetAWS()["xray"].(SDK)
	if !ok {
		sdk = SDK{Version: SDKVersion, Type: SDKType}
	}
	sdk.RuleName = *sd.Rule
	s.GetAWS()["xray"] = sdk
}
