package check

import (
	"regexp"
	"slices"
	"strings"
)

// walk checks the functions in a value, however deep.
func (c *templateCheck) walk(path string, value any) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			c.walk(path, item)
		}
	case map[string]any:
		for key, argument := range value {
			c.function(path, key, argument)
			if key != "Fn::GetAtt" && key != "Ref" {
				c.walk(path+"."+key, argument)
			}
		}
	}
}

func (c *templateCheck) function(path, name string, argument any) {
	switch name {
	case "Ref":
		text, _ := argument.(string)
		c.reference(path, text)
	case "Fn::GetAtt":
		parts, _ := argument.([]any)
		if len(parts) != 2 {
			c.say(true, "%s: GetAtt of %v wants a resource and an attribute", path, argument)
			return
		}
		resource, _ := parts[0].(string)
		attribute, _ := parts[1].(string)
		c.attribute(path, resource, attribute)
	case "Fn::Sub":
		c.substitution(path, argument)
	case "Fn::If":
		parts, _ := argument.([]any)
		if len(parts) != 3 {
			c.say(true, "%s: If has %d arguments, wants 3", path, len(parts))
			return
		}
		c.condition(path, parts[0])
	case "Condition":
		if text, ok := argument.(string); ok && strings.HasPrefix(path, "Conditions") {
			c.condition(path, text)
		}
	default:
		if strings.HasPrefix(name, "Fn::") {
			c.say(!slices.Contains(longNames, name) && !strings.HasPrefix(path, "Rules"), "%s: there is no function %s", path, name)
		}
	}
}

var longNames = func() (names []string) {
	for _, name := range functions {
		names = append(names, name)
	}
	return names
}()

func (c *templateCheck) reference(path, name string) {
	c.used[name] = true
	if c.Parameters[name] == nil && c.Resources[name] == nil && !slices.Contains(pseudoParameters, name) {
		c.say(true, "%s refers to %s, which is no parameter and no resource", path, name)
	}
}

func (c *templateCheck) attribute(path, name, attribute string) {
	r, ok := c.Resources[name].(map[string]any)
	if !ok {
		c.say(true, "%s wants %s of %s, which is no resource", path, attribute, name)
		return
	}
	if kind, _ := r["Type"].(string); c.spec != nil {
		c.say(!c.spec.hasAttribute(kind, attribute), "%s wants %s of %s: %s has no such attribute", path, attribute, name, kind)
	}
}

var placeholder = regexp.MustCompile(`\$\{([^!}][^}]*)\}`)

// substitution checks ${Name} and ${Name.Attribute} of a Sub, which may bring
// names of its own.
func (c *templateCheck) substitution(path string, argument any) {
	text, ok := argument.(string)
	var own map[string]any
	if parts, several := argument.([]any); several && len(parts) == 2 {
		text, ok = parts[0].(string)
		own, _ = parts[1].(map[string]any)
	}
	if !ok {
		c.say(true, "%s: Sub wants a text", path)
		return
	}
	found := placeholder.FindAllStringSubmatch(text, -1)
	c.say(len(found) == 0, "%s: Sub has nothing to fill in", path)
	for _, m := range found {
		name, attribute, dotted := strings.Cut(m[1], ".")
		switch {
		case own[m[1]] != nil:
		case dotted:
			c.attribute(path, name, attribute)
		default:
			c.reference(path, m[1])
		}
	}
}
