// Command weight prints how many modules a program compiles and how large it
// is: one that sets OpenTelemetry up by hand, and one that calls
// telemetry.Start. Both are built for linux/amd64, stripped.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	dir, err := os.MkdirTemp("", "weight")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, program := range []string{"byhand", "ours"} {
		pkg := "github.com/bragg-tracing/bragg/pkg/sdk/bench/weight/" + program
		binary := filepath.Join(dir, program)
		run("build", "-trimpath", "-ldflags=-s -w", "-o", binary, pkg)
		info, err := os.Stat(binary)
		if err != nil {
			log.Fatal(err)
		}
		modules := map[string]bool{}
		for m := range strings.FieldsSeq(run("list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", pkg)) {
			modules[m] = true
		}
		fmt.Printf("figure %s-modules %d modules\nfigure %s-binary %.1f MB\n", program, len(modules)-1, program, float64(info.Size())/1e6)
	}
}

// run runs the go command; the number of modules includes the bench's own.
func run(args ...string) string {
	command := exec.Command("go", args...)
	command.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	var out, problems bytes.Buffer
	command.Stdout, command.Stderr = &out, &problems
	if err := command.Run(); err != nil {
		log.Fatalf("%s: %v\n%s", command, err, &problems)
	}
	return out.String()
}
