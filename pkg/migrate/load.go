package migrate

import (
	"cmp"
	"context"
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"
)

// load loads the packages and makes a rewrite of each file that uses the X-Ray
// SDK.
func (p *Plan) load(ctx context.Context) ([]*packages.Package, error) {
	config := &packages.Config{
		Context: ctx, Dir: p.Dir, Tests: true,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes |
			packages.NeedTypesInfo | packages.NeedImports | packages.NeedModule,
	}
	if len(p.options.Tags) > 0 {
		config.BuildFlags = []string{"-tags=" + strings.Join(p.options.Tags, ",")}
	}
	loaded, err := packages.Load(config, p.options.Patterns...)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", strings.Join(p.options.Patterns, " "), err)
	}
	// A package with its tests has the files of the package, too.
	slices.SortStableFunc(loaded, func(a, b *packages.Package) int { return cmp.Compare(len(b.Syntax), len(a.Syntax)) })
	seen := map[string]bool{}
	for _, pkg := range loaded {
		if len(pkg.Errors) > 0 && len(pkg.Syntax) == 0 && pkg.Name == "" {
			return nil, fmt.Errorf("load %s: %w", pkg.PkgPath, pkg.Errors[0])
		}
		for _, e := range pkg.Errors {
			p.add(Finding{Kind: Person, Text: "does not compile: " + e.Error()})
		}
		for _, file := range pkg.Syntax {
			if err := p.loadFile(pkg, file, seen); err != nil {
				return nil, err
			}
		}
	}
	slices.SortStableFunc(p.rewrites, func(a, b *rewrite) int { return cmp.Compare(a.path, b.path) })
	return loaded, nil
}

func (p *Plan) loadFile(pkg *packages.Package, file *ast.File, seen map[string]bool) error {
	name := pkg.Fset.PositionFor(file.Package, false).Filename
	if seen[name] || !strings.HasPrefix(name, p.Dir+string(filepath.Separator)) {
		return nil
	}
	seen[name] = true
	if !uses(file, p.options.OpenTelemetry) {
		return nil
	}
	source, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	p.rewrites = append(p.rewrites, newRewrite(p, pkg, file, name, source))
	return nil
}

// uses reports whether a file imports the X-Ray SDK; with migrated, also if it
// is the one here.
func uses(file *ast.File, migrated bool) bool {
	return slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return false
		}
		if _, ok := here(path); ok {
			return true
		}
		_, ok := within(path)
		return ok && migrated
	})
}

func isGenerated(file *ast.File) bool { return ast.IsGenerated(file) }
