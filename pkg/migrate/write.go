package migrate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Write does what the plan says. It refuses where git has changes that are not
// committed, or no work tree, unless force is set.
func (p *Plan) Write(ctx context.Context, force bool) error {
	if len(p.Changes) == 0 {
		return nil
	}
	if !force {
		if err := clean(ctx, p.Dir); err != nil {
			return err
		}
	}
	for _, c := range p.Changes {
		mode := os.FileMode(0o644)
		if info, err := os.Stat(c.Path); err == nil {
			mode = info.Mode().Perm()
		}
		if err := os.WriteFile(c.Path, c.After, mode); err != nil {
			return fmt.Errorf("write: %w", err)
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
	if len(p.Changes) == 0 {
		return "", nil
	}
	dir, err := os.MkdirTemp("", "bragg-migrate-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	for _, c := range p.Changes {
		if err := writeSides(dir, p.relative(c.Path), c); err != nil {
			return "", err
		}
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

func writeSides(dir, name string, c Change) error {
	for side, text := range map[string][]byte{"a": c.Before, "b": c.After} {
		to := filepath.Join(dir, side, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if side == "a" && c.Before == nil {
			continue
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
