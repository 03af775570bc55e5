package migrate

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"strings"

	"golang.org/x/tools/go/packages"
)

// A program is what the start of telemetry wants to know of a package main.
type program struct {
	started  bool      // by telemetry.Start
	provider bool      // OpenTelemetry's, set by the program
	lambda   string    // the function that starts a Lambda function
	lambdaAt token.Pos // where it is called
	exits    token.Pos // where main ends without what it has deferred
}

func usesIn(pkg *packages.Package) (p program) {
	for _, file := range pkg.Syntax {
		name := pkg.Fset.PositionFor(file.Package, false).Filename
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if source, err := os.ReadFile(name); err == nil {
			p.provider = p.provider || hasProvider(source)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				p.see(id, pkg.TypesInfo.Uses[id])
			}
			return true
		})
	}
	for _, file := range pkg.Syntax {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "main" && f.Body != nil {
				p.exits = exitIn(pkg, f.Body)
			}
		}
	}
	return p
}

func (p *program) see(id *ast.Ident, o types.Object) {
	f, ok := o.(*types.Func)
	if !ok || f.Pkg() == nil {
		return
	}
	switch path := f.Pkg().Path(); {
	case path == sdk+"/telemetry" && f.Name() == "Start":
		p.started = true
	case isLambdaStart(path, f.Name()):
		p.lambda, p.lambdaAt = f.Name(), id.Pos()
	}
}

// exitIn finds a call in main that ends the program at once.
func exitIn(pkg *packages.Package, body ast.Node) (at token.Pos) {
	ast.Inspect(body, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok || at.IsValid() {
			return true
		}
		f, ok := pkg.TypesInfo.Uses[id].(*types.Func)
		if ok && f.Pkg() != nil && (f.Pkg().Path() == "os" && f.Name() == "Exit" || f.Pkg().Path() == "log" && strings.HasPrefix(f.Name(), "Fatal")) {
			at = id.Pos()
		}
		return true
	})
	return at
}

func parse(source []byte) (*token.FileSet, *ast.File, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", source, parser.ParseComments)
	return fset, file, err
}
