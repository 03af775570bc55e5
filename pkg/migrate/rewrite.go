package migrate

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/ast/astutil"
	"golang.org/x/tools/go/packages"
)

// An edit replaces a part of a file.
type edit struct {
	from, to int
	with     string
}

// A rewrite is the edits of one file. Text that no edit touches stays as it is,
// to the byte.
type rewrite struct {
	plan   *Plan
	pkg    *packages.Package
	file   *ast.File
	source []byte
	uses   bool // the X-Ray SDK
	edits  []edit
	added  map[string]string // imports to add, name by path
}

func (r *rewrite) position(n ast.Node) token.Position { return r.pkg.Fset.Position(n.Pos()) }

func (r *rewrite) replace(n ast.Node, with string) {
	r.edits = append(r.edits, edit{r.position(n).Offset, r.pkg.Fset.Position(n.End()).Offset, with})
}

// here is where a package of the X-Ray SDK is; ok is false for other packages.
func here(path string) (string, bool) {
	for _, module := range []string{awsV2, awsV1} {
		if rest, ok := strings.CutPrefix(path, module+"/"); ok {
			return ours + "/" + rest, true
		}
	}
	return "", false
}

func (r *rewrite) imports() {
	for _, i := range r.file.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			continue
		}
		if to, ok := here(path); ok {
			r.uses = true
			r.replace(i.Path, strconv.Quote(to))
			r.plan.at(Changes, r.position(i), "import %s becomes %s", path, to)
		}
	}
}

// moved are the names of package xray, version 1, that are elsewhere.
var moved = map[string]string{
	"AWS": "awsv1", "AWSWithWhitelist": "awsv1", "AWSSession": "awsv1", "AWSSessionWithWhitelist": "awsv1",
	"RequestIDKey": "instrumentation/awsv2", "ExtendedRequestIDKey": "instrumentation/awsv2",
	"S3ExtendedRequestIDHeaderKey": "instrumentation/awsv2",
}

// better is what calls do now that they did not.
var better = map[string]string{
	"Handler":            "a handler that panics is a fault, and http.ResponseController works",
	"HandlerWithContext": "a handler that panics is a fault, and http.ResponseController works",
	"Client":             "the caller's request stays as it is, and calls that time out are recorded",
	"AWSV2Instrumentor":  "tables, queues, buckets, retries and throttling are recorded",
	"CaptureAsync":       "a subsegment that outlives its segment is sent once",
	"BeginSegment":       "no goroutine is started, and nothing is sent in Close",
}

// selectors goes through the names of the X-Ray SDK that the file uses.
func (r *rewrite) selectors() {
	ast.Inspect(r.file, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		qualifier, ok := s.X.(*ast.Ident)
		if !ok {
			return true
		}
		name, ok := r.pkg.TypesInfo.Uses[qualifier].(*types.PkgName)
		if !ok {
			return true
		}
		if _, ok := here(name.Imported().Path()); !ok {
			return true
		}
		r.selector(name.Imported().Path(), qualifier, s.Sel)
		return true
	})
}

func (r *rewrite) selector(path string, qualifier, selected *ast.Ident) {
	if to, ok := moved[selected.Name]; ok && path == awsV1+"/xray" {
		package_ := filepath.Base(to)
		r.replace(qualifier, package_)
		if r.added == nil {
			r.added = map[string]string{}
		}
		r.added[ours+"/"+to] = package_
		if to == "awsv1" {
			r.plan.require(ours + "/awsv1")
		}
		r.plan.at(Changes, r.position(qualifier), "%s.%s becomes %s.%s", qualifier.Name, selected.Name, package_, selected.Name)
	}
	if text, ok := better[selected.Name]; ok {
		r.plan.at(Better, r.position(qualifier), "%s.%s: %s", qualifier.Name, selected.Name, text)
	}
	switch selected.Name {
	case "NewDefaultEmitter", "DefaultEmitter", "Emitter":
		r.plan.at(Person, r.position(qualifier), "%s.%s: segments of a configuration with an Emitter still go to that emitter, not to OpenTelemetry; take it out to send spans", qualifier.Name, selected.Name)
	case "StreamingStrategy", "NewDefaultStreamingStrategy", "NewDefaultStreamingStrategyWithMaxSubsegmentCount":
		r.plan.at(Person, r.position(qualifier), "%s.%s: spans always go on their own, the strategy counts for emitters alone", qualifier.Name, selected.Name)
	case "AWS", "AWSSession":
		r.plan.at(Person, r.position(qualifier), "aws-sdk-go v1 has had no fixes since 2025-07-31: plan to leave it")
	}
}

// startFile is the name of the file with the start of telemetry.
const startFile = "telemetry_start.go"

// start plans the start of telemetry in a program: a file of its own and one
// line in main, unless telemetry is started already.
func (r *rewrite) start(dir string) {
	if _, err := os.Stat(filepath.Join(dir, startFile)); err == nil || bytes.Contains(r.source, []byte("telemetry.Start(")) {
		return
	}
	for _, d := range r.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv != nil || f.Name.Name != "main" || f.Body == nil {
			continue
		}
		at := r.pkg.Fset.Position(f.Body.Lbrace).Offset + 1
		r.edits = append(r.edits, edit{at, at, "\n\tdefer startTelemetry()()\n"})
		r.plan.at(Changes, r.position(f), "main starts OpenTelemetry, in %s", startFile)
		r.plan.Changes = append(r.plan.Changes, Change{Path: filepath.Join(dir, startFile), After: []byte(startSource)})
		r.plan.require(strings.TrimSuffix(ours, "/xraysdk"))
	}
}

const startSource = `package main

import (
	"context"
	"log"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

// startTelemetry starts OpenTelemetry by its environment variables, such as
// OTEL_SERVICE_NAME and OTEL_EXPORTER_OTLP_ENDPOINT, and returns what sends the
// rest and stops it.
func startTelemetry() (stop func()) {
	sdk, err := telemetry.Start(context.Background())
	if err != nil {
		log.Print(err) // the service works without
	}
	return func() {
		if err := sdk.Shutdown(context.Background()); err != nil {
			log.Print(err)
		}
	}
}
`

// apply makes the edits and adds the imports.
func (r *rewrite) apply() ([]byte, error) {
	slices.SortStableFunc(r.edits, func(a, b edit) int { return cmp.Compare(b.from, a.from) })
	text := slices.Clone(r.source)
	for _, e := range r.edits {
		text = slices.Concat(text[:e.from], []byte(e.with), text[e.to:])
	}
	if len(r.added) == 0 {
		return text, nil
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	for path := range r.added {
		astutil.AddImport(fset, file, path)
	}
	if !astutil.UsesImport(file, ours+"/xray") {
		astutil.DeleteImport(fset, file, ours+"/xray")
	}
	var out bytes.Buffer
	if err := format.Node(&out, fset, file); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
