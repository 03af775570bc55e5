package migrate

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/format"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"
)

// A helper is a declaration that migrated code needs in its package, where
// OpenTelemetry's API has no call of the same shape.
type helper struct {
	imports []string
	needs   []string // other helpers
	source  string   // names of helpers between « and »
}

const (
	otelPath  = "go.opentelemetry.io/otel"
	tracePath = "go.opentelemetry.io/otel/trace"
	codesPath = "go.opentelemetry.io/otel/codes"
	attrPath  = "go.opentelemetry.io/otel/attribute"
	xrayAttr  = sdk + "/xrayattr"
)

var helperSources = map[string]helper{
	"tracer": {imports: []string{otelPath}, source: `
var «tracer» = otel.Tracer(%q)
`},
	"startSegment": {imports: []string{"context", attrPath, tracePath}, needs: []string{"tracer"}, source: `
// «startSegment» begins a trace. X-Ray shows a node with the name, whatever the
// service's name is.
func «startSegment»(ctx context.Context, name string) (context.Context, trace.Span) {
	return «tracer».Start(ctx, name, trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("aws.local.service", name)))
}
`},
	"endSpan": {imports: []string{tracePath}, needs: []string{"recordError"}, source: `
// «endSpan» ends a span, as a fault if err is not nil.
func «endSpan»(span trace.Span, err error) {
	if span == nil {
		return
	}
	if err != nil {
		_ = «recordError»(span, err)
	}
	span.End()
}
`},
	"recordError": {imports: []string{codesPath, tracePath}, source: `
// «recordError» makes a span a fault with the error. It returns nil.
func «recordError»(span trace.Span, err error) error {
	if err != nil {
		span.RecordError(err, trace.WithStackTrace(true))
		span.SetStatus(codes.Error, err.Error())
	}
	return nil
}
`},
	"withSpan": {imports: []string{"context", tracePath}, needs: []string{"tracer", "runInSpan"}, source: `
// «withSpan» runs f in a span. An error that it returns, and a panic, which goes
// on, make the span a fault.
func «withSpan»(ctx context.Context, name string, f func(context.Context) error) error {
	ctx, span := «tracer».Start(ctx, name)
	return «runInSpan»(ctx, span, f)
}
`},
	"withSpanAsync": {imports: []string{"context", tracePath}, needs: []string{"tracer", "runInSpan"}, source: `
// «withSpanAsync» runs f in a span of its own goroutine. The span begins now.
func «withSpanAsync»(ctx context.Context, name string, f func(context.Context) error) {
	ctx, span := «tracer».Start(ctx, name)
	go func() { _ = «runInSpan»(ctx, span, f) }()
}
`},
	"runInSpan": {imports: []string{"context", "fmt", tracePath}, needs: []string{"recordError", "endSpan"}, source: `
func «runInSpan»(ctx context.Context, span trace.Span, f func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			«endSpan»(span, fmt.Errorf("panic: %%v", p))
			panic(p)
		}
		«endSpan»(span, err)
	}()
	return f(ctx)
}
`},
	"annotate": {imports: []string{attrPath, tracePath}, needs: []string{"annotation"}, source: `
// «annotate» adds an annotation to a span. It returns nil.
func «annotate»(span trace.Span, key string, value any) error {
	span.SetAttributes(«annotation»(key, value))
	return nil
}
`},
	"annotation": {imports: []string{"fmt", attrPath, xrayAttr}, source: `
// «annotation» is the annotation with a value whose type is known only when the
// program runs.
func «annotation»(key string, value any) attribute.KeyValue {
	switch v := value.(type) {
	case string:
		return xrayattr.Annotation(key, v)
	case bool:
		return xrayattr.Annotation(key, v)
	case int:
		return xrayattr.Annotation(key, v)
	case int32:
		return xrayattr.Annotation(key, v)
	case int64:
		return xrayattr.Annotation(key, v)
	case uint:
		return xrayattr.Annotation(key, int64(v))
	case uint32:
		return xrayattr.Annotation(key, v)
	case float32:
		return xrayattr.Annotation(key, v)
	case float64:
		return xrayattr.Annotation(key, v)
	}
	return xrayattr.Annotation(key, fmt.Sprint(value))
}
`},
	"addMetadata": {imports: []string{tracePath, xrayAttr}, source: `
// «addMetadata» adds metadata to a span. It returns nil.
func «addMetadata»(span trace.Span, namespace, key string, value any) error {
	xrayattr.AddMetadata(span, namespace, key, value)
	return nil
}
`},
	"xrayTraceID": {imports: []string{tracePath, sdk + "/propagation"}, source: `
// «xrayTraceID» is the id of a span's trace as X-Ray writes it, or "".
func «xrayTraceID»(span trace.Span) string {
	if sc := span.SpanContext(); sc.IsValid() {
		return propagation.TraceIDString(sc.TraceID())
	}
	return ""
}
`},
	"detach": {imports: []string{"context", tracePath}, source: `
// «detach» is a context that is never done, with the span of ctx and nothing else.
func «detach»(ctx context.Context) context.Context {
	return trace.ContextWithSpan(context.Background(), trace.SpanFromContext(ctx))
}
`},
	"segmentNamed": {imports: []string{"net/http", attrPath, tracePath}, source: `
// «segmentNamed» makes X-Ray show a node with the name in place of the service's.
func «segmentNamed»(name string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		trace.SpanFromContext(r.Context()).SetAttributes(attribute.String("aws.local.service", name))
		next.ServeHTTP(w, r)
	})
}
`},
}

// helpers are those of one package.
type helpers struct {
	pkg    *packages.Package
	path   string // of the file
	names  map[string]string
	wanted map[string]bool
}

// helpersOf are those of a file's package; tests outside of it have their own.
func (p *Plan) helpersOf(r *rewrite) *helpers {
	name := "otel.go"
	if strings.HasSuffix(r.pkg.Name, "_test") {
		name = "otel_helpers_test.go"
	} else if r.isTest() && !p.changesBeyondTests(r) {
		name = "otel_helpers_test.go"
	}
	path := filepath.Join(r.dir(), name)
	if p.helpers[path] == nil {
		if _, err := os.Stat(path); err == nil && !isOurs(path) {
			path = filepath.Join(r.dir(), "bragg_"+name)
		}
	}
	if p.helpers[path] == nil {
		p.helpers[path] = &helpers{pkg: r.pkg, path: path, names: map[string]string{}, wanted: map[string]bool{}}
	}
	return p.helpers[path]
}

// changesBeyondTests reports whether a file of the package that is no test uses
// the X-Ray SDK.
func (p *Plan) changesBeyondTests(r *rewrite) bool {
	return slices.ContainsFunc(p.rewrites, func(o *rewrite) bool { return o.dir() == r.dir() && o.pkg == r.pkg && !o.isTest() })
}

const helpersHeader = "// Written by bragg migrate; yours to change."

func isOurs(path string) bool {
	text, err := os.ReadFile(path)
	return err == nil && bytes.HasPrefix(text, []byte(helpersHeader))
}

// want is the name of a helper in the package, which then has it.
func (h *helpers) want(name string) string {
	if !h.wanted[name] {
		h.wanted[name] = true
		for _, other := range helperSources[name].needs {
			h.want(other)
		}
	}
	return h.name(name)
}

// name is a name that nothing else in the package has.
func (h *helpers) name(name string) string {
	if n, ok := h.names[name]; ok {
		return n
	}
	free := name
	for i := 0; h.used(free); i++ {
		free = "otel" + strings.ToUpper(name[:1]) + name[1:]
		if i > 0 {
			free += strconv.Itoa(i)
		}
	}
	h.names[name] = free
	return free
}

// used reports whether a name means something else in a file of the package.
func (h *helpers) used(name string) bool {
	for _, file := range h.pkg.Syntax {
		if h.pkg.Fset.PositionFor(file.Package, false).Filename == h.path {
			continue // what an earlier run wrote
		}
		found := false
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				ast.Inspect(s.X, func(n ast.Node) bool {
					id, ok := n.(*ast.Ident)
					found = found || ok && id.Name == name && !h.own(id)
					return !found
				})
				return false
			}
			id, ok := n.(*ast.Ident)
			found = found || ok && id.Name == name && !h.own(id)
			return !found
		})
		if found {
			return true
		}
	}
	return false
}

// own reports whether an identifier is that of a helper of an earlier run.
func (h *helpers) own(id *ast.Ident) bool {
	o := h.pkg.TypesInfo.ObjectOf(id)
	return o != nil && h.pkg.Fset.PositionFor(o.Pos(), false).Filename == h.path
}

// writeHelpers plans the files with the helpers.
func (p *Plan) writeHelpers() {
	for _, path := range slices.Sorted(maps.Keys(p.helpers)) {
		h := p.helpers[path]
		before, _ := os.ReadFile(path) // nil if it is new
		h.keep()
		if len(h.wanted) == 0 {
			continue
		}
		after, err := h.render()
		if err != nil {
			panic(fmt.Sprintf("the helpers are no Go: %v", err)) // they are constants
		}
		if bytes.Equal(before, after) {
			continue
		}
		p.Changes = append(p.Changes, Change{path, before, after})
		p.add(Finding{Changes, p.relative(path), 1, "functions that take the place of the X-Ray SDK's where OpenTelemetry has none of the shape"})
		p.requireOf(h.pkg, after)
	}
}

// keep wants what an earlier run wrote, too.
func (h *helpers) keep() {
	if len(h.wanted) == 0 || !isOurs(h.path) {
		return
	}
	for name := range helperSources {
		if o := h.pkg.Types.Scope().Lookup(h.name(name)); o != nil && h.pkg.Fset.PositionFor(o.Pos(), false).Filename == h.path {
			h.want(name)
		}
	}
}

func (h *helpers) render() ([]byte, error) {
	imports := map[string]bool{}
	var body bytes.Buffer
	var rename []string
	for name := range helperSources {
		rename = append(rename, "«"+name+"»", h.name(name))
	}
	renamer := strings.NewReplacer(rename...)
	names := slices.SortedFunc(maps.Keys(h.wanted), func(a, b string) int {
		return cmp.Compare(strings.TrimPrefix(a, "tracer"), strings.TrimPrefix(b, "tracer")) // the tracer first
	})
	for _, name := range names {
		one := helperSources[name]
		for _, i := range one.imports {
			imports[i] = true
		}
		text := one.source
		if name == "tracer" {
			text = fmt.Sprintf(text, strings.TrimSuffix(h.pkg.PkgPath, "_test"))
		} else {
			text = strings.ReplaceAll(text, "%%", "%")
		}
		body.WriteString(renamer.Replace(text))
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\n\npackage %s\n\nimport (\n", helpersHeader, h.pkg.Name)
	paths := slices.Sorted(maps.Keys(imports))
	for _, third := range []bool{false, true} {
		for _, i := range paths {
			if strings.Contains(i, ".") == third {
				fmt.Fprintf(&out, "\t%q\n", i)
			}
		}
		out.WriteString("\n")
	}
	out.WriteString(")\n")
	out.Write(body.Bytes())
	return format.Source(out.Bytes())
}
