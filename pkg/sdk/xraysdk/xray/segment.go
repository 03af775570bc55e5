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

// A node is what a segment is to others and to whom it goes.
type node struct {
	parent   *Segment // nil for a segment and for a facade
	route    route    // where the segment goes; of a subsegment its segment's
	start    int64    // nanoseconds since the epoch, what StartTime is rounded from
	end      int64
	live     trace.Span // of a provider that gives ids itself, else nil
	kind     trace.SpanKind
	removed  bool // from its parent: not recorded
	exported bool // its maps are read by others: they are not written any more

	shadow atomic.Pointer[trace.SpanContext] // for OpenTelemetry, if the ids are none for a span

	tree *tree // of segments that go to an emitter, else nil
}

// maxName is how many bytes a name has at most.
const maxName = 200

func cutName(name string) string {
	if len(name) <= maxName {
		return name
	}
	return strings.ToValidUTF8(name[:maxName], "")
}

// A root is a segment in one allocation with what it always has.
type root struct {
	ctx     segmentContext
	seg     Segment
	config  Config
	service ServiceData
}

// A part is a subsegment in one allocation with its context.
type part struct {
	ctx segmentContext
	seg Segment
}

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
	now := time.Now().UnixNano()
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
		c := &part{}
		c.bind(ctx)
		c.seg.beginIgnored(name, now, env)
		c.seg.join(h, traced, outer)
		return &c.ctx, &c.seg
	}
	c := &root{}
	seg := &c.seg
	c.ctx = segmentContext{Context: ctx, seg: seg, span: segmentSpan{seg: seg}}
	seg.ParentSegment, seg.kind, seg.Sampled = seg, trace.SpanKindServer, true
	seg.begin(name, now)
	c.configure(own, base)
	c.service.Runtime, c.service.RuntimeVersion = runtime.Compiler, runtime.Version()
	c.service.Version = c.config.ServiceVersion
	seg.Service = &c.service
	seg.TraceID, seg.ID = newIDs(time.Unix(0, now))
	seg.join(h, traced, outer)
	seg.describe(rule)
	seg.route.begin(ctx, seg)
	return &c.ctx, seg
}

func (c *part) bind(ctx context.Context) {
	c.ctx = segmentContext{Context: ctx, seg: &c.seg, span: segmentSpan{seg: &c.seg}}
}

// beginIgnored begins a segment that is not recorded.
func (s *Segment) beginIgnored(name string, now int64, env *environment) {
	s.ParentSegment, s.Dummy = s, true
	s.begin(name, now)
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

// disabled is what Begin functions return when nothing is recorded.
func disabled(ctx context.Context) (context.Context, *Segment) {
	c := &part{}
	c.bind(ctx)
	return &c.ctx, &c.seg
}

func (s *Segment) begin(name string, now int64) {
	if logger.Debugging() {
		logger.Debugf("Beginning segment named %s", name)
	}
	s.Name, s.InProgress = name, true
	s.start = now
	s.StartTime = seconds(s.start)
}

func seconds(nanoseconds int64) float64 { return float64(nanoseconds) / 1e9 }

// configure sets the segment's configuration, and where it goes.
func (c *root) configure(own, base *Config) {
	if own == nil {
		c.config = *base
	} else {
		c.config = own.over(base)
	}
	c.config.DaemonAddr, c.config.LogLevel, c.config.LogFormat = "", "", ""
	c.seg.Configuration = &c.config
	c.seg.route = routeOf(own)
}

// outerSpan is the span of OpenTelemetry's that encloses a context which no
// segment encloses.
func outerSpan(ctx context.Context) trace.SpanContext {
	if GetSegment(ctx) != nil {
		return trace.SpanContext{}
	}
	return trace.SpanContextFromContext(ctx)
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
