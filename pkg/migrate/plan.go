package migrate

import (
	"cmp"
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// The module paths.
const (
	ours  = "github.com/bragg-tracing/bragg/pkg/sdk/xraysdk"
	awsV1 = "github.com/aws/aws-xray-sdk-go"
	awsV2 = awsV1 + "/v2"
)

// A Kind says what a finding is for its reader.
type Kind string

// The kinds, in the order of the report.
const (
	Changes Kind = "changes"            // what Write changes
	Better  Kind = "is better now"      // what the new module does that the old one did not
	Person  Kind = "needs a person"     // what the plan does not change
	Deploy  Kind = "in your deployment" // the daemon's place is the collector's now
)

// A Finding is one line of the report.
type Finding struct {
	Kind Kind
	File string // relative to the plan's folder
	Line int
	Text string
}

// A Change is a file that becomes another. Before is empty for a new file.
type Change struct {
	Path          string // absolute
	Before, After []byte
}

// A Plan is what a migration would do. Making one changes nothing.
type Plan struct {
	Dir      string
	Findings []Finding
	Changes  []Change
	Modules  []string // that go.mod must require
	GoMods   []string // of the modules that use the X-Ray SDK, absolute
}

// New makes the plan for the packages of a module in dir. An error is for
// packages that cannot be loaded; what of them does not compile is a finding.
func New(ctx context.Context, dir string, patterns []string) (*Plan, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	loaded, err := packages.Load(&packages.Config{
		Context: ctx, Dir: dir, Tests: true,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes |
			packages.NeedTypesInfo | packages.NeedImports | packages.NeedModule,
	}, patterns...)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", strings.Join(patterns, " "), err)
	}
	p := &Plan{Dir: dir}
	seen := map[string]bool{}
	for _, pkg := range loaded {
		if len(pkg.Errors) > 0 && len(pkg.Syntax) == 0 {
			return nil, fmt.Errorf("load %s: %w", pkg.PkgPath, pkg.Errors[0])
		}
		for _, e := range pkg.Errors {
			p.add(Finding{Kind: Person, Text: "does not compile: " + e.Error()})
		}
		for _, file := range pkg.Syntax {
			name := pkg.Fset.Position(file.Pos()).Filename
			if seen[name] || !strings.HasPrefix(name, dir+string(filepath.Separator)) {
				continue
			}
			seen[name] = true
			if err := p.file(pkg, file, name); err != nil {
				return nil, err
			}
		}
	}
	if len(p.Changes) > 0 {
		p.deployment()
	}
	slices.SortStableFunc(p.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return p, nil
}

func (p *Plan) add(f Finding) {
	if !slices.Contains(p.Findings, f) {
		p.Findings = append(p.Findings, f)
	}
}

// at is a finding at a position.
func (p *Plan) at(kind Kind, position token.Position, format string, args ...any) {
	name, err := filepath.Rel(p.Dir, position.Filename)
	if err != nil {
		name = position.Filename
	}
	p.add(Finding{kind, name, position.Line, fmt.Sprintf(format, args...)})
}

func (p *Plan) require(module string) {
	if !slices.Contains(p.Modules, module) {
		p.Modules = append(p.Modules, module)
	}
}

// file plans what becomes of one file.
func (p *Plan) file(pkg *packages.Package, file *ast.File, name string) error {
	before, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	r := &rewrite{plan: p, pkg: pkg, file: file, source: before}
	r.imports()
	if !r.uses {
		return nil
	}
	r.selectors()
	if pkg.Name == "main" && !strings.HasSuffix(name, "_test.go") {
		r.start(filepath.Dir(name))
	}
	after, err := r.apply()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	p.Changes = append(p.Changes, Change{name, before, after})
	p.require(ours)
	if m := pkg.Module; m != nil && m.GoMod != "" && !slices.Contains(p.GoMods, m.GoMod) {
		p.GoMods = append(p.GoMods, m.GoMod)
	}
	return nil
}
