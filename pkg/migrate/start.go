package migrate

import (
	"bytes"
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"
)

// startFile is the name of the file with the start of telemetry.
const startFile = "telemetry_start.go"

// starts plans the start of telemetry in the programs that use a package that
// changes.
func (p *Plan) starts(loaded []*packages.Package, changed map[string]bool) error {
	byPath := map[string]*packages.Package{}
	for _, pkg := range loaded {
		if byPath[pkg.PkgPath] == nil {
			byPath[pkg.PkgPath] = pkg
		}
	}
	reached := map[string]bool{}
	var reaches func(path string) bool
	reaches = func(path string) bool {
		pkg := byPath[path]
		if pkg == nil {
			return false
		}
		if done, ok := reached[path]; ok {
			return done
		}
		reached[path] = changed[path]
		for imported := range pkg.Imports {
			reached[path] = reaches(imported) || reached[path]
		}
		return reached[path]
	}
	seen := map[string]bool{}
	for _, pkg := range loaded {
		if pkg.Name != "main" || strings.HasSuffix(pkg.PkgPath, ".test") || !reaches(pkg.PkgPath) {
			continue
		}
		for _, file := range pkg.Syntax {
			name := pkg.Fset.PositionFor(file.Package, false).Filename
			if seen[name] || strings.HasSuffix(name, "_test.go") || !strings.HasPrefix(name, p.Dir) {
				continue
			}
			seen[name] = true
			if err := p.start(pkg, file, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// start plans it for the file that has function main.
func (p *Plan) start(pkg *packages.Package, file *ast.File, name string) error {
	i := slices.IndexFunc(file.Decls, func(d ast.Decl) bool {
		f, ok := d.(*ast.FuncDecl)
		return ok && f.Recv == nil && f.Name.Name == "main" && f.Body != nil
	})
	if i < 0 {
		return nil
	}
	main := file.Decls[i].(*ast.FuncDecl)
	at := pkg.Fset.PositionFor(main.Pos(), false)
	uses := usesIn(pkg)
	switch {
	case uses.started:
		return nil
	case uses.provider:
		p.at(Person, at, "the program sets OpenTelemetry up by itself: segments take their ids from its provider; tell package spanfeed of its span processors, or start it by telemetry.Start")
		return nil
	case uses.lambda != "" && !p.options.OpenTelemetry:
		p.at(Person, at, "a Lambda function: its segments go on to Lambda's own daemon, and OpenTelemetry is not started; see package tracelambda, or migrate --to otel")
		return nil
	}
	before, index, err := p.current(name)
	if err != nil {
		return err
	}
	function := "startTelemetry"
	if pkg.Types.Scope().Lookup(function) != nil {
		function = "startOpenTelemetry"
	}
	after, err := insertStart(before, function)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if uses.lambda != "" {
		if after, err = p.lambda(pkg, uses, after); err != nil {
			return err
		}
		index = slices.IndexFunc(p.Changes, func(c Change) bool { return c.Path == name })
	}
	if index < 0 {
		p.Changes = append(p.Changes, Change{Path: name, Before: before, After: after})
	} else {
		p.Changes[index].After = after
	}
	source := p.startSource(function, uses.lambda != "")
	p.Changes = append(p.Changes, Change{Path: filepath.Join(filepath.Dir(name), startFile), After: []byte(source)})
	p.requireOf(pkg, []byte(source))
	p.at(Changes, at, "main starts OpenTelemetry, in %s", startFile)
	if uses.exits.IsValid() {
		p.at(Person, pkg.Fset.PositionFor(uses.exits, false), "the program ends here without what main has deferred: the spans of its last 5 seconds are lost; return from main instead")
	}
	return nil
}

// current is what a file is to be so far, and the index of its change, or -1.
func (p *Plan) current(name string) ([]byte, int, error) {
	i := slices.IndexFunc(p.Changes, func(c Change) bool { return c.Path == name })
	if i >= 0 {
		return p.Changes[i].After, i, nil
	}
	text, err := os.ReadFile(name)
	return text, -1, err
}

// insertStart puts the call at the begin of main.
func insertStart(source []byte, function string) ([]byte, error) {
	fset, file, err := parse(source)
	if err != nil {
		return nil, err
	}
	e := edits{fset: fset}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "main" {
			e.insert(f.Body.Lbrace+1, "\n\tdefer "+function+"()()\n")
		}
	}
	return e.apply(source)
}

// startSource is the file with the start.
func (p *Plan) startSource(function string, lambda bool) string {
	options, note := "", ""
	if name := p.serviceName(); name != "" {
		options += ",\n\t\ttelemetry.WithServiceName(" + strconv.Quote(name) + ")"
	}
	if p.options.OpenTelemetry {
		if p.version != "" {
			options += ",\n\t\ttelemetry.WithServiceVersion(" + strconv.Quote(p.version) + ")"
		}
	}
	if p.options.OpenTelemetry && !lambda { // which decides itself
		options += ",\n\t\ttelemetry.WithXRaySampling()"
		note = "//\n// Traces are sampled by X-Ray's rules, as the X-Ray SDK did;\n// OTEL_TRACES_SAMPLER changes that.\n"
	}
	if lambda {
		options += ",\n\t\ttelemetry.WithExporters(\"xrayudp\")"
		note += "//\n// Spans go to Lambda's own daemon; with a collector in a layer, leave\n// WithExporters out.\n"
	}
	if options != "" {
		options += ",\n\t"
	}
	return fmt.Sprintf(startTemplate, function, note, options, strconv.Quote(sdk+"/telemetry"))
}

const startTemplate = `package main

import (
	"context"
	"log"

	%[4]s
)

// %[1]s starts OpenTelemetry and returns what sends the rest and stops it.
// Variables such as OTEL_SERVICE_NAME and OTEL_EXPORTER_OTLP_ENDPOINT win over
// what is said here.
%[2]sfunc %[1]s() (stop func()) {
	sdk, err := telemetry.Start(context.Background()%[3]s)
	if err != nil {
		log.Print(err) // the program works without
	}
	return func() {
		if err := sdk.Shutdown(context.Background()); err != nil {
			log.Print(err)
		}
	}
}
`

// serviceName is the one name that the segments of the servers have, or "".
func (p *Plan) serviceName() string {
	names := p.names
	if len(names) == 0 {
		names = slices.Compact(slices.Sorted(slices.Values(p.segmentNames)))
	}
	if len(names) == 1 {
		return names[0]
	}
	return ""
}

// requireOf requires the modules of what a file imports.
func (p *Plan) requireOf(pkg *packages.Package, source []byte) {
	_, file, err := parse(source)
	if err != nil {
		return
	}
	for _, i := range file.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		best := ""
		for module := range versions {
			if (path == module || strings.HasPrefix(path, module+"/")) && len(module) > len(best) {
				best = module
			}
		}
		if best != "" {
			p.require(pkg, best)
		}
	}
}

func isLambdaStart(path, name string) bool {
	return path == "github.com/aws/aws-lambda-go/lambda" && strings.HasPrefix(name, "Start")
}

var setsProvider = []byte("SetTracerProvider(")

func hasProvider(source []byte) bool { return bytes.Contains(source, setsProvider) }
