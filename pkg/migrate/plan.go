package migrate

import (
	"cmp"
	"context"
	"fmt"
	"go/token"
	"path/filepath"
	"slices"

	"golang.org/x/tools/go/packages"
)

// The module paths.
const (
	sdk   = "github.com/bragg-tracing/bragg/pkg/sdk"
	ours  = sdk + "/xraysdk"
	awsV1 = "github.com/aws/aws-xray-sdk-go"
	awsV2 = awsV1 + "/v2"
)

// A Kind says what a finding is for its reader.
type Kind string

// The kinds, in the order of the report.
const (
	Changes Kind = "changes"            // what Write changes
	Better  Kind = "is better now"      // what the new module does that the old one did not
	Differs Kind = "means less or more" // where OpenTelemetry has no equal
	Person  Kind = "needs a person"     // what the plan does not change
	Deploy  Kind = "in your deployment" // the daemon's place is the collector's now
)

// A Finding is one line of the report.
type Finding struct {
	Kind Kind
	File string // relative to the plan's folder; "" if it is about no file
	Line int
	Text string
}

// A Change is a file that becomes another. Before is nil for a new file.
type Change struct {
	Path          string // absolute
	Before, After []byte
}

// Options say what is planned.
type Options struct {
	Dir      string   // of the module; "" is the current one
	Patterns []string // of packages; none means ./...
	Tags     []string // build tags
	// OpenTelemetry goes on from the X-Ray SDK's API to OpenTelemetry's.
	OpenTelemetry bool
	// Checkout is a folder with this project's source: go.mod takes the modules
	// from there, by replace directives. "" means their release.
	Checkout string
}

// A Plan is what a migration would do. Making one changes nothing.
type Plan struct {
	Dir      string
	Findings []Finding
	Changes  []Change

	options      Options
	require_     map[string][]string // modules that a go.mod must require, by its absolute path
	rewrites     []*rewrite
	helpers      map[string]*helpers // by folder and package
	names        []string            // that segments of servers have
	segmentNames []string            // that BeginSegment was given
	version      string              // of the service
	spans        bool                // some call begins spans
	keep         string              // why segments stay segments
	used         map[string]bool     // the X-Ray SDK modules that something goes on to import
	migrated     bool                // some package uses the modules here already
}

// New makes the plan. An error is for packages that cannot be loaded; what of
// them does not compile is a finding.
func New(ctx context.Context, o Options) (*Plan, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	if len(o.Patterns) == 0 {
		o.Patterns = []string{"./..."}
	}
	p := &Plan{Dir: dir, options: o, require_: map[string][]string{}, used: map[string]bool{}, helpers: map[string]*helpers{}}
	loaded, err := p.load(ctx)
	if err != nil {
		return nil, err
	}
	p.noteMigrated(loaded)
	p.collectNames()
	if o.OpenTelemetry {
		p.toOpenTelemetry()
	}
	changed := map[string]bool{}
	for _, r := range p.rewrites {
		did, err := p.finish(r)
		if err != nil {
			return nil, err
		}
		changed[r.pkg.PkgPath] = changed[r.pkg.PkgPath] || did
	}
	p.writeHelpers()
	if err := p.starts(loaded, changed); err != nil {
		return nil, err
	}
	if err := p.beyond(ctx, loaded); err != nil {
		return nil, err
	}
	if err := p.goMods(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(p.Changes, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortStableFunc(p.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return p, nil
}

// finish makes the change of a file, if there is one.
func (p *Plan) finish(r *rewrite) (changed bool, err error) {
	r.names()
	r.imports()
	after, err := r.edits.apply(r.source)
	if err != nil {
		return false, fmt.Errorf("%s: %w", r.path, err)
	}
	if string(after) == string(r.source) {
		return false, nil
	}
	p.Changes = append(p.Changes, Change{r.path, r.source, after})
	p.requireOf(r.pkg, after)
	if isGenerated(r.file) {
		p.at(Person, r.position(r.file), "the file is generated: change what its generator writes, too")
	}
	return true, nil
}

func (p *Plan) add(f Finding) {
	if !slices.Contains(p.Findings, f) {
		p.Findings = append(p.Findings, f)
	}
}

// at is a finding at a position.
func (p *Plan) at(kind Kind, position token.Position, format string, args ...any) {
	p.add(Finding{kind, p.relative(position.Filename), position.Line, fmt.Sprintf(format, args...)})
}

func (p *Plan) relative(name string) string {
	if short, err := filepath.Rel(p.Dir, name); err == nil {
		return short
	}
	return name
}

// require makes the go.mod of a package's module require another.
func (p *Plan) require(pkg *packages.Package, module string) {
	if m := pkg.Module; m != nil && m.GoMod != "" && !slices.Contains(p.require_[m.GoMod], module) {
		p.require_[m.GoMod] = append(p.require_[m.GoMod], module)
	}
}
