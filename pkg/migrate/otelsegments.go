package migrate

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
)

// A segmentVar is a variable that holds a segment. It becomes one that holds a
// span if all that is done with it is understood.
type segmentVar struct {
	calls    []reference // of what is put into it
	uses     []*ast.Ident
	declared ast.Expr // its type, where there is one
	current  bool     // it holds the current segment, found by xray.GetSegment
	client   bool     // its namespace is made remote or aws
	why      ast.Node // what is not understood, or nil
}

// kept says that a variable stays one of a segment.
func (f *otelFile) kept(v *segmentVar) bool {
	return v.why != nil || f.plan.keep != ""
}

// variables finds the variables of the file that hold segments, and what is done
// with them.
func (f *otelFile) variables() {
	for _, u := range f.references() {
		call := f.callOf(u)
		at := map[string]int{"xray.BeginSegment": 1, "xray.BeginSubsegment": 1, "xray.GetSegment": 0}
		i, ok := at[u.name()]
		if call == nil || !ok {
			continue
		}
		if id := f.assigned(call, i); id != nil && id.Name != "_" {
			if o := f.pkg.TypesInfo.ObjectOf(id); o != nil && isLocal(o) {
				v := f.variable(o)
				v.calls = append(v.calls, u)
				v.current = v.current || u.name() == "xray.GetSegment"
			}
		}
	}
	ast.Inspect(f.file, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if v := f.vars[f.pkg.TypesInfo.ObjectOf(id)]; v != nil {
				v.uses = append(v.uses, id)
				f.use(v, id)
			}
		}
		return true
	})
	for _, v := range f.vars {
		if v.why == nil && !f.survives(v) {
			v.why = v.uses[0]
		}
	}
}

// survives reports whether a use of a variable is left when the locks and the
// namespace are gone: Go wants one.
func (f *otelFile) survives(v *segmentVar) bool {
	for _, id := range v.uses {
		switch parent := f.parents[id].(type) {
		case *ast.SelectorExpr:
			if !segmentLocks[parent.Sel.Name] && parent.Sel.Name != "Namespace" {
				return true
			}
		case *ast.BinaryExpr:
			return true
		case *ast.AssignStmt:
			if !slices.Contains(parent.Lhs, ast.Expr(id)) {
				return true
			}
		}
	}
	return false
}

func (f *otelFile) variable(o types.Object) *segmentVar {
	if f.vars[o] == nil {
		f.vars[o] = &segmentVar{}
	}
	return f.vars[o]
}

func isLocal(o types.Object) bool {
	v, ok := o.(*types.Var)
	return ok && !v.IsField() && o.Parent() != nil && o.Parent() != o.Pkg().Scope()
}

// assigned is the identifier that gets the i-th value of a call, or nil.
func (f *otelFile) assigned(call *ast.CallExpr, i int) *ast.Ident {
	switch s := f.parents[call].(type) {
	case *ast.AssignStmt:
		if len(s.Rhs) == 1 && i < len(s.Lhs) {
			id, _ := s.Lhs[i].(*ast.Ident)
			return id
		}
	case *ast.ValueSpec:
		if len(s.Values) == 1 && i < len(s.Names) && s.Type == nil {
			return s.Names[i]
		}
	}
	return nil
}

// use looks at one use of a variable.
func (f *otelFile) use(v *segmentVar, id *ast.Ident) {
	understood := false
	switch parent := f.parents[id].(type) {
	case *ast.AssignStmt:
		understood = f.assignment(v, parent, id)
	case *ast.ValueSpec:
		understood = true
		if parent.Type != nil && len(parent.Names) == 1 && len(parent.Values) == 0 {
			v.declared = parent.Type
		} else {
			understood = len(parent.Values) == 1 && f.isSource(v, parent.Values[0])
		}
	case *ast.BinaryExpr:
		understood = (parent.Op == token.EQL || parent.Op == token.NEQ) && (isNil(f.pkg.TypesInfo, parent.X) || isNil(f.pkg.TypesInfo, parent.Y))
	case *ast.SelectorExpr:
		understood = parent.X == id && f.selection(v, parent)
	}
	if !understood && v.why == nil {
		v.why = id
	}
}

// assignment understands what is put into a variable, and a variable that is
// only mentioned.
func (f *otelFile) assignment(v *segmentVar, s *ast.AssignStmt, id *ast.Ident) bool {
	for _, l := range s.Lhs {
		if l == id {
			return len(s.Rhs) == 1 && f.isSource(v, s.Rhs[0])
		}
	}
	blank, ok := s.Lhs[0].(*ast.Ident)
	return ok && len(s.Lhs) == 1 && blank.Name == "_"
}

func (f *otelFile) isSource(v *segmentVar, e ast.Expr) bool {
	for _, u := range v.calls {
		if f.callOf(u) == e {
			return true
		}
	}
	return false
}

// The methods and fields of segments that OpenTelemetry's spans have something
// for.
var (
	segmentMethods = map[string]int{"Close": 1, "AddAnnotation": 2, "AddMetadata": 2, "AddMetadataToNamespace": 3, "AddError": 1}
	segmentLocks   = map[string]bool{"Lock": true, "Unlock": true, "RLock": true, "RUnlock": true}
	segmentReads   = map[string]bool{"TraceID": true, "ID": true, "Sampled": true}
)

// selection understands a method or field of a segment. v is nil where the
// segment is in no variable.
func (f *otelFile) selection(v *segmentVar, s *ast.SelectorExpr) bool {
	name := s.Sel.Name
	switch parent := f.parents[s].(type) {
	case *ast.CallExpr:
		if parent.Fun == s {
			n, ok := segmentMethods[name]
			_, statement := f.parents[parent].(*ast.ExprStmt)
			_, deferred := f.parents[parent].(*ast.DeferStmt)
			return ok && len(parent.Args) == n || v != nil && segmentLocks[name] && (statement || deferred)
		}
	case *ast.AssignStmt:
		if parent.Lhs[0] == s {
			return v != nil && len(parent.Lhs) == 1 && parent.Tok == token.ASSIGN && f.setting(v, parent, name)
		}
	case *ast.UnaryExpr:
		if parent.Op == token.AND {
			return false
		}
	case *ast.IncDecStmt:
		return false
	}
	return segmentReads[name]
}

// setting understands what is put into a field.
func (f *otelFile) setting(v *segmentVar, s *ast.AssignStmt, name string) bool {
	switch name {
	case "User":
		return true
	case "Fault":
		return f.text(s.Rhs[0]) == "true"
	case "Namespace":
		text, ok := constantText(f.pkg.TypesInfo, s.Rhs[0])
		v.client = ok && (text == "remote" || text == "aws")
		return v.client && !v.current && len(v.calls) == 1
	}
	return false
}

// readers finds what reads the current segment in a way that is not understood.
func (f *otelFile) readers() {
	for _, v := range f.vars {
		if v.current && v.why != nil {
			f.plan.keepSegments(f.position(v.why), f.text(f.enclosingExpr(v.why)))
		}
	}
	for _, u := range f.references() {
		switch u.name() {
		case "xray.GetSegment":
			call := f.callOf(u)
			if call != nil && f.assigned(call, 0) != nil && f.vars[f.pkg.TypesInfo.ObjectOf(f.assigned(call, 0))] != nil {
				continue
			}
			if call != nil {
				if s, ok := f.parents[call].(*ast.SelectorExpr); ok && f.selection(nil, s) {
					continue
				}
				if b, ok := f.parents[call].(*ast.BinaryExpr); ok && (isNil(f.pkg.TypesInfo, b.X) || isNil(f.pkg.TypesInfo, b.Y)) {
					continue
				}
			}
			f.plan.keepSegments(f.position(u.node), u.short())
		case "xray.ContextKey", "xray.RequestWasTraced":
			f.plan.keepSegments(f.position(u.node), u.short())
		}
	}
}

// enclosingExpr is what is done with a variable.
func (f *otelFile) enclosingExpr(n ast.Node) ast.Node {
	switch f.parents[n].(type) {
	case *ast.SelectorExpr, *ast.CallExpr, *ast.UnaryExpr, *ast.StarExpr:
		return f.parents[n]
	}
	return n
}

// segments rewrites the variables, and what is done with them.
func (f *otelFile) segments() {
	for _, v := range f.vars {
		if v.why != nil && !v.current {
			f.plan.at(Person, f.position(v.why), "%s: what is done here with the segment has no equal, so it stays one", f.text(f.enclosingExpr(v.why)))
		}
		if f.kept(v) {
			continue
		}
		if v.declared != nil {
			f.edits.replace(v.declared.Pos(), v.declared.End(), f.importName(tracePath)+".Span")
		}
		for _, u := range v.calls {
			f.begin(u, v.client)
		}
		for _, id := range v.uses {
			if s, ok := f.parents[id].(*ast.SelectorExpr); ok {
				f.rewriteSelection(s, v.declared != nil)
			}
		}
	}
}

// begin rewrites the call that makes a segment.
func (f *otelFile) begin(u reference, client bool) {
	call := f.callOf(u)
	f.done[u.id] = true
	var with string
	switch u.name() {
	case "xray.GetSegment":
		with = f.importName(tracePath) + ".SpanFromContext"
	case "xray.BeginSegment":
		with = f.helpers.want("startSegment")
	case "xray.BeginSubsegment":
		f.plan.spans = true
		with = f.helpers.want("tracer") + ".Start"
		if client {
			f.edits.close(call.Rparen, ", "+f.importName(tracePath)+".WithSpanKind("+f.importName(tracePath)+".SpanKindClient)")
		}
	}
	f.edits.replace(u.node.Pos(), u.node.End(), with)
	f.plan.at(Changes, f.position(u.node), "%s becomes %s", u.short(), with)
}

// rewriteSelection rewrites a method or field of a segment that is now a span.
func (f *otelFile) rewriteSelection(s *ast.SelectorExpr, maybeNil bool) {
	switch parent := f.parents[s].(type) {
	case *ast.CallExpr:
		if parent.Fun == s {
			f.rewriteMethod(s, parent, maybeNil)
			return
		}
	case *ast.AssignStmt:
		if parent.Lhs[0] == s {
			f.rewriteSetting(s, parent)
			return
		}
	}
	switch s.Sel.Name {
	case "TraceID":
		f.edits.insert(s.Pos(), f.helpers.want("xrayTraceID")+"(")
		f.edits.replace(s.X.End(), s.End(), ")")
	case "ID":
		f.edits.replace(s.Sel.Pos(), s.End(), "SpanContext().SpanID().String()")
	case "Sampled":
		f.edits.replace(s.Sel.Pos(), s.End(), "SpanContext().IsSampled()")
	}
}

func (f *otelFile) rewriteMethod(s *ast.SelectorExpr, call *ast.CallExpr, maybeNil bool) {
	args := call.Args
	around := func(name string) { // name(segment, args…)
		f.edits.insert(s.Pos(), name+"(")
		f.edits.replace(s.X.End(), args[0].Pos(), ", ")
	}
	switch s.Sel.Name {
	case "Close":
		if isNil(f.pkg.TypesInfo, args[0]) && !maybeNil {
			f.edits.replace(s.Sel.Pos(), call.End(), "End()")
			return
		}
		around(f.helpers.want("endSpan"))
	case "AddError":
		around(f.helpers.want("recordError"))
	case "AddAnnotation":
		if !f.discarded(call) {
			around(f.helpers.want("annotate"))
			return
		}
		f.edits.replace(s.Sel.Pos(), args[0].Pos(), "SetAttributes(")
		f.annotation(args[0], args[1], call)
	case "AddMetadata", "AddMetadataToNamespace":
		around(f.metadata(call))
		if s.Sel.Name == "AddMetadata" {
			f.edits.insert(args[0].Pos(), `"default", `)
		}
	default: // a lock: spans have their own
		f.edits.removeLine(f.source, f.parents[call])
	}
}

// annotation wraps a key and a value into an attribute.
func (f *otelFile) annotation(key, value ast.Expr, call *ast.CallExpr) {
	name := f.importName(xrayAttr) + ".Annotation"
	basic, named := basicOf(f.pkg.TypesInfo.TypeOf(value))
	switch {
	case basic == nil, basic.Info()&(types.IsString|types.IsBoolean|types.IsInteger|types.IsFloat) == 0:
		name = f.helpers.want("annotation")
	default:
		if to := convert(basic, named); to != "" {
			f.edits.insert(value.Pos(), to+"(")
			f.edits.close(value.End(), ")")
		}
	}
	f.edits.insert(key.Pos(), name+"(")
	f.edits.close(call.Rparen, ")")
}

// basicOf is the basic type under a type, and whether that has a name of its own.
func basicOf(t types.Type) (*types.Basic, bool) {
	t = types.Default(t)
	b, _ := t.Underlying().(*types.Basic)
	_, named := types.Unalias(t).(*types.Named)
	return b, named
}

// convert is the type that a value must be converted to, or "".
func convert(b *types.Basic, named bool) string {
	switch b.Kind() {
	case types.Int8, types.Int16, types.Uint8, types.Uint16:
		return "int"
	case types.Uint, types.Uint64, types.Uintptr:
		return "int64"
	}
	if named {
		return b.Name()
	}
	return ""
}

// metadata is the function that adds metadata.
func (f *otelFile) metadata(call *ast.CallExpr) string {
	if f.discarded(call) {
		return f.importName(xrayAttr) + ".AddMetadata"
	}
	return f.helpers.want("addMetadata")
}

func (f *otelFile) rewriteSetting(s *ast.SelectorExpr, assign *ast.AssignStmt) {
	switch s.Sel.Name {
	case "User":
		f.edits.replace(s.Sel.Pos(), assign.Rhs[0].Pos(), "SetAttributes("+f.importName(attrPath)+`.String("enduser.id", `)
		f.edits.close(assign.End(), "))")
	case "Fault":
		f.edits.replace(s.Sel.Pos(), assign.End(), "SetStatus("+f.importName(codesPath)+`.Error, "")`)
	case "Namespace": // said where the span begins
		f.edits.removeLine(f.source, assign)
	}
}

// named remembers the name of a segment of a server.
func (f *otelFile) named(e ast.Expr) {
	if name, ok := constantText(f.pkg.TypesInfo, e); ok && !f.isTest() {
		f.plan.segmentNames = append(f.plan.segmentNames, name)
	}
}

func quoted(s string) string { return strconv.Quote(s) }
