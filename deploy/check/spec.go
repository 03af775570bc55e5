package check

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// A Spec is AWS's resource specification: which properties a resource type of
// CloudFormation has, and of what type. AWS publishes it for its CDK:
// https://github.com/cdklabs/awscdk-service-spec
type Spec struct {
	Resources   map[string]specType
	Definitions map[string]specType
}

type specType struct {
	Name       string
	Properties map[string]specProperty
	Attributes []string
}

type specProperty struct {
	Type     valueType
	Required bool
}

type valueType struct {
	Type          string // string, number, integer, boolean, date-time, json, tag, ref, array, map, union or null
	AllowedValues []any
	Element       *valueType
	Types         []valueType
	Reference     struct {
		ID string `json:"$ref"`
	}
}

//go:embed spec.js
var specProgram string

// LoadSpec reads what AWS says about some resource types, from the npm package
// @aws-cdk/aws-service-spec in a node_modules directory, by node.
func LoadSpec(nodeModules string, types []string) (*Spec, error) {
	cmd := exec.Command("node", append([]string{"-", "--"}, types...)...)
	cmd.Stdin = strings.NewReader(strings.Replace(specProgram, "process.argv.slice(2)", "process.argv.slice(2).filter((a) => a !== '--')", 1))
	cmd.Env = append(os.Environ(), "NODE_PATH="+nodeModules)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	output, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("read AWS's resource specification in %s: %w: %s", nodeModules, err, complaint.String())
	}
	spec := &Spec{}
	if err := json.Unmarshal(output, spec); err != nil {
		return nil, fmt.Errorf("AWS's resource specification: %w", err)
	}
	return spec, nil
}

// samAttributes are what resources of SAM have, which the specification omits.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
var samAttributes = map[string][]string{"AWS::Serverless::Function": {"Arn"}}

func (s *Spec) hasAttribute(kind, attribute string) bool {
	return slices.Contains(s.Resources[kind].Attributes, attribute) || slices.Contains(samAttributes[kind], attribute)
}

func (s *Spec) problems(path string, resource map[string]any) []string {
	kind, _ := resource["Type"].(string)
	definition, ok := s.Resources[kind]
	if !ok {
		return []string{fmt.Sprintf("%s: AWS has no resource type %s", path, kind)}
	}
	properties := resource["Properties"]
	if properties == nil {
		properties = map[string]any{}
	}
	return s.object(path, properties, definition)
}

func (s *Spec) object(path string, value any, definition specType) (problems []string) {
	m, ok := value.(map[string]any)
	if !ok {
		return []string{fmt.Sprintf("%s: %v is no map", path, value)}
	}
	for name, v := range m {
		p, ok := definition.Properties[name]
		if !ok {
			problems = append(problems, fmt.Sprintf("%s has no property %s", path, name))
			continue
		}
		problems = append(problems, s.value(path+"."+name, v, p.Type)...)
	}
	for name, p := range definition.Properties {
		if _, given := m[name]; p.Required && !given {
			problems = append(problems, fmt.Sprintf("%s lacks %s", path, name))
		}
	}
	return problems
}

// value checks a value against a type. What a function will return is known
// only to CloudFormation, but for the branches of an If.
func (s *Spec) value(path string, value any, t valueType) (problems []string) {
	if m, ok := value.(map[string]any); ok && len(m) == 1 {
		if branches, ok := m["Fn::If"].([]any); ok && len(branches) == 3 {
			return append(s.value(path, branches[1], t), s.value(path, branches[2], t)...)
		}
		for name := range m {
			if name == "Ref" || strings.HasPrefix(name, "Fn::") {
				return nil
			}
		}
	}
	switch t.Type {
	case "array":
		list, ok := value.([]any)
		if !ok {
			return []string{fmt.Sprintf("%s: %v is no list", path, value)}
		}
		for i, item := range list {
			problems = append(problems, s.value(fmt.Sprintf("%s[%d]", path, i), item, *t.Element)...)
		}
		return problems
	case "map":
		m, ok := value.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s: %v is no map", path, value)}
		}
		for name, item := range m {
			problems = append(problems, s.value(path+"."+name, item, *t.Element)...)
		}
		return problems
	case "ref":
		return s.object(path, value, s.Definitions[t.Reference.ID])
	case "union":
		return s.union(path, value, t)
	}
	return scalarProblems(path, value, t)
}

// union wants one of the types to fit; it returns what the nearest says.
func (s *Spec) union(path string, value any, t valueType) []string {
	var nearest []string
	for i, one := range t.Types {
		problems := s.value(path, value, one)
		if len(problems) == 0 {
			return nil
		}
		if i == 0 || len(problems) < len(nearest) {
			nearest = problems
		}
	}
	return nearest
}

// scalarProblems is lenient where CloudFormation is: it takes "2" for 2.
func scalarProblems(path string, value any, t valueType) []string {
	switch value.(type) {
	case map[string]any, []any:
		if t.Type != "json" && t.Type != "tag" {
			return []string{fmt.Sprintf("%s wants a %s", path, t.Type)}
		}
		return nil
	case nil:
		return []string{fmt.Sprintf("%s is empty", path)}
	}
	text := fmt.Sprint(value)
	var number float64
	if (t.Type == "number" || t.Type == "integer") && json.Unmarshal([]byte(text), &number) != nil {
		return []string{fmt.Sprintf("%s: %q is no number", path, text)}
	}
	if t.Type == "boolean" && text != "true" && text != "false" {
		return []string{fmt.Sprintf("%s: %q is neither true nor false", path, text)}
	}
	if len(t.AllowedValues) > 0 && !slices.ContainsFunc(t.AllowedValues, func(a any) bool { return fmt.Sprint(a) == text }) {
		return []string{fmt.Sprintf("%s: %q is none of %v", path, text, t.AllowedValues)}
	}
	return nil
}
