// Command weight prints how large the binary of a server that says hello is,
// and how many modules and packages it is made of: with the X-Ray SDK, with
// package xraysdk, and with package xraysdk and the tags that leave out what is
// not used. They are built for linux/amd64.
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

const here = "github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/conformance/weight/"

func main() {
	dir, err := os.MkdirTemp("", "weight")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	fmt.Printf("%-42s %12s %12s %8s %9s\n", "a server that says hello", "binary", "stripped", "modules", "packages")
	for _, p := range []struct{ name, program, tags string }{
		{"X-Ray SDK", "theirs", ""},
		{"xraysdk", "ours", ""},
		{"xraysdk without gRPC", "ours", "xraysdk_nogrpc"},
		{"xraysdk without gRPC and fasthttp", "ours", "xraysdk_nogrpc,xraysdk_nofasthttp"},
	} {
		whole, stripped := size(dir, p.program, p.tags), size(dir, p.program, p.tags, "-ldflags=-s -w")
		modules, packages := map[string]bool{}, 0
		for line := range strings.Lines(run("list", "-tags", p.tags, "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", here+p.program)) {
			packages++
			if m := strings.TrimSpace(line); m != "" && !strings.HasSuffix(m, "/conformance") {
				modules[m] = true
			}
		}
		fmt.Printf("%-42s %9.1f MB %9.1f MB %8d %9d\n", p.name, whole, stripped, len(modules), packages)
	}
}

func size(dir, program, tags string, flags ...string) float64 {
	binary := filepath.Join(dir, "hello")
	run(append(append([]string{"build", "-trimpath", "-tags", tags}, flags...), "-o", binary, here+program)...)
	info, err := os.Stat(binary)
	if err != nil {
		log.Fatal(err)
	}
	return float64(info.Size()) / 1e6
}

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
