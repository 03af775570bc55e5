package pkg

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/bragg-tracing/bragg/"

// A goPackage is one directory of Go files.
type goPackage struct {
	dir      string          // from the top of the tree
	comments []string        // the files with a package comment
	imports  map[string]bool // of its files, tests excluded
	lines    int             // of its files, tests excluded
}

// packages reads every package of the tree.
func packages(t *testing.T) map[string]*goPackage {
	t.Helper()
	all := map[string]*goPackage{}
	eachFile(t, func(file string) {
		if !strings.HasSuffix(file, ".go") {
			return
		}
		dir := path.Dir(file)
		p := all[dir]
		if p == nil {
			p = &goPackage{dir: dir, imports: map[string]bool{}}
			all[dir] = p
		}
		source, err := os.ReadFile(filepath.Join("..", file))
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if parsed.Doc != nil {
			p.comments = append(p.comments, file)
		}
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		p.lines += strings.Count(string(source), "\n")
		for _, i := range parsed.Imports {
			p.imports[strings.Trim(i.Path.Value, `"`)] = true
		}
	})
	return all
}

// eachFile calls f with every file of the tree, from its top.
func eachFile(t *testing.T, f func(file string)) {
	t.Helper()
	err := filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "node_modules", "bin", "dist"}, d.Name()):
			return filepath.SkipDir
		case !d.IsDir():
			f(filepath.ToSlash(strings.TrimPrefix(file, ".."+string(filepath.Separator))))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryPackageHasOneComment(t *testing.T) {
	for dir, p := range packages(t) {
		if len(p.comments) != 1 {
			t.Errorf("%s has package comments in %q, want exactly one", dir, p.comments)
		}
	}
}

// TestEdges holds who may import whom.
func TestEdges(t *testing.T) {
	forbidden := []struct {
		from   string // prefix of a directory
		except string
		to     string // prefix of an import path
		but    string
		why    string
	}{
		{"pkg/sdk", "pkg/sdk/xraysdk/conformance", module, module + "pkg/sdk", "a service that imports the SDK must not get the rest"},
		{"pkg/sdk", "pkg/sdk/xraysdk/conformance", "go.opentelemetry.io/collector", "", "a service must not compile a collector"},
		{"pkg/sdk/telemetry", "", module + "pkg/sdk/trace", "", "who starts OpenTelemetry need not compile what instruments libraries"},
		{"", "pkg/truth", module + "pkg/truth", "", "it is a test of everything else"},
		{"pkg/segment", "", "go.opentelemetry.io", "", "the document is X-Ray's, not OpenTelemetry's"},
		{"", "pkg/cli", module + "pkg/console", "", "only the command line puts the console and the rest together"},
		{"", "cmd/", module + "pkg/cli", "", "the command line is nobody's library"},
	}
	for dir, p := range packages(t) {
		for _, rule := range forbidden {
			if !strings.HasPrefix(dir, rule.from) || rule.except != "" && strings.HasPrefix(dir, rule.except) {
				continue
			}
			for imported := range p.imports {
				if strings.HasPrefix(imported, rule.to) && (rule.but == "" || !strings.HasPrefix(imported, rule.but)) {
					t.Errorf("%s imports %s: %s", dir, imported, rule.why)
				}
			}
		}
	}
}

func TestNamesSayWhatIsInside(t *testing.T) {
	for dir, p := range packages(t) {
		if strings.HasPrefix(dir, "pkg/sdk/xraysdk/") {
			continue // names are the X-Ray SDK's
		}
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "misc"}, path.Base(dir)) {
			t.Errorf("%s: name the package after what it is about", dir)
		}
		if strings.HasPrefix(dir, "cmd/") && p.lines > 40 {
			t.Errorf("%s has %d lines: a main of more than 40 belongs in pkg", dir, p.lines)
		}
	}
}

func TestModulesReplaceNothing(t *testing.T) {
	eachFile(t, func(file string) {
		if path.Base(file) != "go.mod" {
			return
		}
		content, err := os.ReadFile(filepath.Join("..", file))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			if strings.HasPrefix(line, "replace") {
				t.Errorf("%s: %s: whoever requires the module would not get the replacement", file, strings.TrimSpace(line))
			}
		}
	})
}

// TestTopLevel keeps the top of the tree to what tools need there.
func TestTopLevel(t *testing.T) {
	allowed := []string{
		"go.mod", "go.sum", "go.work", "go.work.sum", "cmd", "pkg", "deploy",
		"otel-collector.yaml", "docker-compose.yml", "README.md", "LICENSE", "Makefile", "bin", "dist",
	}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(allowed, e.Name()) && !strings.HasPrefix(e.Name(), ".") {
			t.Errorf("%s does not belong at the top of the tree", e.Name())
		}
	}
}
