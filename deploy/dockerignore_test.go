package deploy

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// ignorePatterns are the lines of a .dockerignore. The last one that matches a
// path, or a directory above it, decides.
type ignorePatterns []string

func readIgnorePatterns(t *testing.T, context string) ignorePatterns {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(context, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	var patterns ignorePatterns
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.Contains(strings.TrimPrefix(strings.TrimPrefix(line, "!"), "**/"), "**") {
			t.Fatalf(".dockerignore: this test cannot read %q", line)
		}
		patterns = append(patterns, line)
	}
	return patterns
}

// match reports whether a path, relative to the context and with slashes, is
// kept from the build.
func (patterns ignorePatterns) match(name string) bool {
	ignored := false
	for _, pattern := range patterns {
		pattern, keep := strings.CutPrefix(pattern, "!")
		pattern, anywhere := strings.CutPrefix(pattern, "**/")
		for p := name; p != "."; p = path.Dir(p) {
			subject := p
			if anywhere {
				subject = path.Base(p)
			}
			if ok, _ := path.Match(pattern, subject); ok {
				ignored = !keep
			}
		}
	}
	return ignored
}

func TestDockerignore(t *testing.T) {
	ignore := readIgnorePatterns(t, "..")
	tests := map[string]bool{
		".env":                              true,
		".git/config":                       true,
		"bin/bragg":                         true,
		"deploy/compose_test.go":            true,
		"README.md":                         true,
		"pkg/segment/document_test.go":      true,
		"pkg/segment/testdata/fuzz/x":       true,
		"pkg/console/ui/node_modules/x":     true,
		"pkg/console/ui/dist/assets/x.js":   true,
		"pkg/console/ui/src/main.tsx":       false,
		"deploy/lambda/function/go.mod":     false,
		"go.mod":                            false,
		"go.work":                           false,
		"otel-collector.yaml":               false,
		"cmd/bragg/main.go":                 false,
		"pkg/sdk/go.mod":                    false,
		"pkg/collector/otel-collector.yaml": false,
	}
	for name, want := range tests {
		if got := ignore.match(name); got != want {
			t.Errorf("match(%q) = %t, want %t", name, got, want)
		}
	}
}
