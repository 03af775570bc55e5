package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var testName = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

// TestFaults runs the tests of the X-Ray SDK's faults, which pass here, against
// the X-Ray SDK: each must fail, or it tests nothing.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a test binary with the X-Ray SDK")
	}
	source, err := os.ReadFile("../xray/faults_test.go")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := strings.ReplaceAll(string(source), `"`+ours+`/`, `"`+original+`/`)
	if err := os.WriteFile(filepath.Join(dir, "faults_test.go"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := writeGoMod(dir); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "faults.test")
	if out, err := command(t.Context(), dir, "go", "test", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	names := testName.FindAllStringSubmatch(text, -1)
	if len(names) < 15 {
		t.Fatalf("only %d tests", len(names))
	}
	for _, name := range names {
		t.Run(name[1], func(t *testing.T) {
			t.Parallel()
			f := function{binary: binary, dir: dir, name: name[1]}
			if _, passed := f.run(t.Context()); passed {
				t.Error("it passes with the X-Ray SDK")
			}
		})
	}
}
