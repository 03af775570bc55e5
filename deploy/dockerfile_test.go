package deploy

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// A dockerfile is one as BuildKit reads it.
type dockerfile struct {
	stages []instructions.Stage
	lint   []string // what BuildKit's own linter says
}

func readDockerfile(context, file string) (*dockerfile, error) {
	content, err := os.ReadFile(filepath.Join(context, file))
	if err != nil {
		return nil, err
	}
	return parseDockerfile(content)
}

func parseDockerfile(content []byte) (*dockerfile, error) {
	result, err := parser.Parse(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	d := &dockerfile{}
	for _, w := range result.Warnings {
		d.lint = append(d.lint, w.Short)
	}
	lint := linter.New(&linter.Config{Warn: func(rule, _, _, message string, _ []parser.Range) {
		d.lint = append(d.lint, rule+": "+message)
	}})
	d.stages, _, err = instructions.Parse(result.AST, lint)
	return d, err
}

func (d *dockerfile) last() instructions.Stage { return d.stages[len(d.stages)-1] }

// declares reports whether some stage has the build argument.
func (d *dockerfile) declares(arg string) bool {
	for _, stage := range d.stages {
		for _, a := range commands[*instructions.ArgCommand](stage) {
			for _, pair := range a.Args {
				if pair.Key == arg {
					return true
				}
			}
		}
	}
	return false
}

// commands returns a stage's commands of one kind.
func commands[C instructions.Command](stage instructions.Stage) []C {
	var found []C
	for _, command := range stage.Commands {
		if c, ok := command.(C); ok {
			found = append(found, c)
		}
	}
	return found
}

// entrypoint returns the file that the image runs, "" if it is not in the form
// that needs no shell.
func (d *dockerfile) entrypoint() string {
	entrypoints := commands[*instructions.EntrypointCommand](d.last())
	if len(entrypoints) != 1 || entrypoints[0].PrependShell || len(entrypoints[0].CmdLine) == 0 {
		return ""
	}
	return entrypoints[0].CmdLine[0]
}

// problems says what is wrong with an image of ours: it must be small, static,
// without root, and buildable from what the context has.
func (d *dockerfile) problems(context string, ignore ignorePatterns) []string {
	problems := slices.Clone(d.lint)
	problems = append(problems, d.baseProblems(context)...)
	for i, stage := range d.stages {
		for _, c := range commands[*instructions.CopyCommand](stage) {
			problems = append(problems, d.copyProblems(c, d.stages[:i], context, ignore)...)
		}
		for _, run := range commands[*instructions.RunCommand](stage) {
			problems = append(problems, runProblems(strings.Join(run.CmdLine, " "), context)...)
		}
	}
	return append(problems, d.finalProblems()...)
}

var (
	pinned     = regexp.MustCompile(`^golang:(\d+\.\d+\.\d+)$`)
	pinnedNode = regexp.MustCompile(`^node:\d+\.\d+\.\d+$`)
)

// baseProblems wants the compiler of go.mod and nothing else below us.
func (d *dockerfile) baseProblems(context string) (problems []string) {
	mod, err := os.ReadFile(filepath.Join(context, "go.mod"))
	if err != nil {
		return []string{err.Error()}
	}
	want := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(string(mod))
	for _, stage := range d.stages[:len(d.stages)-1] {
		if pinnedNode.MatchString(stage.BaseName) {
			continue // it builds the console's pages
		}
		if m := pinned.FindStringSubmatch(stage.BaseName); m == nil || m[1] != want[1] {
			problems = append(problems, fmt.Sprintf("stage %s is from %s, want golang:%s as in go.mod", stage.Name, stage.BaseName, want[1]))
		}
	}
	if base := d.last().BaseName; base != "scratch" {
		problems = append(problems, fmt.Sprintf("the image is from %s, not from scratch", base))
	}
	return problems
}

func (d *dockerfile) copyProblems(c *instructions.CopyCommand, before []instructions.Stage, context string, ignore ignorePatterns) (problems []string) {
	if c.From != "" {
		if _, found := instructions.HasStage(before, c.From); !found {
			return []string{fmt.Sprintf("COPY --from=%s: no stage before it has that name", c.From)}
		}
		return nil
	}
	for _, source := range c.SourcePaths {
		matches, _ := filepath.Glob(filepath.Join(context, source))
		if len(matches) == 0 {
			problems = append(problems, fmt.Sprintf("COPY %s: there is no such file", source))
		}
		for _, match := range matches {
			rel, err := filepath.Rel(context, match)
			if err != nil || ignore.match(filepath.ToSlash(rel)) {
				problems = append(problems, fmt.Sprintf("COPY %s: .dockerignore hides %s", source, rel))
			}
		}
	}
	return problems
}

var (
	builtPackage  = regexp.MustCompile(`\s(\./cmd/\S+)`)
	linkedVersion = regexp.MustCompile(`-X (\S+)/(pkg/\S+)\.(\w+)=\$VERSION`)
)

// runProblems checks the command that builds a program.
func runProblems(command, context string) (problems []string) {
	if !strings.Contains(command, "go build") {
		return nil
	}
	for _, flag := range []string{"CGO_ENABLED=0", "-trimpath", "GOARCH=$TARGETARCH"} {
		if !strings.Contains(command, flag) {
			problems = append(problems, "go build without "+flag)
		}
	}
	m := builtPackage.FindStringSubmatch(command)
	if m == nil {
		return append(problems, "go build of no ./cmd/…")
	}
	if _, err := os.Stat(filepath.Join(context, m[1], "main.go")); err != nil {
		problems = append(problems, err.Error())
	}
	m = linkedVersion.FindStringSubmatch(command)
	if m == nil {
		return append(problems, "go build without the version in its -ldflags")
	}
	sources, _ := filepath.Glob(filepath.Join(context, m[2], "*.go"))
	for _, file := range sources {
		content, err := os.ReadFile(file)
		if err == nil && regexp.MustCompile(`(?m)^var `+m[3]+` string`).Match(content) {
			return problems
		}
	}
	return append(problems, fmt.Sprintf("-ldflags sets %s.%s, which no file in %s declares", m[2], m[3], m[2]))
}

var numericUser = regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`)

// finalProblems checks the stage that becomes the image.
func (d *dockerfile) finalProblems() (problems []string) {
	stage := d.last()
	users := commands[*instructions.UserCommand](stage)
	if len(users) != 1 || !numericUser.MatchString(users[0].User) {
		problems = append(problems, "USER is not one number that is not root's")
	}
	if len(commands[*instructions.RunCommand](stage)) > 0 {
		problems = append(problems, "RUN in the image: there is no shell")
	}
	if len(commands[*instructions.HealthCheckCommand](stage)) > 0 {
		problems = append(problems, "HEALTHCHECK: compose and ECS say it, for the command differs")
	}
	if len(commands[*instructions.ExposeCommand](stage)) == 0 {
		problems = append(problems, "EXPOSE is missing")
	}
	copied := map[string]bool{}
	certificates := false
	for _, c := range commands[*instructions.CopyCommand](stage) {
		copied[path.Clean(c.DestPath)] = c.From != ""
		certificates = certificates || slices.Contains(c.SourcePaths, "/etc/ssl/certs/ca-certificates.crt")
		if c.DestPath == "/data" && (len(users) == 0 || c.Chown != users[0].User) {
			problems = append(problems, "/data does not belong to the user")
		}
	}
	if !certificates {
		problems = append(problems, "no CA certificates: https does not work")
	}
	if !copied[d.entrypoint()] {
		problems = append(problems, fmt.Sprintf("ENTRYPOINT %q is no file that was copied into the image", d.entrypoint()))
	}
	return problems
}

var dockerfiles = []string{"deploy/docker/Dockerfile.bragg", "deploy/docker/Dockerfile.collector"}

func TestDockerfiles(t *testing.T) {
	ignore := readIgnorePatterns(t, "..")
	for _, file := range dockerfiles {
		t.Run(path.Base(file), func(t *testing.T) {
			d, err := readDockerfile("..", file)
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range d.problems("..", ignore) {
				t.Error(problem)
			}
		})
	}
	t.Run("none is left out", func(t *testing.T) {
		found, _ := filepath.Glob("../deploy/docker/Dockerfile*")
		if len(found) != len(dockerfiles) {
			t.Errorf("deploy/docker has %q, the test knows %q", found, dockerfiles)
		}
	})
}

func TestDockerfileChecksFindMistakes(t *testing.T) {
	ignore := readIgnorePatterns(t, "..")
	content, err := os.ReadFile("../deploy/docker/Dockerfile.bragg")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ old, new, want string }{
		"unknown instruction":   {"EXPOSE", "EXPOSES", "EXPOSES"},
		"BuildKit's own lint":   {"scratch AS", "scratch as", "FromAsCasing"},
		"floating compiler":     {"golang:1.26.8", "golang:latest", "golang:latest"},
		"floating Node":         {"node:22.12.0", "node:latest", "node:latest"},
		"another compiler":      {"golang:1.26.8", "golang:1.25.1", "golang:1.25.1"},
		"a distribution below":  {"FROM scratch", "FROM alpine:3.22", "alpine"},
		"one stage":             {"FROM scratch AS bragg\n", "", "not from scratch"},
		"root":                  {"USER 65532:65532", "USER 0:0", "USER"},
		"a name for a user":     {"USER 65532:65532", "USER nonroot", "USER"},
		"no user":               {"USER 65532:65532\n", "", "USER"},
		"data of root":          {"--chown=65532:65532 /out/data", "/out/data", "/data"},
		"source missing":        {"COPY cmd ./cmd", "COPY command ./cmd", "COPY command"},
		"source ignored":        {"COPY cmd ./cmd", "COPY deploy ./cmd", ".dockerignore"},
		"stage missing":         {"COPY --from=build /out/bragg", "COPY --from=builder /out/bragg", "builder"},
		"entrypoint elsewhere":  {`ENTRYPOINT ["/bragg"]`, `ENTRYPOINT ["/bin/bragg"]`, "/bin/bragg"},
		"entrypoint by a shell": {`ENTRYPOINT ["/bragg"]`, `ENTRYPOINT /bragg`, "ENTRYPOINT"},
		"not static":            {"CGO_ENABLED=0 ", "", "CGO_ENABLED=0"},
		"paths of the builder":  {"-trimpath", "-v", "-trimpath"},
		"program missing":       {"./cmd/bragg\n", "./cmd/brag\n", "cmd/brag"},
		"version nowhere":       {"pkg/version.release", "pkg/version.number", "number"},
		"no certificates":       {"COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/\n", "", "certificates"},
		"health check":          {"EXPOSE", "HEALTHCHECK CMD [\"/bragg\", \"healthcheck\"]\nEXPOSE", "HEALTHCHECK"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if !bytes.Contains(content, []byte(test.old)) {
				t.Fatalf("there is no %q to make a mistake of", test.old)
			}
			var problems []string
			d, err := parseDockerfile(bytes.Replace(content, []byte(test.old), []byte(test.new), 1))
			if err != nil {
				problems = []string{err.Error()}
			} else {
				problems = d.problems("..", ignore)
			}
			if !strings.Contains(strings.Join(problems, "\n"), test.want) {
				t.Errorf("problems %q, want one with %q", problems, test.want)
			}
		})
	}
}
