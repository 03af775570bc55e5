// Package adot knows which components the AWS Distro for OpenTelemetry has, and
// which keys of their configuration, so that a file that is meant for it can be
// checked without its image.
package adot

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed adot-v0.49.yaml
var list []byte

// Problems returns what ADOT v0.49 would refuse in a configuration, or in an
// overlay of one: components and keys that it does not have. It also names an
// endpoint whose default is empty, on which ADOT does not start.
func Problems(config []byte) ([]string, error) {
	var sections map[string]any
	if err := yaml.Unmarshal(config, &sections); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	var known map[string]any
	if err := yaml.Unmarshal(list, &known); err != nil {
		return nil, fmt.Errorf("list of ADOT's components: %w", err)
	}
	var problems []string
	for section, content := range sections {
		components, ok := content.(map[string]any)
		if section == "service" || !ok {
			continue
		}
		for id, settings := range components {
			problems = append(problems, componentProblems(known, section, id, settings)...)
		}
	}
	slices.Sort(problems)
	return problems, nil
}

func componentProblems(known map[string]any, section, id string, settings any) (problems []string) {
	kind, _, _ := strings.Cut(id, "/")
	if types, _ := known[section].([]any); !slices.Contains(types, any(kind)) {
		return []string{fmt.Sprintf("ADOT has no %s %s", section, kind)}
	}
	keys, _ := known["keys"].(map[string]any)
	allowed, _ := keys[section+"/"+kind].([]any)
	values := leaves("", settings)
	for _, path := range slices.Sorted(maps.Keys(values)) {
		if path != "" && !slices.ContainsFunc(allowed, func(a any) bool { return covers(a.(string), path) }) {
			problems = append(problems, fmt.Sprintf("ADOT's %s %s has no key %s", section, kind, path))
		}
		if v, ok := values[path].(string); ok && strings.HasSuffix(path, "endpoint") && strings.Contains(v, ":-}") {
			problems = append(problems, fmt.Sprintf("the default of %s %s %s is empty: %s", section, id, path, v))
		}
	}
	return problems
}

func covers(allowed, path string) bool {
	prefix, any := strings.CutSuffix(allowed, "*")
	return path == allowed || any && strings.HasPrefix(path, prefix)
}

// leaves returns the values of a configuration by their dotted path.
func leaves(path string, v any) map[string]any {
	m, ok := v.(map[string]any)
	if !ok {
		return map[string]any{path: v}
	}
	all := map[string]any{}
	for key, value := range m {
		maps.Copy(all, leaves(strings.TrimPrefix(path+"."+key, "."), value))
	}
	return all
}
