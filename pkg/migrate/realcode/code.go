package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/migrate"
)

// A code is something to migrate.
type code struct {
	name     string
	packages []string // that use the X-Ray SDK, and have tests
	test     bool     // run their tests; else build them
	lay      func(ctx context.Context, dir string) error
}

// modules are public modules that use the X-Ray SDK, each at a version that the
// module proxy serves with all that it needs.
var modules = []code{
	public("github.com/justtrackio/gosoline", "v0.30.0", "./pkg/tracing/...", "./pkg/http/..."),
	public("github.com/joerdav/zapray", "v0.0.27", "./..."),
	public("github.com/DataDog/datadog-lambda-go", "v1.8.0", ".", "./internal/trace/...").without("inet.af/netaddr"),
}

// without puts an empty module in the place of one that is in the module graph, is
// not served any more, and has no package that is built.
func (c code) without(module string) code {
	lay := c.lay
	c.lay = func(ctx context.Context, dir string) error {
		if err := lay(ctx, dir); err != nil {
			return err
		}
		empty := filepath.Join(dir, "_absent")
		if err := os.MkdirAll(empty, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(empty, "go.mod"), []byte("module "+module+"\n"), 0o644); err != nil {
			return err
		}
		return command(ctx, dir, "go", "mod", "edit", "-replace="+module+"=./_absent")
	}
	return c
}

func public(module, version string, packages ...string) code {
	return code{
		name: module + " " + version, packages: packages, test: true,
		lay: func(ctx context.Context, dir string) error { return download(ctx, module+"@"+version, dir) },
	}
}

// download copies a module of the module cache, where the go command puts it.
func download(ctx context.Context, module, dir string) error {
	from, err := moduleDir(ctx, module)
	if err != nil {
		return err
	}
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		return err
	}
	return commit(ctx, dir)
}

func moduleDir(ctx context.Context, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	cmd.Dir = os.TempDir() // of no module
	cmd.Env = environment()
	out, err := cmd.Output()
	var m struct{ Dir, Error string }
	if json.Unmarshal(out, &m) == nil && m.Error != "" {
		return "", errors.New(m.Error)
	}
	return m.Dir, err
}

// commit makes a git work tree of a folder, with everything in it committed.
func commit(ctx context.Context, dir string) error {
	if err := command(ctx, dir, "git", "init", "-q"); err != nil {
		return err
	}
	return again(ctx, dir)
}

func again(ctx context.Context, dir string) error {
	if err := command(ctx, dir, "git", "add", "-A", "-f"); err != nil {
		return err
	}
	return command(ctx, dir, "git", "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "--allow-empty", "-m", "x")
}

// check builds the packages, and runs their tests.
func (c code) check(ctx context.Context, dir string) error {
	args := []string{"build"}
	if c.test {
		args = []string{"test", "-count=1"}
	}
	return command(ctx, dir, "go", append(args, c.packages...)...)
}

// migrate migrates code that passes, and checks it again. Afterwards a second run
// must have nothing to do.
func (c code) migrate(ctx context.Context, o migrate.Options, r *result) error {
	if err := again(ctx, o.Dir); err != nil { // go may have completed go.sum
		return err
	}
	plan, err := migrate.New(ctx, o)
	if err != nil {
		return err
	}
	r.files = len(plan.Changes)
	for _, f := range plan.Findings {
		if f.Kind == migrate.Person {
			r.person++
		}
	}
	if r.files == 0 {
		return errors.New("nothing was changed")
	}
	if err := plan.Write(ctx, false); err != nil {
		return err
	}
	if err := c.checkTidied(ctx, o.Dir); err != nil {
		return fmt.Errorf("migrated: %w", err)
	}
	second, err := migrate.New(ctx, o)
	if err == nil && len(second.Changes) > 0 {
		err = fmt.Errorf("a second run changes %s", second.Changes[0].Path)
	}
	return err
}

// checkTidied checks code whose go.mod was changed. go mod tidy, which its owner is
// told to run, is run only where it is needed: it asks for modules that no package
// here imports, and not all of them are served any more.
func (c code) checkTidied(ctx context.Context, dir string) error {
	err := c.check(ctx, dir)
	if err == nil {
		return nil
	}
	if tidy := command(ctx, dir, "go", "mod", "tidy"); tidy != nil {
		return errors.Join(err, tidy)
	}
	return c.check(ctx, dir)
}

// environment makes the go command and package packages see the code alone.
func environment() []string {
	return append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -buildvcs=false")
}

func init() {
	for _, v := range environment()[len(os.Environ()):] {
		name, value, _ := strings.Cut(v, "=")
		os.Setenv(name, value)
	}
}

func command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = environment()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, tail(out.String()))
	}
	return nil
}

// tail is the end of what a command printed.
func tail(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

// short is an outcome in one line: what failed, and the first that the compiler or
// the tests said of it.
func short(s string) string {
	lines := strings.Split(s, "\n")
	for _, line := range lines[1:] {
		if !strings.HasPrefix(line, "#") && strings.TrimSpace(line) != "" {
			return lines[0] + ": " + strings.TrimSpace(line)
		}
	}
	return lines[0]
}
