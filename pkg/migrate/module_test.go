package migrate

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// checkout is the top of this source tree.
func checkout(t testing.TB) string {
	t.Helper()
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return top
}

// A workspace is what modules that are made for tests take from this one: the
// versions of other people's modules, which need not be downloaded then, and
// their sums.
type workspace struct {
	requires map[string]string
	sums     []byte
	replaces map[string]string // this project's modules, and where they are
}

var workspaceOnce = sync.OnceValues(func() (*workspace, error) {
	cmd := exec.Command("go", "list", "-m", "-json")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	w := &workspace{requires: map[string]string{}, replaces: map[string]string{}}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct{ Path, Dir, GoMod string }
		if err := d.Decode(&m); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		w.replaces[m.Path] = m.Dir
		if sums, err := os.ReadFile(filepath.Join(m.Dir, "go.sum")); err == nil {
			w.sums = append(w.sums, sums...)
		}
		if strings.HasPrefix(m.Path, sdk) || strings.HasSuffix(m.Path, "xraylocal/conformance") {
			if err := w.read(m.GoMod); err != nil {
				return nil, err
			}
		}
	}
	sums, err := os.ReadFile(filepath.Join("..", "..", "go.work.sum"))
	w.sums = append(w.sums, sums...)
	return w, err
})

func (w *workspace) read(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	f, err := modfile.Parse(name, text, nil)
	if err != nil {
		return err
	}
	for _, r := range f.Require {
		if !strings.HasPrefix(r.Mod.Path, "github.com/bragg-tracing/") && semver.Compare(w.requires[r.Mod.Path], r.Mod.Version) < 0 {
			w.requires[r.Mod.Path] = r.Mod.Version
		}
	}
	return nil
}

// newModule makes a module of files, in a git work tree of its own, where
// everything is committed. It requires what the modules here do, but none of
// them.
func newModule(t testing.TB, files map[string]string) string {
	t.Helper()
	w, err := workspaceOnce()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	f := &modfile.File{Syntax: &modfile.FileSyntax{}}
	must(t, f.AddModuleStmt("example.com/shop"))
	must(t, f.AddGoStmt("1.26.0"))
	var requires []*modfile.Require
	for path, version := range w.requires {
		requires = append(requires, &modfile.Require{Mod: module.Version{Path: path, Version: version}, Indirect: true})
	}
	f.SetRequireSeparateIndirect(requires)
	text, err := f.Format()
	must(t, err)
	write(t, dir, "go.mod", string(text))
	write(t, dir, "go.sum", string(w.sums))
	for name, text := range files {
		write(t, dir, name, text)
	}
	command(t, dir, "git", "init", "-q")
	command(t, dir, "go", "list", "-deps", "-test", "./...") // which tidies go.mod
	commit(t, dir)
	return dir
}

func commit(t testing.TB, dir string) {
	t.Helper()
	command(t, dir, "git", "add", "-A")
	command(t, dir, "git", "-c", "user.name=shop", "-c", "user.email=shop@example.com", "commit", "-q", "--allow-empty", "-m", "shop")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, name)
	must(t, os.MkdirAll(filepath.Dir(name), 0o755))
	must(t, os.WriteFile(name, []byte(text), 0o644))
}

func read(t testing.TB, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	must(t, err)
	return string(text)
}

// command runs a command, for go as if this workspace were not there.
func command(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), goEnvironment...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

var goEnvironment = []string{"GOFLAGS=-mod=mod -buildvcs=false", "GOWORK=off", "GOSUMDB=off"}

// outsideOfWorkspace makes package packages, which the plan uses, see modules as
// command does.
func outsideOfWorkspace(t testing.TB) {
	t.Helper()
	if _, err := workspaceOnce(); err != nil { // which needs the workspace
		t.Fatal(err)
	}
	for _, v := range goEnvironment {
		name, value, _ := strings.Cut(v, "=")
		t.(interface{ Setenv(string, string) }).Setenv(name, value)
	}
}
