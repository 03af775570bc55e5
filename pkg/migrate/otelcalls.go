package migrate

import (
	"go/ast"
	"go/token"
	"strings"
)

// calls rewrites the calls of the X-Ray SDK's functions.
func (f *otelFile) calls() {
	for _, u := range f.references() {
		if f.done[u.id] || f.edits.covered(u.id.Pos()) {
			continue
		}
		call := f.callOf(u)
		if call == nil || ofSegments[u.name()] && f.plan.keep != "" {
			continue
		}
		if rewrite, ok := otelCalls[u.name()]; ok && rewrite(f, u, call) {
			f.done[u.id] = true
		}
	}
	f.plugins()
}

// otelCalls rewrite a call each; they report whether they did.
var otelCalls = map[string]func(*otelFile, reference, *ast.CallExpr) bool{
	"xray.BeginSegment":           (*otelFile).beginUnnamed,
	"xray.BeginSubsegment":        (*otelFile).beginUnnamed,
	"xray.GetSegment":             (*otelFile).getSegment,
	"xray.Capture":                (*otelFile).capture,
	"xray.CaptureAsync":           (*otelFile).capture,
	"xray.DetachContext":          (*otelFile).detach,
	"xray.TraceID":                (*otelFile).traceID,
	"xray.AddAnnotation":          (*otelFile).addAnnotation,
	"xray.AddMetadata":            (*otelFile).addMetadata,
	"xray.AddMetadataToNamespace": (*otelFile).addMetadata,
	"xray.AddError":               (*otelFile).addError,
	"xray.Client":                 (*otelFile).client,
	"xray.RoundTripper":           (*otelFile).client,
	"xray.SQLContext":             (*otelFile).sqlContext,
	"xray.Handler":                (*otelFile).handler,
	"xray.UnaryServerInterceptor": (*otelFile).grpcServer,
	"xray.UnaryClientInterceptor": (*otelFile).grpcClient,
	"xray.Configure":              (*otelFile).configure,

	"instrumentation/awsv2.AWSV2Instrumentor": (*otelFile).awsV2,
}

// rename puts another function in the place of one with the same parameters.
func (f *otelFile) rename(u reference, with string) bool {
	f.edits.replace(u.node.Pos(), u.node.End(), with)
	f.plan.at(Changes, f.position(u.node), "%s becomes %s", u.short(), with)
	return true
}

func (f *otelFile) capture(u reference, call *ast.CallExpr) bool {
	f.plan.spans = true
	if u.id.Name == "Capture" {
		return f.rename(u, f.helpers.want("withSpan"))
	}
	return f.rename(u, f.helpers.want("withSpanAsync"))
}

func (f *otelFile) detach(u reference, _ *ast.CallExpr) bool {
	return f.rename(u, f.helpers.want("detach"))
}

func (f *otelFile) client(u reference, _ *ast.CallExpr) bool {
	name := map[string]string{"Client": ".Client", "RoundTripper": ".Transport"}[u.id.Name]
	return f.rename(u, f.importName(sdk+"/tracehttp")+name)
}

// beginUnnamed is a segment in no variable: its context alone counts.
func (f *otelFile) beginUnnamed(u reference, call *ast.CallExpr) bool {
	if id := f.assigned(call, 1); id == nil || id.Name != "_" {
		return false
	}
	f.begin(u, false)
	return true
}

// getSegment is a segment that is used at once, or compared with nil.
func (f *otelFile) getSegment(u reference, call *ast.CallExpr) bool {
	if f.assigned(call, 0) != nil {
		return false
	}
	s, selected := f.parents[call].(*ast.SelectorExpr)
	if selected && !f.selection(nil, s) {
		return false
	}
	if _, compared := f.parents[call].(*ast.BinaryExpr); !selected && !compared {
		return false
	}
	if selected {
		f.rewriteSelection(s, false) // what is around comes first
	}
	f.begin(u, false)
	return true
}

func (f *otelFile) traceID(u reference, call *ast.CallExpr) bool {
	f.rename(u, f.helpers.want("xrayTraceID"))
	f.current(call)
	return true
}

// current puts the span of a context in the place of the context, the call's
// first argument.
func (f *otelFile) current(call *ast.CallExpr) {
	f.edits.insert(call.Args[0].Pos(), f.importName(tracePath)+".SpanFromContext(")
	f.edits.close(call.Args[0].End(), ")")
}

func (f *otelFile) addAnnotation(u reference, call *ast.CallExpr) bool {
	if !f.discarded(call) {
		f.rename(u, f.helpers.want("annotate"))
		f.current(call)
		return true
	}
	with := f.importName(tracePath) + ".SpanFromContext"
	f.rename(u, with)
	f.edits.replace(call.Args[0].End(), call.Args[1].Pos(), ").SetAttributes(")
	f.annotation(call.Args[1], call.Args[2], call)
	return true
}

func (f *otelFile) addMetadata(u reference, call *ast.CallExpr) bool {
	f.rename(u, f.metadata(call))
	f.current(call)
	if u.name() == "xray.AddMetadata" {
		f.edits.insert(call.Args[1].Pos(), `"default", `)
	}
	return true
}

func (f *otelFile) addError(u reference, call *ast.CallExpr) bool {
	f.rename(u, f.helpers.want("recordError"))
	f.current(call)
	return true
}

func (f *otelFile) sqlContext(u reference, call *ast.CallExpr) bool {
	f.comment(call, "literals in statements are not recorded, nor new connections and pings; see tracesql.WithRawStatements and WithConnects")
	return f.rename(u, f.importName(sdk+"/tracesql")+".Open")
}

// awsV2 is the instrumentation of the AWS SDK v2: of a configuration, or of the
// options of a client.
func (f *otelFile) awsV2(u reference, call *ast.CallExpr) bool {
	statement, ok := f.parents[call].(*ast.ExprStmt)
	address, isAddress := call.Args[0].(*ast.UnaryExpr)
	if !ok || !isAddress || address.Op != token.AND {
		return false
	}
	options, ok := address.X.(*ast.SelectorExpr)
	if !ok || options.Sel.Name != "APIOptions" {
		return false
	}
	name := f.importName(sdk + "/traceaws")
	if path, typeName, pointer := typeOf(f.pkg.TypesInfo, options.X); path == "github.com/aws/aws-sdk-go-v2/aws" && typeName == "Config" {
		with := name + ".Instrument(&"
		if pointer {
			with = name + ".Instrument("
		}
		f.edits.replace(statement.Pos(), options.X.Pos(), with)
		f.edits.replace(options.X.End(), statement.End(), ")")
	} else {
		f.edits.replace(statement.Pos(), statement.End(), f.text(options)+" = append("+f.text(options)+", "+name+".APIOption())")
	}
	f.plan.at(Changes, f.position(call), "%s becomes %s", u.short(), name)
	return true
}

// configure takes a configuration away that is made of constants. What it says
// of the service goes to telemetry.Start.
func (f *otelFile) configure(u reference, call *ast.CallExpr) bool {
	statement := f.parents[call]
	switch s := statement.(type) {
	case *ast.ExprStmt:
	case *ast.AssignStmt:
		if blank, ok := s.Lhs[0].(*ast.Ident); !ok || blank.Name != "_" || len(s.Rhs) != 1 {
			return false
		}
	default:
		return false
	}
	literal, ok := call.Args[0].(*ast.CompositeLit)
	if !ok {
		return false
	}
	var said []string
	for _, e := range literal.Elts {
		field, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return false
		}
		text, isText := constantText(f.pkg.TypesInfo, field.Value)
		name := f.text(field.Key)
		if !isText || name == "Emitter" {
			return false
		}
		if name == "ServiceVersion" {
			f.plan.version = text
		}
		said = append(said, name+" "+quoted(text))
	}
	f.comment(call, "xray.Configure said %s; see startTelemetry and the OTEL_ variables", strings.Join(said, ", "))
	f.edits.removeLine(f.source, statement)
	f.plan.at(Changes, f.position(call), "%s goes: telemetry.Start takes its place", u.short())
	return true
}

// plugins takes the detectors of AWS's services away, which telemetry.Start has.
func (f *otelFile) plugins() {
	for _, u := range f.references() {
		if !strings.HasPrefix(u.pkg, "awsplugins/") || u.id.Name != "Init" {
			continue
		}
		call := f.callOf(u)
		if call == nil {
			continue
		}
		if statement, ok := f.parents[call].(*ast.ExprStmt); ok {
			f.edits.removeLine(f.source, statement)
			f.plan.at(Changes, f.position(call), "%s.%s goes: telemetry.Start detects it", strings.TrimPrefix(u.pkg, "awsplugins/"), u.id.Name)
		}
	}
	for _, i := range f.file.Imports {
		name := f.pkg.TypesInfo.PkgNameOf(i)
		if name == nil || name.Name() != "_" {
			continue
		}
		if within, ok := within(name.Imported().Path()); ok && strings.HasPrefix(within, "awsplugins/") {
			f.dropped[name.Imported().Path()] = true
		}
	}
}
