package migrate

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
)

// toOpenTelemetry rewrites the calls of the X-Ray SDK to OpenTelemetry's API and
// to its instrumentation. What it leaves stays on package xraysdk, whose segments
// and OpenTelemetry's spans are each other's children.
func (p *Plan) toOpenTelemetry() {
	var files []*otelFile
	for _, r := range p.rewrites {
		if len(r.pkg.Errors) > 0 || isGenerated(r.file) {
			continue // what does not compile is not understood, and a generator writes what it did
		}
		r.helpers = p.helpersOf(r)
		f := &otelFile{rewrite: r, vars: map[types.Object]*segmentVar{}, done: map[*ast.Ident]bool{}}
		f.variables()
		files = append(files, f)
	}
	for _, f := range files {
		f.readers()
	}
	for _, f := range files {
		f.segments()
		f.calls()
		f.left()
	}
	if p.spans {
		p.add(Finding{Kind: Differs, Text: "outside of a segment, the X-Ray SDK logged an error and recorded nothing; spans there begin a trace of their own"})
	}
}

// collectNames collects the names that the segments of servers have.
func (p *Plan) collectNames() {
	for _, r := range p.rewrites {
		(&otelFile{rewrite: r}).namers()
	}
	slices.Sort(p.names)
	p.names = slices.Compact(p.names)
}

// An otelFile is a file on its way to OpenTelemetry's API.
type otelFile struct {
	*rewrite
	vars map[types.Object]*segmentVar
	done map[*ast.Ident]bool // names of the X-Ray SDK that are dealt with
}

// keepSegments says, the first time, why what begins segments stays: code that
// reads the current segment needs one.
func (p *Plan) keepSegments(at token.Position, short string) {
	if p.keep == "" {
		p.keep = fmt.Sprintf("%s:%d", p.relative(at.Filename), at.Line)
	}
	p.at(Person, at, "%s: what is done here with the segment has no equal; as it needs one, all that begins segments stays. Change it, then migrate again", short)
}

// ofSegments are the functions that begin segments, or want a current one.
var ofSegments = map[string]bool{
	"xray.BeginSegment": true, "xray.BeginSubsegment": true, "xray.Capture": true, "xray.CaptureAsync": true,
	"xray.Handler": true, "xray.UnaryServerInterceptor": true, "xray.GetSegment": true, "xray.TraceID": true,
	"xray.AddAnnotation": true, "xray.AddMetadata": true, "xray.AddMetadataToNamespace": true, "xray.AddError": true,
	"xray.DetachContext": true,
}

// callOf is the call of a function that a reference names, or nil.
func (f *otelFile) callOf(u reference) *ast.CallExpr {
	call, ok := f.parents[u.node].(*ast.CallExpr)
	if !ok || call.Fun != u.node || call.Ellipsis.IsValid() {
		return nil
	}
	return call
}

// left reports what stays on package xraysdk.
func (f *otelFile) left() {
	for _, u := range f.references() {
		if f.done[u.id] || f.edits.covered(u.id.Pos()) {
			continue
		}
		why, ok := stays[u.name()]
		if !ok {
			why = "has no equal in OpenTelemetry, or is used in a way that is not understood"
		}
		if ofSegments[u.name()] && f.plan.keep != "" {
			why = "stays because of " + f.plan.keep
		}
		if why == "" {
			continue
		}
		f.plan.at(Person, f.position(u.node), "%s stays on package xraysdk: %s", u.short(), why)
	}
}

// stays says why a name stays. "" is for those that others explain.
var stays = map[string]string{
	"xray.Segment":                  "the type of what stays",
	"xray.ContextKey":               "",
	"xray.BeginSegment":             "its segment is handed on, kept, or used in a way that has no equal",
	"xray.BeginSubsegment":          "its segment is handed on, kept, or used in a way that has no equal",
	"xray.AWS":                      "OpenTelemetry has no instrumentation of aws-sdk-go v1; its calls are children of spans all the same",
	"xray.AWSSession":               "OpenTelemetry has no instrumentation of aws-sdk-go v1; its calls are children of spans all the same",
	"xray.BeginSegmentWithSampling": "use tracehttp.Handler, or extract the headers by otel.GetTextMapPropagator and begin a span",
	"xray.NewSegmentFromHeader":     "extract the headers by otel.GetTextMapPropagator and begin a span",
	"xray.HandlerWithContext":       "its configuration is that of a context; use tracehttp.Handler with options",
	"xray.Configure":                "set what it says by telemetry.Start and the OTEL_ variables; here it counts for what stays alone",
	"xray.Config":                   "",
	"xray.SetLogger":                "counts for what stays alone; see telemetry.WithLogger",
	"xray.NewFixedSegmentNamer":     "",
	"xray.SQLConnector":             "use tracesql.OpenDB with tracesql.WithConnection",
	"xray.NewFastHTTPInstrumentor":  "there is no instrumentation of fasthttp here; see contrib's",
}

// constantText is the value of a constant string.
func constantText(info *types.Info, e ast.Expr) (string, bool) {
	tv, ok := info.Types[e]
	if !ok || tv.Value == nil || tv.Value.Kind() != constant.String {
		return "", false
	}
	return constant.StringVal(tv.Value), true
}

// isNil reports whether an expression is nil.
func isNil(info *types.Info, e ast.Expr) bool { return info.Types[e].IsNil() }
