package deploy

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// rehearsalVersion is what the programs are built as.
const rehearsalVersion = "v0.0.0-rehearsal"

// buildPrograms builds what each Dockerfile builds, from the files that it
// copies and no others, and checks that the version is in it. It returns the
// programs by their names in the images. It leaves out -trimpath and
// CGO_ENABLED=0, which would compile every dependency once more.
func buildPrograms(t *testing.T, root string) map[string]string {
	t.Helper()
	ignore := readIgnorePatterns(t, root)
	programs := map[string]string{}
	for _, file := range dockerfiles {
		d, err := readDockerfile(root, file)
		if err != nil {
			t.Fatal(err)
		}
		sources := t.TempDir()
		replayCopies(t, d.build(t), root, sources, ignore)
		pkg, variable := d.goBuild(t)
		program := filepath.Join(t.TempDir(), filepath.Base(d.entrypoint()))
		args := append([]string{"build", "-ldflags", "-X " + variable + "=" + rehearsalVersion, "-o", program}, buildMode...)
		cmd := exec.Command("go", append(args, pkg)...)
		cmd.Dir = sources
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: go build %s: %v\n%s", file, pkg, err, output)
		}
		output, err := exec.Command(program, "--version").CombinedOutput()
		if err != nil || !bytes.Contains(output, []byte(rehearsalVersion)) {
			t.Errorf("%s: --version says %q, error %v; want %s", file, output, err, rehearsalVersion)
		}
		programs[d.entrypoint()] = program
	}
	return programs
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
