package migrate

import (
	"go/ast"
	"go/types"
	"slices"
)

// A namer is a name for the segments of a server: made in place, or in a variable
// that nothing else uses.
type namer struct {
	name      string
	dynamic   bool
	statement ast.Node // that makes the variable, or nil
}

// namers collects the names of the servers' segments.
func (f *otelFile) namers() {
	for _, u := range f.references() {
		call := f.callOf(u)
		if call == nil {
			continue
		}
		if u.name() == "xray.BeginSegment" {
			f.named(call.Args[1])
		}
		if u.name() != "xray.Handler" {
			continue
		}
		if n, ok := f.namer(call.Args[0]); ok && !f.isTest() {
			f.plan.names = append(f.plan.names, n.name)
		}
	}
}

// namer understands the expression that names segments.
func (f *otelFile) namer(e ast.Expr) (namer, bool) {
	if call, ok := e.(*ast.CallExpr); ok {
		return f.newNamer(call)
	}
	id, ok := e.(*ast.Ident)
	if !ok {
		return namer{}, false
	}
	o := f.pkg.TypesInfo.Uses[id]
	if o == nil || !isLocal(o) {
		return namer{}, false
	}
	var n namer
	understood := true
	ast.Inspect(f.file, func(node ast.Node) bool {
		use, ok := node.(*ast.Ident)
		if !ok || f.pkg.TypesInfo.ObjectOf(use) != o {
			return true
		}
		switch parent := f.parents[use].(type) {
		case *ast.AssignStmt:
			call, ok := parent.Rhs[0].(*ast.CallExpr)
			if !ok || len(parent.Lhs) != 1 || n.statement != nil {
				understood = false
				return true
			}
			made, ok := f.newNamer(call)
			understood = understood && ok
			n, n.statement = made, parent
			n.statement = parent
		case *ast.CallExpr:
			understood = understood && f.isHandler(parent) && parent.Args[0] == use
		default:
			understood = false
		}
		return true
	})
	return n, understood && n.statement != nil
}

func (f *otelFile) isHandler(call *ast.CallExpr) bool {
	for _, u := range f.references() {
		if u.name() == "xray.Handler" && f.callOf(u) == call {
			return true
		}
	}
	return false
}

func (f *otelFile) newNamer(call *ast.CallExpr) (namer, bool) {
	for _, u := range f.references() {
		if u.node != call.Fun {
			continue
		}
		switch u.name() {
		case "xray.NewFixedSegmentNamer", "xray.NewDynamicSegmentNamer":
			for _, arg := range call.Args {
				if _, ok := constantText(f.pkg.TypesInfo, arg); !ok {
					return namer{}, false
				}
			}
			name, _ := constantText(f.pkg.TypesInfo, call.Args[0])
			return namer{name: name, dynamic: u.name() == "xray.NewDynamicSegmentNamer"}, true
		}
	}
	return namer{}, false
}

// handler is net/http's server.
func (f *otelFile) handler(u reference, call *ast.CallExpr) bool {
	n, ok := f.namer(call.Args[0])
	if !ok {
		return false
	}
	with := f.importName(sdk+"/tracehttp") + ".Handler("
	if n.dynamic {
		f.comment(call, "X-Ray named the node after the request's host; it is %q, or the service's name, now", n.name)
	}
	if f.plan.serviceName() != n.name {
		with += f.helpers.want("segmentNamed") + "(" + quoted(n.name) + ", "
		f.edits.close(call.Rparen, ")")
	}
	f.edits.replace(call.Pos(), call.Args[1].Pos(), with)
	if n.statement != nil && !f.edits.covered(n.statement.Pos()) {
		f.edits.removeLine(f.source, n.statement)
	}
	f.plan.at(Changes, f.position(u.node), "%s becomes tracehttp.Handler: spans are named after the route", u.short())
	return true
}

// grpcServer and grpcClient are the interceptors of unary calls, where they are
// given to what makes the server or client.
func (f *otelFile) grpcServer(u reference, call *ast.CallExpr) bool {
	return f.interceptor(u, call, 0, []string{"UnaryInterceptor", "ChainUnaryInterceptor"}, []string{"NewServer"}, "ServerOptions")
}

func (f *otelFile) grpcClient(u reference, call *ast.CallExpr) bool {
	return f.interceptor(u, call, 1, []string{"WithUnaryInterceptor", "WithChainUnaryInterceptor"}, []string{"NewClient", "Dial"}, "DialOptions") ||
		f.interceptor(u, call, 2, []string{"WithUnaryInterceptor", "WithChainUnaryInterceptor"}, []string{"DialContext"}, "DialOptions")
}

// interceptor replaces the option with an interceptor by the options of
// tracegrpc. skip is how many arguments come before the options.
func (f *otelFile) interceptor(u reference, call *ast.CallExpr, skip int, options, makers []string, with string) bool {
	for _, arg := range call.Args {
		if !f.isNameOfSegments(arg) {
			return false
		}
	}
	option, ok := f.parents[call].(*ast.CallExpr)
	if !ok || !f.isGRPC(option.Fun, options) || option.Ellipsis.IsValid() {
		return false
	}
	maker, ok := f.parents[option].(*ast.CallExpr)
	if !ok || !f.isGRPC(maker.Fun, makers) || maker.Ellipsis.IsValid() || len(maker.Args) <= skip {
		return false
	}
	name := f.importName(sdk+"/tracegrpc") + "." + with
	if len(maker.Args) == skip+1 && len(option.Args) == 1 {
		f.edits.replace(option.Pos(), option.End(), name+"()...")
	} else {
		if len(option.Args) == 1 {
			f.removeArgument(maker, option)
		} else {
			f.removeArgument(option, call)
		}
		f.edits.insert(maker.Args[skip].Pos(), "append("+name+"(), ")
		f.edits.close(maker.Rparen, ")...")
	}
	if len(call.Args) > 0 {
		f.comment(call, "X-Ray named the node %s; it is the gRPC service now", f.text(call.Args[0]))
	}
	f.plan.at(Changes, f.position(u.node), "%s becomes %s, which traces streams, too", u.short(), name)
	return true
}

// isNameOfSegments reports whether an option of an interceptor names segments by
// constants.
func (f *otelFile) isNameOfSegments(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return false
	}
	inner, ok := call.Args[0].(*ast.CallExpr)
	if !ok {
		return false
	}
	_, ok = f.newNamer(inner)
	return ok && slices.ContainsFunc(f.references(), func(u reference) bool { return u.node == call.Fun && u.name() == "xray.WithSegmentNamer" })
}

func (f *otelFile) isGRPC(fun ast.Expr, names []string) bool {
	s, ok := fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains(names, s.Sel.Name) {
		return false
	}
	o, ok := f.pkg.TypesInfo.Uses[s.Sel].(*types.Func)
	return ok && o.Pkg() != nil && o.Pkg().Path() == "google.golang.org/grpc"
}

// removeArgument takes an argument of several away, with its comma.
func (f *otelFile) removeArgument(call *ast.CallExpr, arg ast.Expr) {
	i := slices.Index(call.Args, arg)
	if i+1 < len(call.Args) {
		f.edits.replace(arg.Pos(), call.Args[i+1].Pos(), "")
		return
	}
	f.edits.replace(call.Args[i-1].End(), arg.End(), "")
}
