package migrate

import (
	"context"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// beyond reports what uses the X-Ray SDK and is not in the plan's hands: files
// that are not built here, other modules, and packages of others.
func (p *Plan) beyond(ctx context.Context, loaded []*packages.Package) error {
	p.notLoaded(loaded)
	if len(p.Changes) == 0 && !p.migrated {
		return nil
	}
	p.deployment()
	return p.dependencies(ctx)
}

// notLoaded looks for files of the folder that no package has.
func (p *Plan) notLoaded(loaded []*packages.Package) {
	seen := map[string]bool{}
	for _, pkg := range loaded {
		for _, file := range pkg.Syntax {
			seen[pkg.Fset.PositionFor(file.Package, false).Filename] = true
		}
	}
	_ = filepath.WalkDir(p.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		name := d.Name()
		if d.IsDir() {
			if path != p.Dir && (name == "vendor" || name == "testdata" || name == "node_modules" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".go") && !seen[path] {
			p.fileNotLoaded(path)
		}
		return nil
	})
}

func (p *Plan) fileNotLoaded(path string) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return
	}
	if !uses(file, p.options.OpenTelemetry) {
		p.migrated = p.migrated || uses(file, true)
		return
	}
	for _, i := range file.Imports {
		if theirs := original(strings.Trim(i.Path.Value, "\"`")); theirs != "" {
			p.used[theirs] = true
		}
	}
	why := "its package is not among those named, or in a module of its own: run migrate there"
	for _, group := range file.Comments {
		if rest, ok := strings.CutPrefix(group.List[0].Text, "//go:build "); ok && group.Pos() < file.Package {
			why = "it is built only with " + rest + ": run migrate with --tags, or GOOS and GOARCH, too"
		}
	}
	p.add(Finding{Person, p.relative(path), 1, "not migrated, though it uses the X-Ray SDK: " + why})
}

// original is the module of the X-Ray SDK that has a package, or "".
func original(path string) string {
	for _, module := range []string{awsV2, awsV1} {
		if strings.HasPrefix(path, module+"/") {
			return module
		}
	}
	return ""
}

// dependencies reports the packages of others that import the X-Ray SDK: they
// come along by a replace directive alone.
func (p *Plan) dependencies(ctx context.Context) error {
	graph, err := packages.Load(&packages.Config{
		Context: ctx, Dir: p.Dir,
		Mode: packages.NeedName | packages.NeedImports | packages.NeedDeps | packages.NeedModule,
	}, p.options.Patterns...)
	if err != nil {
		return fmt.Errorf("load the dependencies: %w", err)
	}
	users := map[string]string{} // module of others by the X-Ray SDK's
	packages.Visit(graph, func(pkg *packages.Package) bool {
		if m := pkg.Module; m == nil || m.Main || m.Path == awsV1 || m.Path == awsV2 || strings.HasPrefix(m.Path, sdk) {
			return true
		}
		for imported := range pkg.Imports {
			if theirs := original(imported); theirs != "" {
				users[pkg.Module.Path] = theirs
				p.used[theirs] = true
			}
		}
		return true
	}, nil)
	for m, theirs := range users {
		folder := "xraysdkv1"
		if theirs == awsV2 {
			folder = "xraysdkv2"
		}
		p.add(Finding{Kind: Person, Text: fmt.Sprintf("%s imports the X-Ray SDK: its segments stay apart until go.mod says\n    replace %s => %s/shim/%s %s", m, theirs, ours, folder, Version)})
	}
	return nil
}

// noteMigrated remembers that a loaded package uses the modules here already.
func (p *Plan) noteMigrated(loaded []*packages.Package) {
	p.migrated = slices.ContainsFunc(loaded, func(pkg *packages.Package) bool {
		for imported := range pkg.Imports {
			if strings.HasPrefix(imported, sdk+"/") {
				return true
			}
		}
		return false
	})
}
