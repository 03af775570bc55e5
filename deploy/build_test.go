package deploy

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// rehearsalVersion is what the programs are built as.
const rehearsalVersion = "v0.0.0-rehearsal"

// built are the programs of the images, for all tests that run one.
var built struct {
	mu       sync.Mutex
	dir      string
	programs map[string]string // by their names in the images, without a slash
}

// program builds what a program's Dockerfile builds, once, and returns where it
// is.
func program(t *testing.T, name string) string {
	t.Helper()
	built.mu.Lock()
	defer built.mu.Unlock()
	if path := built.programs[name]; path != "" {
		return path
	}
	if built.dir == "" {
		dir, err := os.MkdirTemp("", "bragg-programs-")
		if err != nil {
			t.Fatal(err)
		}
		built.dir, built.programs = dir, map[string]string{}
	}
	file := "deploy/docker/Dockerfile." + name
	path := filepath.Join(built.dir, name)
	buildProgram(t, "..", file, path)
	output, err := exec.Command(path, "--version").CombinedOutput()
	if err != nil || !bytes.Contains(output, []byte(rehearsalVersion)) {
		t.Errorf("%s: --version says %q, error %v; want %s", file, output, err, rehearsalVersion)
	}
	built.programs[name] = path
	return path
}

// buildProgram builds from the files that a Dockerfile copies and no others. It
// leaves out -trimpath and CGO_ENABLED=0, and builds in the tree, where other
// files seem not to be: so what is compiled already is not compiled once more.
func buildProgram(t *testing.T, root, file, program string) {
	t.Helper()
	d, err := readDockerfile(root, file)
	if err != nil {
		t.Fatal(err)
	}
	sources := t.TempDir()
	replayCopies(t, d.build(t), root, sources, readIgnorePatterns(t, root))
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	if err := writeOverlay(root, sources, overlay); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	pkg, variable := d.goBuild(t)
	args := append([]string{"build", "-buildvcs=false", "-overlay", overlay, "-ldflags", "-s -w -X " + variable + "=" + rehearsalVersion, "-o", program}, buildMode[filepath.Base(pkg)]...)
	cmd := exec.Command("go", append(args, pkg)...)
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: go build %s: %v\n%s", file, pkg, err, output)
	}
}

// writeOverlay writes a file for go build -overlay, with which the tree at root
// looks like the one at sources.
func writeOverlay(root, sources, file string) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	replace := map[string]string{}
	err = eachFile(root, func(path string) error {
		if _, err := os.Stat(filepath.Join(sources, path)); err != nil {
			replace[filepath.Join(root, path)] = "" // is not there
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = eachFile(sources, func(path string) error {
		here, copied := filepath.Join(root, path), filepath.Join(sources, path)
		original, err := os.ReadFile(here)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		content, readErr := os.ReadFile(copied)
		if err != nil || !bytes.Equal(original, content) {
			replace[here] = copied
		}
		return readErr
	})
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

// eachFile calls do with each file that Go may look at, by its path from dir.
func eachFile(dir string, do func(path string) error) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if entry.Name() == ".git" || entry.Name() == "node_modules" {
				return filepath.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		return do(rel)
	})
}

// build returns the stage that builds a program.
func (d *dockerfile) build(t *testing.T) instructions.Stage {
	t.Helper()
	for _, stage := range d.stages {
		if stage.Name == "build" {
			return stage
		}
	}
	t.Fatal("the Dockerfile has no stage named build")
	return instructions.Stage{}
}

// goBuild returns the package that the Dockerfile builds, and the variable that
// it links the version into.
func (d *dockerfile) goBuild(t *testing.T) (pkg, variable string) {
	t.Helper()
	for _, run := range commands[*instructions.RunCommand](d.build(t)) {
		command := strings.Join(run.CmdLine, " ")
		p, v := builtPackage.FindStringSubmatch(command), linkedVersion.FindStringSubmatch(command)
		if p != nil && v != nil {
			return p[1], v[1] + "/" + v[2] + "." + v[3]
		}
	}
	t.Fatal("the Dockerfile builds nothing")
	return "", ""
}

// replayCopies does a stage's COPY instructions from the context: files that
// .dockerignore hides do not arrive. What comes from another stage is left out.
func replayCopies(t *testing.T, stage instructions.Stage, context, target string, ignore ignorePatterns) {
	t.Helper()
	for _, c := range commands[*instructions.CopyCommand](stage) {
		if c.From != "" {
			continue
		}
		for _, source := range c.SourcePaths {
			matches, err := filepath.Glob(filepath.Join(context, source))
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range matches {
				if err := copyTree(context, match, filepath.Join(target, c.DestPath), ignore); err != nil {
					t.Fatalf("COPY %s: %v", source, err)
				}
			}
		}
	}
}

// copyTree copies a file into a directory, or what is in a directory.
func copyTree(context, source, target string, ignore ignorePatterns) error {
	return filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inContext, err := filepath.Rel(context, path)
		if err != nil {
			return err
		}
		if entry.IsDir() || ignore.match(filepath.ToSlash(inContext)) {
			return nil
		}
		inSource, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		if inSource == "." {
			inSource = filepath.Base(source)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		to := filepath.Join(target, inSource)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.WriteFile(to, content, 0o644)
	})
}
