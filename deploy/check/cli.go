package check

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A CLI is AWS's command line, version 2, by the API models of AWS that it is
// made from: a command for each operation, a flag for each member of its input.
// The models are read from a directory such as models/apis of the module
// github.com/aws/aws-sdk-go.
type CLI struct {
	models   string
	services map[string]*apiModel
}

type apiModel struct {
	Operations map[string]struct {
		Input struct{ Shape string }
	}
	Shapes map[string]struct {
		Members  map[string]any
		Required []string
	}
	waiters map[string]bool
}

// NewCLI returns a command line of the models in a directory.
func NewCLI(models string) *CLI { return &CLI{models: models, services: map[string]*apiModel{}} }

// globalFlags are those of every command that the pages use.
// https://docs.aws.amazon.com/cli/latest/reference/
var globalFlags = []string{"query", "output", "region", "profile"}

// customCommands are no operations of an API, or take other flags.
var customCommands = map[string][]string{
	// https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/
	"cloudformation deploy": {"stack-name", "template-file", "parameter-overrides", "capabilities"},
	// https://docs.aws.amazon.com/cli/latest/reference/ecr/get-login-password.html
	"ecr get-login-password": {},
}

// Problems says what the command line does not know of a command: its service,
// its operation, a flag, or a flag that it misses.
func (c *CLI) Problems(words []string) (problems []string) {
	if len(words) < 3 {
		return []string{strings.Join(words, " ") + " is no whole command"}
	}
	name := words[1] + " " + words[2]
	flags := flagsOf(words[3:])
	if known, ok := customCommands[name]; ok {
		for _, flag := range flags {
			if !slices.Contains(known, flag) && !slices.Contains(globalFlags, flag) {
				problems = append(problems, fmt.Sprintf("aws %s has no flag --%s", name, flag))
			}
		}
		return problems
	}
	model, err := c.model(words[1])
	if err != nil {
		return []string{err.Error()}
	}
	if words[2] == "wait" && len(words) > 3 {
		if !model.waiters[words[3]] {
			return []string{fmt.Sprintf("aws %s waits for no %s", words[1], words[3])}
		}
		return nil
	}
	return model.problems(name, words[2], flags)
}

func flagsOf(words []string) (flags []string) {
	for _, word := range words {
		if flag, ok := strings.CutPrefix(word, "--"); ok {
			flag, _, _ = strings.Cut(flag, "=")
			flags = append(flags, flag)
		}
	}
	return flags
}

func (m *apiModel) problems(name, command string, flags []string) (problems []string) {
	shape, found := "", false
	for operation, o := range m.Operations {
		if sameName(command, operation) {
			shape, found = o.Input.Shape, true
		}
	}
	if !found {
		return []string{"there is no command aws " + name}
	}
	input := m.Shapes[shape]
	given := func(member string) bool {
		return slices.ContainsFunc(flags, func(flag string) bool { return sameName(flag, member) })
	}
	for _, flag := range flags {
		known := slices.Contains(globalFlags, flag) || flag == "cli-input-json"
		for member := range input.Members {
			known = known || sameName(flag, member) || sameName(strings.TrimPrefix(flag, "no-"), member)
		}
		if !known {
			problems = append(problems, fmt.Sprintf("aws %s has no flag --%s", name, flag))
		}
	}
	if slices.Contains(flags, "cli-input-json") {
		return problems
	}
	for _, member := range input.Required {
		if !given(member) {
			problems = append(problems, fmt.Sprintf("aws %s wants %s", name, member))
		}
	}
	return problems
}

// sameName compares a command or flag with the API's name for it.
func sameName(kebab, camel string) bool {
	return strings.EqualFold(strings.ReplaceAll(kebab, "-", ""), camel)
}

func (c *CLI) model(service string) (*apiModel, error) {
	if m := c.services[service]; m != nil {
		return m, nil
	}
	paths, err := filepath.Glob(filepath.Join(c.models, service, "*", "api-2.json"))
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("AWS has no service %s", service)
	}
	m := &apiModel{waiters: map[string]bool{}}
	if err := readJSON(paths[len(paths)-1], m); err != nil {
		return nil, err
	}
	var waiters struct{ Waiters map[string]any }
	if path := filepath.Join(filepath.Dir(paths[len(paths)-1]), "waiters-2.json"); exists(path) {
		if err := readJSON(path, &waiters); err != nil {
			return nil, err
		}
	}
	for name := range waiters.Waiters {
		m.waiters[kebab(name)] = true
	}
	c.services[service] = m
	return m, nil
}

func kebab(camel string) string {
	var b strings.Builder
	for i, r := range camel {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
