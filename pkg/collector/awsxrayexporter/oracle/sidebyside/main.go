// Sidebyside measures the translation and the exporter next to contrib's and
// prints a line `ratio <case> <contrib/ours>` for each case.
//
// Contrib's translation is internal to its exporter. Sidebyside copies that
// package from the module cache to a temporary directory, adds a function that
// gives it away, and runs the benchmarks of package oracle in a workspace that
// has the copy. It must run within the oracle's module, with the repository's
// go.work:
//
//	go run ./sidebyside -benchtime 300ms -count 3
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const contrib = "github.com/open-telemetry/opentelemetry-collector-contrib/exporter/awsxrayexporter"

// giveAway is the file that is added to the copy.
const giveAway = `package awsxrayexporter

import "` + contrib + `/internal/translator"

var MakeSegmentDocuments = translator.MakeSegmentDocuments
`

func main() {
	benchtime := flag.String("benchtime", "300ms", "as of go test")
	count := flag.Int("count", 3, "as of go test; ratios are of the medians")
	bench := flag.String("bench", ".", "as of go test")
	flag.Parse()
	if err := run(*bench, *benchtime, *count); err != nil {
		fmt.Fprintln(os.Stderr, "sidebyside:", err)
		os.Exit(1)
	}
}

func run(bench, benchtime string, count int) error {
	dir, err := os.MkdirTemp("", "sidebyside")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	work, err := workspace(dir)
	if err != nil {
		return err
	}
	test := exec.Command("go", "test", "-tags", "sidebyside", "-run", "^$", "-bench", bench,
		"-benchtime", benchtime, "-count", strconv.Itoa(count), "-timeout", "30m", ".")
	test.Env = append(os.Environ(), "GOWORK="+work)
	test.Stderr = os.Stderr
	var out bytes.Buffer
	test.Stdout = io.MultiWriter(os.Stdout, &out)
	if err := test.Run(); err != nil {
		return fmt.Errorf("run the benchmarks: %w", err)
	}
	return report(&out)
}

// workspace writes a go.work that is the current one with a copy of contrib's
// exporter, and returns its path.
func workspace(dir string) (string, error) {
	source, err := output("go", "list", "-m", "-f", "{{.Dir}} {{.Version}}", contrib)
	if err != nil {
		return "", err
	}
	cached, version, _ := strings.Cut(source, " ")
	copied := filepath.Join(dir, "awsxrayexporter")
	if err := os.CopyFS(copied, os.DirFS(cached)); err != nil {
		return "", fmt.Errorf("copy contrib's exporter: %w", err)
	}
	if err := os.Chmod(copied, 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(copied, "giveaway.go"), []byte(giveAway), 0o644); err != nil {
		return "", err
	}
	current, err := output("go", "env", "GOWORK")
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(current)
	if err != nil {
		return "", fmt.Errorf("read the workspace: %w", err)
	}
	relative := regexp.MustCompile(`(?m)(^\s*|=> )(\.[^\s]*)`)
	moved := relative.ReplaceAllStringFunc(string(text), func(match string) string {
		at := strings.Index(match, ".")
		return match[:at] + filepath.Join(filepath.Dir(current), match[at:])
	})
	moved += fmt.Sprintf("\nreplace %s %s => %s\n", contrib, version, copied)
	path := filepath.Join(dir, "go.work")
	if sums, err := os.ReadFile(current + ".sum"); err == nil {
		if err := os.WriteFile(path+".sum", sums, 0o644); err != nil {
			return "", err
		}
	}
	return path, os.WriteFile(path, []byte(moved), 0o644)
}

func output(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// sides are the processor times per span, in ns, of both sides of a case.
type sides struct{ contrib, ours, allocs []float64 }

var benchmark = regexp.MustCompile(`^Benchmark(\w+)/case=(\w+)(?:/spans=(\d+)/cache=(\w+))?/side=(contrib|ours)\S*\s`)

// report prints the ratios of what the benchmarks printed.
func report(r io.Reader) error {
	all := map[string]*sides{}
	var order []string
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		m := benchmark.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		name := strings.ToLower(m[1]) + "_" + m[2]
		if m[3] != "" && (m[3] != "50" || m[4] != "warm") {
			name += "_" + m[3] + "_" + m[4]
		}
		if all[name] == nil {
			all[name] = &sides{}
			order = append(order, name)
		}
		cpu, err := metric(lines.Text(), "cpu-ns/span")
		if err != nil {
			return err
		}
		if m[5] == "contrib" {
			all[name].contrib = append(all[name].contrib, cpu)
			continue
		}
		all[name].ours = append(all[name].ours, cpu)
		if allocs, err := metric(lines.Text(), "allocs/span"); err == nil {
			all[name].allocs = append(all[name].allocs, allocs)
		}
	}
	for _, name := range order {
		s := all[name]
		if len(s.contrib) == 0 || len(s.ours) == 0 {
			return fmt.Errorf("%s has only one side", name)
		}
		fmt.Printf("ratio %s %.2f\n", name, median(s.contrib)/median(s.ours))
		fmt.Printf("figure %s_cpu %.0f ns/span\n", name, median(s.ours))
		if len(s.allocs) > 0 {
			fmt.Printf("figure %s_allocs %.2f allocs/span\n", name, median(s.allocs))
		}
	}
	return lines.Err()
}

// metric returns the number before its unit.
func metric(line, unit string) (float64, error) {
	fields := strings.Fields(line)
	at := slices.Index(fields, unit)
	if at < 1 {
		return 0, fmt.Errorf("no %s in %q", unit, line)
	}
	return strconv.ParseFloat(fields[at-1], 64)
}

func median(v []float64) float64 {
	slices.Sort(v)
	return (v[len(v)/2] + v[(len(v)-1)/2]) / 2
}
