package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// policyDocument is a policy in IAM's grammar.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type policyDocument struct {
	Version   string
	ID        string `json:"Id"`
	Statement []statement
}

type statement struct {
	Sid                    string
	Effect                 string
	Principal              map[string]oneOrMany
	Action                 oneOrMany
	Resource               oneOrMany
	Condition              map[string]map[string]oneOrMany
	NotAction, NotResource oneOrMany `json:"-"` // too wide for what is here: unknown
}

// oneOrMany is a text or a list of them.
type oneOrMany []string

func (o *oneOrMany) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(text, []byte("[")) {
		return json.Unmarshal(text, (*[]string)(o))
	}
	var one string
	err := json.Unmarshal(text, &one)
	*o = oneOrMany{one}
	return err
}

var sid = regexp.MustCompile(`^[A-Za-z0-9]*$`)

// Policy checks a policy in JSON: IAM's grammar and, with a reference, for each
// action that there is one of that name, that it can be limited by the resources
// and the condition keys that are given, and that it is where it can be. Without
// a reference (nil), the grammar alone.
func Policy(content []byte, reference *Authorization) []string {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	var p policyDocument
	if err := decoder.Decode(&p); err != nil {
		return []string{"policy: " + err.Error()}
	}
	var problems []string
	if p.Version != "2012-10-17" {
		problems = append(problems, fmt.Sprintf("policy: version %q is not 2012-10-17", p.Version))
	}
	if len(p.Statement) == 0 {
		problems = append(problems, "policy: it has no statement")
	}
	for i, s := range p.Statement {
		found := s.problems()
		if reference != nil {
			found = append(found, reference.problems(s)...)
		}
		for _, problem := range found {
			problems = append(problems, fmt.Sprintf("statement %d %s: %s", i+1, s.Sid, problem))
		}
	}
	return problems
}

func (s statement) problems() (problems []string) {
	say := func(broken bool, format string, args ...any) {
		if broken {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	say(!sid.MatchString(s.Sid), "its Sid has more than letters and digits")
	say(s.Effect != "Allow" && s.Effect != "Deny", "effect %q", s.Effect)
	say(len(s.Action) == 0, "it has no action")
	say(s.Principal == nil && len(s.Resource) == 0, "it has neither resource nor principal")
	for operator := range s.Condition {
		say(!slices.Contains(conditionOperators, operator), "there is no condition operator %s", operator)
	}
	return problems
}

// conditionOperators are those that are used here, of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
var conditionOperators = []string{"StringEquals", "StringLike", "ArnLike", "ArnEquals", "Bool"}

// actionNode is an action in a template and the comment beside it.
type actionNode struct {
	name, comment string
	line          int
}

// actionComments returns, for each resource of a template, the actions that its
// policies name.
func actionComments(root *yaml.Node) map[string][]actionNode {
	found := map[string][]actionNode{}
	var walk func(resource string, n *yaml.Node)
	walk = func(resource string, n *yaml.Node) {
		for i, child := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 1 && n.Content[i-1].Value == "Action" {
				for _, a := range append(slices.Clone(child.Content), child) {
					if a.Kind == yaml.ScalarNode {
						found[resource] = append(found[resource], actionNode{a.Value, strings.TrimSpace(strings.TrimLeft(a.LineComment, "# ")), a.Line})
					}
				}
			}
			walk(resource, child)
		}
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if resources := root.Content[i+1]; root.Content[i].Value == "Resources" {
			for j := 0; j+1 < len(resources.Content); j += 2 {
				walk(resources.Content[j].Value, resources.Content[j+1])
			}
		}
	}
	return found
}

// PolicyProblems checks every policy in the resources of a template, as they are
// with these parameters, as Policy does, and that each action has its reason
// beside it.
func (t *Template) PolicyProblems(parameters map[string]string, reference *Authorization) []string {
	resources, err := t.Evaluate(parameters)
	if err != nil {
		return []string{err.Error()}
	}
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(resources)) {
		for _, document := range policiesOf(resources[name]["Properties"]) {
			text, err := json.Marshal(document)
			if err != nil {
				return append(problems, err.Error())
			}
			for _, problem := range Policy(text, reference) {
				problems = append(problems, name+": "+problem)
			}
		}
		for _, a := range t.comments[name] {
			if a.comment == "" {
				problems = append(problems, fmt.Sprintf("%s: line %d: %s has no reason beside it", name, a.line, a.name))
			}
		}
	}
	return problems
}

// policiesOf returns what has a version and statements.
func policiesOf(value any) (found []map[string]any) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			found = append(found, policiesOf(item)...)
		}
	case map[string]any:
		if value["Statement"] != nil {
			return []map[string]any{value}
		}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			found = append(found, policiesOf(value[key])...)
		}
	}
	return found
}
