// Command shims writes the modules of pkg/sdk/xraysdk/shim: they have the paths
// of the X-Ray SDK's modules, declare what those export, and alias it to
// package xraysdk and its neighbours.
//
// Run it in the folder of module conformance: go run ./shims ../shim
package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"
)

const ours = "github.com/bragg-tracing/bragg/pkg/sdk/xraysdk"

// modules are the X-Ray SDK's, by the folder of their shim.
//
// The folders do not end in v1 and v2: a path that does is no module's, or that of
// a version 2, and a replace directive with a released version would be refused.
var modules = map[string]string{"xraysdkv1": "github.com/aws/aws-xray-sdk-go", "xraysdkv2": "github.com/aws/aws-xray-sdk-go/v2"}

// moved are declarations that are in another package here.
var moved = map[string]string{
	"xray.AWS": ours + "/awsv1", "xray.AWSWithWhitelist": ours + "/awsv1",
	"xray.AWSSession": ours + "/awsv1", "xray.AWSSessionWithWhitelist": ours + "/awsv1",
	"xray.RequestIDKey": ours + "/instrumentation/awsv2", "xray.ExtendedRequestIDKey": ours + "/instrumentation/awsv2",
	"xray.S3ExtendedRequestIDHeaderKey": ours + "/instrumentation/awsv2",
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: shims FOLDER")
		os.Exit(2)
	}
	for folder, module := range modules {
		if err := write(filepath.Join(os.Args[1], folder), module); err != nil {
			fmt.Fprintln(os.Stderr, "shims:", err)
			os.Exit(1)
		}
	}
}

func write(folder, module string) error {
	loaded, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedTypes | packages.NeedImports}, module+"/...")
	if err != nil {
		return err
	}
	for _, p := range loaded {
		relative := strings.Trim(strings.TrimPrefix(p.PkgPath, module), "/")
		if relative == "" || strings.Contains(p.PkgPath, "/internal/") || p.Name == "main" || module == modules["xraysdkv1"] && strings.HasPrefix(relative, "v2") {
			continue
		}
		if err := writePackage(filepath.Join(folder, relative), module, relative, p.Types); err != nil {
			return fmt.Errorf("%s: %w", p.PkgPath, err)
		}
	}
	return nil
}

// writePackage writes the shim of one package: a file with what is always there,
// and one for each build constraint that a file of the package here has.
func writePackage(dir, module, relative string, pkg *types.Package) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	constrained, err := constraints(filepath.Join("..", relative))
	if err != nil {
		return err
	}
	files := map[string]*file{}
	for _, name := range pkg.Scope().Names() {
		if !ast.IsExported(name) {
			continue
		}
		c := cmp.Or(constrained[name], constraint{file: pkg.Name() + ".go"})
		if files[c.file] == nil {
			files[c.file] = &file{module: module, relative: relative, pkg: pkg, constraint: c.expression, imports: map[string]string{}}
		}
		files[c.file].names = append(files[c.file].names, name)
	}
	for name, f := range files {
		text, err := f.render()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// A constraint is the build constraint of a declaration, and the file it is in.
type constraint struct{ file, expression string }

// constraints are those of the declarations of a package of this tree. A package
// that is not there, as it moved, has none.
func constraints(dir string) (map[string]constraint, error) {
	found := map[string]constraint{}
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		expression := ""
		for _, group := range parsed.Comments {
			if rest, ok := strings.CutPrefix(group.List[0].Text, "//go:build "); ok && group.Pos() < parsed.Package {
				expression = rest
			}
		}
		if expression == "" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		for name_ := range parsed.Scope.Objects {
			found[name_] = constraint{filepath.Base(name), expression}
		}
	}
	return found, nil
}

// A file is a part of the shim of one package.
type file struct {
	module, relative string
	pkg              *types.Package
	constraint       string
	names            []string
	imports          map[string]string // name by path
}

func (f *file) render() ([]byte, error) {
	var body bytes.Buffer
	for _, name := range f.names {
		o := f.pkg.Scope().Lookup(name)
		from := ours + "/" + f.relative
		if path, ok := moved[f.relative+"."+name]; ok {
			from = path
		}
		target := f.name(from) + "." + name
		switch o := o.(type) {
		case *types.Const:
			fmt.Fprintf(&body, "const %s = %s\n", name, target)
		case *types.Var:
			fmt.Fprintf(&body, "var %s = %s\n", name, target)
		case *types.TypeName:
			fmt.Fprintf(&body, "type %s = %s\n", name, target)
		case *types.Func:
			f.function(&body, name, target, o.Signature())
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "// Code generated by pkg/sdk/xraysdk/conformance/shims. DO NOT EDIT.\n\n")
	if f.constraint != "" {
		fmt.Fprintf(&out, "//go:build %s\n\npackage %s\n\nimport (\n", f.constraint, f.pkg.Name())
	} else {
		fmt.Fprintf(&out, "// Package %s is %s/%s under the X-Ray SDK's path.\npackage %s\n\nimport (\n", f.pkg.Name(), ours, f.relative, f.pkg.Name())
	}
	for _, path := range slices.SortedFunc(maps.Keys(f.imports), byOrigin) {
		fmt.Fprintln(&out, importSpec(f.imports[path], path))
	}
	out.WriteString(")\n\n")
	out.Write(body.Bytes())
	return format.Source(out.Bytes())
}

// byOrigin sorts the standard library's packages before the others.
func byOrigin(a, b string) int {
	return cmp.Or(cmp.Compare(strings.Count(before(a), "."), strings.Count(before(b), ".")), cmp.Compare(a, b))
}

func before(path string) string { host, _, _ := strings.Cut(path, "/"); return host }

func importSpec(name, path string) string {
	if name == filepath.Base(path) {
		return strconv.Quote(path)
	}
	return name + " " + strconv.Quote(path)
}

// name is the name of an import.
func (f *file) name(path string) string {
	if path == f.module+"/"+f.relative {
		return ""
	}
	if name, ok := f.imports[path]; ok {
		return name
	}
	name := strings.NewReplacer("-", "", ".", "").Replace(filepath.Base(path))
	if strings.HasPrefix(path, ours) {
		name = "bragg" + name
	}
	f.imports[path] = name
	return name
}

// qualify names packages in signatures: types of this module are aliases, so
// either name does; those of its other packages are named by ours.
func (f *file) qualify(p *types.Package) string {
	path := p.Path()
	if path == f.module+"/"+f.relative {
		return ""
	}
	if rest, ok := strings.CutPrefix(path, f.module+"/"); ok {
		path = ours + "/" + rest
	}
	return f.name(path)
}

func (f *file) function(out *bytes.Buffer, name, target string, s *types.Signature) {
	var parameters, arguments []string
	for i := range s.Params().Len() {
		p := s.Params().At(i)
		parameter := p.Name()
		if parameter == "" || parameter == "_" {
			parameter = fmt.Sprintf("a%d", i)
		}
		text := types.TypeString(p.Type(), f.qualify)
		argument := parameter
		if s.Variadic() && i == s.Params().Len()-1 {
			text = "..." + strings.TrimPrefix(text, "[]")
			argument += "..."
		}
		parameters = append(parameters, parameter+" "+text)
		arguments = append(arguments, argument)
	}
	results := strings.TrimPrefix(types.TypeString(types.NewSignatureType(nil, nil, nil, nil, s.Results(), false), f.qualify), "func()")
	call := target + "(" + strings.Join(arguments, ", ") + ")"
	if s.Results().Len() > 0 {
		call = "return " + call
	}
	fmt.Fprintf(out, "func %s(%s)%s { %s }\n", name, strings.Join(parameters, ", "), results, call)
}
