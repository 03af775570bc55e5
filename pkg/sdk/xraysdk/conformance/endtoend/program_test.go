package endtoend

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	top      = "../../../../.." // of the tree
	original = "github.com/aws/aws-xray-sdk-go/v2"
	ours     = "github.com/bragg-tracing/bragg/pkg/sdk/xraysdk"
)

// build builds the program as it stands, and with its imports changed.
func build(t *testing.T) (theirs, here string) {
	t.Helper()
	dir := t.TempDir()
	theirs, here = filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
	for binary, args := range map[string][]string{theirs: nil, here: {"-overlay", changeImports(t, dir)}} {
		cmd := exec.CommandContext(t.Context(), "go", append(append([]string{"build", "-o", binary}, args...), "./program")...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
		}
	}
	return theirs, here
}

// changeImports writes the program's files with their imports changed into a
// folder, and returns the path of what the go command calls an overlay, which
// puts them into the place of the program's.
func changeImports(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob("program/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no program", err)
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for _, file := range files {
		from := file
		if filepath.Base(file) == "start.go" {
			from = "program/start_bragg.txt"
		}
		source, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, filepath.Base(file))
		if err := os.WriteFile(to, bytes.ReplaceAll(source, []byte(`"`+original+`/`), []byte(`"`+ours+`/`)), 0o600); err != nil {
			t.Fatal(err)
		}
		absolute, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		overlay.Replace[absolute] = to
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A run is what a program printed: the names of its traces, and their ids.
type run struct {
	names []string
	ids   map[string]string
}

func execute(ctx context.Context, t *testing.T, binary string, env ...string) run {
	t.Helper()
	cmd := exec.CommandContext(ctx, binary)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool {
		return strings.HasPrefix(s, "AWS_") || strings.HasPrefix(s, "OTEL_")
	}), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", binary, err, out, stderr.Bytes())
	}
	r := run{ids: map[string]string{}}
	for line := range strings.Lines(string(out)) {
		if name, id, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			r.names, r.ids[name] = append(r.names, name), id
		}
	}
	if stderr.Len() > 0 {
		t.Logf("%s: %s", filepath.Base(binary), stderr.Bytes())
	}
	return r
}
