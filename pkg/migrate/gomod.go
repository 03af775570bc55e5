package migrate

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// Version is that of this project's modules that go.mod is made to require.
const Version = "v0.1.0"

// otelVersion is the version of OpenTelemetry that the modules here require.
const otelVersion = "v1.47.0"

// goVersion is the oldest version of Go that the modules here build with.
const goVersion = "1.26.0"

// versions are those of the modules that migrated code imports.
var versions = map[string]string{
	sdk: Version, ours: Version, ours + "/awsv1": Version,
	sdk + "/tracehttp": Version, sdk + "/traceaws": Version, sdk + "/tracesql": Version,
	sdk + "/tracegrpc": Version, sdk + "/tracelambda": Version,
	"go.opentelemetry.io/otel": otelVersion, "go.opentelemetry.io/otel/trace": otelVersion,
}

// goMods plans what becomes of the go.mod files, and of a go.work above them.
func (p *Plan) goMods() error {
	for _, name := range slices.Sorted(maps.Keys(p.require_)) {
		if err := p.goMod(name, p.require_[name]); err != nil {
			return err
		}
		vendor := filepath.Join(filepath.Dir(name), "vendor")
		if _, err := os.Stat(filepath.Join(vendor, "modules.txt")); err == nil {
			p.add(Finding{Kind: Person, File: p.relative(vendor), Line: 1, Text: "the module has its dependencies in vendor: run go mod vendor after go mod tidy"})
		}
	}
	if len(p.require_) == 0 {
		return nil
	}
	return p.goWork()
}

func (p *Plan) goMod(name string, modules []string) error {
	before, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	f, err := modfile.Parse(name, before, nil)
	if err != nil {
		return err
	}
	have := map[string]string{}
	requires := []*modfile.Require{}
	for _, r := range f.Require {
		have[r.Mod.Path] = r.Mod.Version
		requires = append(requires, &modfile.Require{Mod: r.Mod, Indirect: r.Indirect && !slices.Contains(modules, r.Mod.Path)})
	}
	for _, m := range slices.Sorted(slices.Values(modules)) {
		version := versions[m]
		if old, ok := have[m]; ok && semver.Compare(old, version) >= 0 {
			continue
		}
		requires = slices.DeleteFunc(requires, func(r *modfile.Require) bool { return r.Mod.Path == m })
		requires = append(requires, &modfile.Require{Mod: module.Version{Path: m, Version: version}})
		p.add(Finding{Changes, p.relative(name), 1, "requires " + m + " " + version})
	}
	f.SetRequireSeparateIndirect(requires)
	if err := p.dropUnused(f, name); err != nil {
		return err
	}
	if f.Go == nil || semver.Compare("v"+f.Go.Version, "v"+goVersion) < 0 {
		if err := f.AddGoStmt(goVersion); err != nil {
			return err
		}
		p.add(Finding{Changes, p.relative(name), 1, "go " + goVersion + ", which the modules need"})
	}
	if err := p.replaces(f, modules); err != nil {
		return err
	}
	f.Cleanup()
	after, err := f.Format()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if string(after) != string(before) {
		p.Changes = append(p.Changes, Change{name, before, after})
	}
	return nil
}

// dropUnused drops the X-Ray SDK where nothing imports it any more, as go mod tidy
// does: the old modules that it requires can keep go from finding the packages of
// newer ones.
func (p *Plan) dropUnused(f *modfile.File, name string) error {
	if !strings.HasPrefix(name, p.Dir+string(filepath.Separator)) {
		return nil // files that were not looked at may import it
	}
	for _, theirs := range []string{awsV1, awsV2} {
		if p.used[theirs] || !slices.ContainsFunc(f.Require, func(r *modfile.Require) bool { return r.Mod.Path == theirs }) {
			continue
		}
		if err := f.DropRequire(theirs); err != nil {
			return err
		}
		p.add(Finding{Changes, p.relative(name), 1, "no longer requires " + theirs})
	}
	return nil
}

// replaces takes this project's modules from a checkout, those too that the
// others require.
func (p *Plan) replaces(f *modfile.File, modules []string) error {
	if p.options.Checkout == "" {
		return nil
	}
	checkout, err := filepath.Abs(p.options.Checkout)
	if err != nil {
		return err
	}
	modules = append(slices.Clone(modules), sdk)
	if slices.Contains(modules, ours+"/awsv1") {
		modules = append(modules, ours)
	}
	root := strings.TrimSuffix(sdk, "/pkg/sdk")
	for _, m := range slices.Compact(slices.Sorted(slices.Values(modules))) {
		dir, ok := strings.CutPrefix(m, root)
		if !ok {
			continue
		}
		dir = filepath.Join(checkout, dir)
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
			return fmt.Errorf("%s is no checkout of %s: %w", checkout, root, err)
		}
		if err := f.AddReplace(m, "", dir, ""); err != nil {
			return err
		}
	}
	return nil
}

// goWork raises the version of Go in a go.work, which must not be below that of
// its modules.
func (p *Plan) goWork() error {
	cmd := exec.CommandContext(context.Background(), "go", "env", "GOWORK")
	cmd.Dir = p.Dir
	out, err := cmd.Output()
	name := strings.TrimSpace(string(out))
	if err != nil || name == "" || name == "off" {
		return nil
	}
	before, err := os.ReadFile(name)
	if err != nil {
		return nil // go says so itself
	}
	f, err := modfile.ParseWork(name, before, nil)
	if err != nil || f.Go != nil && semver.Compare("v"+f.Go.Version, "v"+goVersion) >= 0 {
		return err
	}
	if !strings.HasPrefix(name, p.Dir+string(filepath.Separator)) {
		p.add(Finding{Kind: Person, Text: name + " must say go " + goVersion + ", which the modules need"})
		return nil
	}
	if err := f.AddGoStmt(goVersion); err != nil {
		return err
	}
	p.add(Finding{Changes, p.relative(name), 1, "go " + goVersion + ", which the modules need"})
	p.Changes = append(p.Changes, Change{name, before, modfile.Format(f.Syntax)})
	return nil
}
