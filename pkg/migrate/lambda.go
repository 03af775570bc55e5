package migrate

import (
	"go/ast"
	"strconv"

	"golang.org/x/tools/go/packages"
)

const (
	awsLambda   = "github.com/aws/aws-lambda-go/lambda"
	traceLambda = sdk + "/tracelambda"
)

// lambda puts tracelambda.Start in the place of lambda.Start: spans need a span
// of the invocation to be children of, where segments had Lambda's own.
func (p *Plan) lambda(pkg *packages.Package, uses program, source []byte) ([]byte, error) {
	fset, file, err := parse(source)
	if err != nil {
		return nil, err
	}
	local := ""
	var spec *ast.ImportSpec
	for _, i := range file.Imports {
		if path, _ := strconv.Unquote(i.Path.Value); path == awsLambda {
			spec, local = i, "lambda"
			if i.Name != nil {
				local = i.Name.Name
			}
		}
	}
	e := edits{fset: fset}
	mentions, replaced := 0, 0
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok && id.Name == local && id.Obj == nil {
				mentions++
			}
		}
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return true
		}
		s, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || s.Sel.Name != "Start" {
			return true
		}
		if id, ok := s.X.(*ast.Ident); ok && id.Name == local && id.Obj == nil {
			replaced++
			e.replace(s.Pos(), s.End(), "tracelambda.Start")
			e.close(call.Rparen, ", tracelambda.AsSubsegment()")
			p.at(Changes, pkg.Fset.PositionFor(uses.lambdaAt, false), "lambda.Start becomes tracelambda.Start")
		}
		return true
	})
	if replaced == 0 {
		p.at(Person, pkg.Fset.PositionFor(uses.lambdaAt, false), "the Lambda function is not started by lambda.Start with its handler alone: put tracelambda.Wrap around the handler, or its spans are in traces of their own")
		return source, nil
	}
	if mentions == replaced {
		e.replace(spec.Pos(), spec.End(), strconv.Quote(traceLambda))
	} else {
		e.insertLine(source, spec, strconv.Quote(traceLambda)+"\n")
	}
	p.require(pkg, traceLambda)
	return e.apply(source)
}
