package telemetry_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// maxModules is how many modules a service may have to compile for this
// package.
const maxModules = 45

func TestImportersCompileFewModules(t *testing.T) {
	command := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOOS=linux", "GOARCH=amd64")
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, &stderr)
	}
	modules := strings.Fields(string(out))
	slices.Sort(modules)
	modules = slices.Compact(modules)
	if len(modules) > maxModules || !slices.Contains(modules, "go.opentelemetry.io/otel/sdk") {
		t.Errorf("%d modules, want at most %d:\n%s", len(modules), maxModules, strings.Join(modules, "\n"))
	}
	for _, m := range modules {
		if strings.HasPrefix(m, "go.opentelemetry.io/collector") || m == "github.com/bragg-tracing/bragg" {
			t.Errorf("a service would compile %s", m)
		}
	}
}
