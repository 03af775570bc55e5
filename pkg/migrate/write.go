package migrate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Version is that of the modules that go.mod is made to require.
const Version = "v0.1.0"

// Write does what the plan says. It refuses where git has changes that are not
// committed, or no work tree, unless force is set.
func (p *Plan) Write(ctx context.Context, force bool) error {
	if !force {
		if err := clean(ctx, p.Dir); err != nil {
			return err
		}
	}
	for _, c := range p.Changes {
		if err := os.WriteFile(c.Path, c.After, 0o644); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	for _, mod := range p.GoMods {
		args := []string{"mod", "edit"}
		for _, m := range p.Modules {
			args = append(args, "-require="+m+"@"+Version)
		}
		cmd := exec.CommandContext(ctx, "go", append(args, mod)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go mod edit %s: %w: %s", mod, err, out)
		}
	}
	return nil
}

func clean(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, "git", "status", "--porcelain", "--", ".")
	cmd.Dir = dir
	out, err := cmd.Output()
	switch {
	case err != nil:
		return errors.New(dir + " is not in a git work tree: what is written could not be undone; use --force to write nevertheless")
	case len(out) > 0:
		return errors.New(dir + " has changes that are not committed; commit them, or use --force")
	}
	return nil
}

// Diff is the plan's changes as git shows them.
func (p *Plan) Diff(ctx context.Context) (string, error) {
	dir, err := os.MkdirTemp("", "bragg-migrate-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	for _, c := range p.Changes {
		name, err := filepath.Rel(p.Dir, c.Path)
		if err != nil {
			return "", err
		}
		for side, text := range map[string][]byte{"a": c.Before, "b": c.After} {
			to := filepath.Join(dir, side, name)
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return "", err
			}
			if side == "a" && c.Before == nil {
				continue
			}
			if err := os.WriteFile(to, text, 0o644); err != nil {
				return "", err
			}
		}
	}
	if len(p.Changes) == 0 {
		return "", nil
	}
	cmd := exec.CommandContext(ctx, "git", "diff", "--no-index", "--no-prefix", "a", "b")
	cmd.Dir = dir
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return "", fmt.Errorf("git diff: %w", err)
	}
	return string(out), nil
}

// Report is the plan's findings, by kind, for a terminal.
func (p *Plan) Report() string {
	var b strings.Builder
	for _, kind := range []Kind{Changes, Better, Person, Deploy} {
		first := true
		for _, f := range p.Findings {
			if f.Kind != kind {
				continue
			}
			if first {
				fmt.Fprintf(&b, "What %s:\n", kind)
				first = false
			}
			if f.File != "" {
				fmt.Fprintf(&b, "  %s:%d: ", f.File, f.Line)
			} else {
				b.WriteString("  ")
			}
			b.WriteString(f.Text + "\n")
		}
	}
	if b.Len() == 0 {
		return "No package uses the X-Ray SDK: nothing to do.\n"
	}
	return b.String()
}
