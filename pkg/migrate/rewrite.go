package migrate

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
)

// A rewrite is what becomes of one file.
type rewrite struct {
	plan    *Plan
	pkg     *packages.Package
	file    *ast.File
	path    string
	source  []byte
	edits   edits
	parents map[ast.Node]ast.Node
	added   map[string]string // imports to add, name by path
	dropped map[string]bool   // imports for their effect alone that go
	found   []reference
	helpers *helpers // the package's, set for OpenTelemetry alone
}

func newRewrite(p *Plan, pkg *packages.Package, file *ast.File, path string, source []byte) *rewrite {
	r := &rewrite{plan: p, pkg: pkg, file: file, path: path, source: source, parents: map[ast.Node]ast.Node{}, dropped: map[string]bool{}}
	r.edits.fset = pkg.Fset
	var stack []ast.Node
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		if len(stack) > 0 {
			r.parents[n] = stack[len(stack)-1]
		}
		stack = append(stack, n)
		return true
	})
	return r
}

func (r *rewrite) position(n ast.Node) token.Position { return r.pkg.Fset.PositionFor(n.Pos(), false) }

// text is the source of a node.
func (r *rewrite) text(n ast.Node) string {
	return string(r.source[r.edits.offset(n.Pos()):r.edits.offset(n.End())])
}

// A reference is a use of a name of the X-Ray SDK.
type reference struct {
	node ast.Expr // the name with its package
	id   *ast.Ident
	pkg  string // the package, as within says
	from string // its import path
}

func (u reference) name() string { return u.pkg + "." + u.id.Name }

// short is what the name looks like in the file.
func (u reference) short() string {
	if s, ok := u.node.(*ast.SelectorExpr); ok {
		return s.X.(*ast.Ident).Name + "." + u.id.Name
	}
	return u.id.Name
}

// references are the names of the X-Ray SDK that the file uses, in their order.
func (r *rewrite) references() []reference {
	if r.found != nil {
		return r.found
	}
	all := []reference{}
	ast.Inspect(r.file, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		o := r.pkg.TypesInfo.Uses[id]
		if o == nil || o.Pkg() == nil || o.Parent() != o.Pkg().Scope() {
			return true // no name of a package's own
		}
		name, ok := within(o.Pkg().Path())
		if !ok || o.Pkg() == r.pkg.Types {
			return true
		}
		u := reference{node: id, id: id, pkg: name, from: o.Pkg().Path()}
		if s, ok := r.parents[id].(*ast.SelectorExpr); ok && s.Sel == id {
			u.node = s
		}
		all = append(all, u)
		return true
	})
	r.found = all
	return all
}

// moved are the names of package xray, version 1, that are elsewhere.
var moved = map[string]string{
	"AWS": "awsv1", "AWSWithWhitelist": "awsv1", "AWSSession": "awsv1", "AWSSessionWithWhitelist": "awsv1",
	"RequestIDKey": "instrumentation/awsv2", "ExtendedRequestIDKey": "instrumentation/awsv2",
	"S3ExtendedRequestIDHeaderKey": "instrumentation/awsv2",
}

// better is what calls do now that they did not.
var better = map[string]string{
	"xray.Handler":                            "a handler that panics is a fault, and http.ResponseController works",
	"xray.HandlerWithContext":                 "a handler that panics is a fault, and http.ResponseController works",
	"xray.Client":                             "the caller's request stays as it is, and calls that time out are recorded",
	"xray.RoundTripper":                       "the caller's request stays as it is, and calls that time out are recorded",
	"instrumentation/awsv2.AWSV2Instrumentor": "tables, queues, buckets, retries and throttling are recorded",
	"xray.CaptureAsync":                       "a subsegment that outlives its segment is sent once",
	"xray.BeginSegment":                       "no goroutine is started, and nothing is sent in Close",
}

// person is what somebody should look at, where only the import changes.
var person = map[string]string{
	"xray.NewDefaultEmitter":                                 "segments of a configuration with an Emitter still go to that emitter, not to OpenTelemetry; take it out to send spans",
	"xray.DefaultEmitter":                                    "segments of a configuration with an Emitter still go to that emitter, not to OpenTelemetry; take it out to send spans",
	"xray.Emitter":                                           "segments of a configuration with an Emitter still go to that emitter, not to OpenTelemetry; take it out to send spans",
	"xray.StreamingStrategy":                                 "spans always go on their own, the strategy counts for emitters alone",
	"xray.NewDefaultStreamingStrategy":                       "spans always go on their own, the strategy counts for emitters alone",
	"xray.NewDefaultStreamingStrategyWithMaxSubsegmentCount": "spans always go on their own, the strategy counts for emitters alone",
	"xray.AWS":        "aws-sdk-go v1 has had no fixes since 2025-07-31: plan to leave it",
	"xray.AWSSession": "aws-sdk-go v1 has had no fixes since 2025-07-31: plan to leave it",
}

// names points what the file uses of the X-Ray SDK at the modules here.
func (r *rewrite) names() {
	for _, u := range r.references() {
		if _, theirs := here(u.from); !theirs || r.edits.covered(u.id.Pos()) {
			continue
		}
		if to, ok := moved[u.id.Name]; ok && u.pkg == "xray" && !strings.HasPrefix(u.from, awsV2) {
			r.move(u, to)
		}
		if text, ok := better[u.name()]; ok {
			r.plan.at(Better, r.position(u.node), "%s: %s", u.short(), text)
		}
		if text, ok := person[u.name()]; ok {
			r.plan.at(Person, r.position(u.node), "%s: %s", u.short(), text)
		}
	}
}

func (r *rewrite) move(u reference, to string) {
	name := r.importName(ours + "/" + to)
	with := name + "." + u.id.Name
	r.edits.replace(u.node.Pos(), u.node.End(), with)
	if to == "awsv1" {
		r.plan.require(r.pkg, ours+"/awsv1")
	}
	r.plan.at(Changes, r.position(u.node), "%s becomes %s", u.short(), with)
}

// enclosing is the statement or declaration that a node is in.
func (r *rewrite) enclosing(n ast.Node) ast.Node {
	for ; n != nil; n = r.parents[n] {
		switch n.(type) {
		case *ast.CommClause, *ast.CaseClause:
			return n
		case ast.Stmt:
			switch r.parents[n].(type) {
			case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
				return n
			}
		case *ast.GenDecl, *ast.FuncDecl:
			return n
		}
	}
	return r.file
}

// comment puts a line with what is different above the statement that a node
// is in.
func (r *rewrite) comment(n ast.Node, format string, args ...any) {
	at := r.enclosing(n)
	text := "// migrated: " + fmt.Sprintf(format, args...) + "\n"
	line := r.edits.offset(at.Pos()) - r.pkg.Fset.PositionFor(at.Pos(), false).Column + 1
	indent := strings.TrimRight(string(r.source[line:r.edits.offset(at.Pos())]), "\n")
	if strings.TrimSpace(indent) != "" {
		indent = ""
	}
	r.edits.insertLine(r.source, at, indent+text)
	r.plan.at(Differs, r.position(n), format, args...)
}

// discarded reports whether nobody looks at what a call returns.
func (r *rewrite) discarded(call *ast.CallExpr) bool {
	switch r.parents[call].(type) {
	case *ast.ExprStmt, *ast.DeferStmt, *ast.GoStmt:
		return true
	}
	return false
}

// typeOf is the named type that an expression has, or points to: its package's
// path and its name.
func typeOf(info *types.Info, e ast.Expr) (path, name string, pointer bool) {
	t := info.TypeOf(e)
	if t == nil {
		return "", "", false
	}
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t, pointer = types.Unalias(p.Elem()), true
	}
	if n, ok := t.(*types.Named); ok && n.Obj().Pkg() != nil {
		return n.Obj().Pkg().Path(), n.Obj().Name(), pointer
	}
	return "", "", pointer
}

func (r *rewrite) isTest() bool { return strings.HasSuffix(r.path, "_test.go") }

func (r *rewrite) dir() string { return filepath.Dir(r.path) }
