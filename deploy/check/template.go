package check

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Template is one of CloudFormation's, or of SAM's. What has a tag in YAML,
// such as !Ref, has the long form in it, such as {"Ref": "Name"}.
type Template struct {
	Parameters, Rules, Conditions, Resources, Outputs map[string]any

	root     map[string]any
	comments map[string][]actionNode
}

// ParseTemplate reads a template in YAML. It refuses what CloudFormation
// refuses: aliases, merges, keys that are there twice and tags of no function.
func ParseTemplate(content []byte) (*Template, error) {
	var node yaml.Node
	if err := yaml.Unmarshal(content, &node); err != nil {
		return nil, err
	}
	if len(node.Content) != 1 {
		return nil, errors.New("the template is empty")
	}
	value, err := plain(node.Content[0])
	if err != nil {
		return nil, err
	}
	root, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("the template is no map")
	}
	t := &Template{root: root}
	for name, section := range map[string]*map[string]any{
		"Parameters": &t.Parameters, "Rules": &t.Rules, "Conditions": &t.Conditions, "Resources": &t.Resources, "Outputs": &t.Outputs,
	} {
		*section, _ = root[name].(map[string]any)
	}
	t.comments = actionComments(node.Content[0])
	return t, nil
}

// functions are the tags of intrinsic functions.
var functions = map[string]string{
	"!Ref": "Ref", "!Condition": "Condition", "!GetAtt": "Fn::GetAtt", "!Sub": "Fn::Sub", "!If": "Fn::If", "!Equals": "Fn::Equals",
	"!Not": "Fn::Not", "!And": "Fn::And", "!Or": "Fn::Or", "!Join": "Fn::Join", "!Select": "Fn::Select", "!Split": "Fn::Split",
	"!FindInMap": "Fn::FindInMap", "!ImportValue": "Fn::ImportValue", "!Base64": "Fn::Base64", "!Cidr": "Fn::Cidr", "!GetAZs": "Fn::GetAZs",
}

func plain(n *yaml.Node) (any, error) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return nil, fmt.Errorf("line %d: CloudFormation takes no aliases", n.Line)
	}
	tag := n.Tag
	bare := *n
	function := ""
	if strings.HasPrefix(tag, "!") && !strings.HasPrefix(tag, "!!") {
		if function = functions[tag]; function == "" {
			return nil, fmt.Errorf("line %d: there is no function %s", n.Line, tag)
		}
		bare.Tag = ""
	}
	value, err := untagged(&bare)
	if err != nil || function == "" {
		return value, err
	}
	if text, ok := value.(string); ok && function == "Fn::GetAtt" {
		resource, attribute, _ := strings.Cut(text, ".")
		value = []any{resource, attribute}
	}
	return map[string]any{function: value}, nil
}

func untagged(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Tag == "!!merge" {
				return nil, fmt.Errorf("line %d: CloudFormation takes no merges", key.Line)
			}
			if _, again := m[key.Value]; again {
				return nil, fmt.Errorf("line %d: %s is there twice", key.Line, key.Value)
			}
			value, err := plain(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			m[key.Value] = value
		}
		return m, nil
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			value, err := plain(item)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	}
	var value any
	err := n.Decode(&value)
	return value, err
}

// pseudoParameters are there without being declared.
var pseudoParameters = []string{
	"AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition", "AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix",
}

// Problems returns what is wrong with a template whatever its resources are:
// sections and keys that there are not, references to nothing, and parameters,
// conditions that nobody uses. With a specification it checks the resources too.
func (t *Template) Problems(spec *Spec) []string {
	c := &templateCheck{Template: t, spec: spec, used: map[string]bool{}}
	c.sections()
	c.parameters()
	c.walk("Conditions", t.root["Conditions"])
	c.walk("Globals", t.root["Globals"])
	for name, r := range t.Resources {
		c.resource(name, r)
	}
	c.walk("Outputs", t.root["Outputs"])
	for name, rule := range t.Rules {
		c.keys("Rules."+name, rule, "RuleCondition", "Assertions")
		c.walk("Rules."+name, rule)
	}
	for name := range t.Parameters {
		c.say(!c.used[name], "parameter %s is used nowhere", name)
	}
	for name := range t.Conditions {
		c.say(!c.used["condition "+name], "condition %s is used nowhere", name)
	}
	slices.Sort(c.problems)
	return slices.Compact(c.problems)
}

type templateCheck struct {
	*Template
	spec     *Spec
	used     map[string]bool // a parameter, or "condition " and its name
	problems []string
}

func (c *templateCheck) say(broken bool, format string, args ...any) {
	if broken {
		c.problems = append(c.problems, fmt.Sprintf(format, args...))
	}
}

// keys refuses the keys of a map that are not among known.
func (c *templateCheck) keys(path string, value any, known ...string) {
	m, ok := value.(map[string]any)
	c.say(!ok, "%s is no map", path)
	for key := range m {
		c.say(!slices.Contains(known, key), "%s has a key %s that CloudFormation does not know", path, key)
	}
}

func (c *templateCheck) sections() {
	c.keys("the template", c.root, "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings", "Rules", "Conditions", "Transform", "Globals", "Resources", "Outputs")
	c.say(c.root["AWSTemplateFormatVersion"] != "2010-09-09", "AWSTemplateFormatVersion is not 2010-09-09")
	c.say(len(c.Resources) == 0, "there are no resources")
	for name, output := range c.Outputs {
		c.keys("Outputs."+name, output, "Description", "Value", "Export", "Condition")
		if o, ok := output.(map[string]any); ok && o["Condition"] != nil {
			c.condition("Outputs."+name, o["Condition"])
		}
	}
}

func (c *templateCheck) parameters() {
	kinds := []string{"String", "Number", "CommaDelimitedList", "List<Number>"}
	for name, value := range c.Parameters {
		path := "Parameters." + name
		c.keys(path, value, "Type", "Description", "Default", "AllowedValues", "AllowedPattern", "ConstraintDescription", "MinLength", "MaxLength", "MinValue", "MaxValue", "NoEcho")
		p, _ := value.(map[string]any)
		kind, _ := p["Type"].(string)
		c.say(!slices.Contains(kinds, kind) && !strings.HasPrefix(kind, "List<AWS::") && !strings.HasPrefix(kind, "AWS::"), "%s: there is no type %q", path, kind)
		allowed, limited := p["AllowedValues"].([]any)
		if fallback, given := p["Default"]; given && limited {
			c.say(!slices.Contains(allowed, fallback), "%s: its default %v is not allowed", path, fallback)
		}
	}
}

func (c *templateCheck) resource(name string, value any) {
	path := "Resources." + name
	c.keys(path, value, "Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "CreationPolicy", "Metadata")
	r, _ := value.(map[string]any)
	if r["Condition"] != nil {
		c.condition(path, r["Condition"])
	}
	dependencies, several := r["DependsOn"].([]any)
	if !several && r["DependsOn"] != nil {
		dependencies = []any{r["DependsOn"]}
	}
	for _, d := range dependencies {
		other, _ := d.(string)
		c.say(c.Resources[other] == nil, "%s depends on %v, which is no resource", path, d)
	}
	c.walk(path, r["Properties"])
	if c.spec != nil {
		c.problems = append(c.problems, c.spec.problems(path, r)...)
	}
}

func (c *templateCheck) condition(path string, name any) {
	text, _ := name.(string)
	c.used["condition "+text] = true
	c.say(c.Conditions[text] == nil, "%s is under %v, which is no condition", path, name)
}

// ValueProblems checks values for the parameters of a template, each of which
// must be one of its own: CloudFormation refuses others.
func (t *Template) ValueProblems(values map[string]string) (problems []string) {
	for name, value := range values {
		p, ok := t.Parameters[name].(map[string]any)
		if !ok {
			problems = append(problems, fmt.Sprintf("the template has no parameter %s", name))
			continue
		}
		if allowed, ok := p["AllowedValues"].([]any); ok && !slices.ContainsFunc(allowed, func(a any) bool { return fmt.Sprint(a) == value }) {
			problems = append(problems, fmt.Sprintf("%s is %q, none of %v", name, value, allowed))
		}
		if pattern, ok := p["AllowedPattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(value) {
			problems = append(problems, fmt.Sprintf("%s: %q does not match %s", name, value, pattern))
		}
	}
	for name, p := range t.Parameters {
		definition, _ := p.(map[string]any)
		if _, given := values[name]; !given && definition["Default"] == nil {
			problems = append(problems, fmt.Sprintf("%s has neither a value nor a default", name))
		}
	}
	slices.Sort(problems)
	return problems
}
