package check

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/licensecheck"
)

// licences are the ones that a program under Apache 2.0 may be built of and
// tested with, by their SPDX identifiers. MPL-2.0 obliges file by file, and asks
// nothing of who only compiles it.
var licences = []string{"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MPL-2.0", "MPL-2.0-no-copyleft-exception", "Unlicense", "0BSD", "CC0-1.0", "Zlib", "BlueOak-1.0.0", "Python-2.0", "CC-BY-4.0", "MIT-0", "Unicode-DFS-2016"}

// minimumCoverage is how much of a file must be text of a licence, in percent.
const minimumCoverage = 60

var licenceFile = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying)(\.(md|txt|rst|apache|mit))?$|^(?i)license[-.].*$`)

// licenceProblems says what is wrong with the licence of a module in a directory
// of its own, if these are allowed.
func licenceProblems(module, dir string, allowed []string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return []string{fmt.Sprintf("%s: %v", module, err)}
	}
	found := false
	var problems []string
	for _, entry := range entries {
		if entry.IsDir() || !licenceFile.MatchString(entry.Name()) || strings.HasSuffix(entry.Name(), ".docs") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return []string{err.Error()}
		}
		coverage := licensecheck.Scan(content)
		if coverage.Percent < minimumCoverage {
			continue
		}
		found = true
		for _, match := range coverage.Match {
			if !match.IsURL && !slices.Contains(allowed, match.ID) {
				problems = append(problems, fmt.Sprintf("%s: %s has the licence %s", module, entry.Name(), match.ID))
			}
		}
	}
	if !found {
		problems = append(problems, module+": no file has the text of a licence")
	}
	return problems
}

// TestLicences reads the licence of every module that something in this tree is
// compiled of, tests included.
func TestLicences(t *testing.T) {
	dirs, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	list := exec.Command("go", append([]string{"list", "-deps", "-test", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}"}, strings.Fields(string(dirs))...)...)
	output, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	modules := map[string]string{}
	for line := range strings.Lines(string(output)) {
		if module, dir, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			modules[module] = dir
		}
	}
	if len(modules) < 100 {
		t.Fatalf("found %d modules only", len(modules))
	}
	for _, module := range slices.Sorted(maps.Keys(modules)) {
		for _, problem := range licenceProblems(module, modules[module], licences) {
			t.Error(problem)
		}
	}
}

// TestLicencesOfTheConsole reads what npm installed for the console, where it is.
func TestLicencesOfTheConsole(t *testing.T) {
	count := 0
	err := filepath.WalkDir("../../pkg/console", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "package.json" || !strings.Contains(path, "node_modules") {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var p struct{ Name, Version, License string }
		if json.Unmarshal(content, &p) != nil || p.Version == "" || p.License == "" {
			return nil // no package of its own
		}
		count++
		alternatives := strings.FieldsFunc(p.License, func(r rune) bool { return r == '(' || r == ')' || r == ' ' })
		if !slices.ContainsFunc(alternatives, func(id string) bool { return slices.Contains(licences, id) }) {
			t.Errorf("%s has the licence %s", p.Name, p.License)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count == 0 {
		t.Skip("its packages are not installed: make console")
	}
}

func TestLicencesFindMistakes(t *testing.T) {
	apache, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		text    string
		allowed []string
		want    string
	}{
		"one that is allowed":     {string(apache), licences, ""},
		"one that is not allowed": {string(apache), []string{"MIT"}, "the licence Apache-2.0"},
		"words of their own":      {"You may use this on Sundays.", licences, "no file has"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "LICENSE"), []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			problems := strings.Join(licenceProblems("example.com/x", dir, test.allowed), "\n")
			if (problems == "") != (test.want == "") || !strings.Contains(problems, test.want) {
				t.Errorf("problems %q, want one with %q", problems, test.want)
			}
		})
	}
}
