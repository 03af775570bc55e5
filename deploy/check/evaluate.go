package check

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Evaluate returns the resources that CloudFormation would make with these
// parameters, by their names: conditions decided, functions replaced by what
// they return. Parameters without a value have their default. The account is
// 123456789012, the region us-east-1.
func (t *Template) Evaluate(parameters map[string]string) (map[string]map[string]any, error) {
	e := &evaluation{Template: t, values: map[string]any{
		"AWS::AccountId": "123456789012", "AWS::Region": "us-east-1", "AWS::Partition": "aws",
		"AWS::URLSuffix": "amazonaws.com", "AWS::StackName": "stack", "AWS::NoValue": noValue{},
	}}
	for name, p := range t.Parameters {
		definition, _ := p.(map[string]any)
		if fallback, ok := definition["Default"]; ok {
			e.values[name] = fallback
		}
		if given, ok := parameters[name]; ok {
			e.values[name] = given
		}
		kind, _ := definition["Type"].(string)
		text := fmt.Sprint(e.values[name])
		if number, err := strconv.Atoi(text); err == nil && kind == "Number" {
			e.values[name] = number
		}
		if (strings.HasPrefix(kind, "List<") || kind == "CommaDelimitedList") && e.values[name] != nil {
			e.values[name] = split(text)
		}
	}
	made := map[string]map[string]any{}
	for name, r := range t.Resources {
		resource, _ := r.(map[string]any)
		if condition, ok := resource["Condition"].(string); ok && !e.decide(t.Conditions[condition]) {
			continue
		}
		properties, _ := e.evaluate(resource["Properties"]).(map[string]any)
		made[name] = map[string]any{"Type": resource["Type"], "Properties": properties}
	}
	return made, e.err
}

// noValue is what AWS::NoValue refers to: what has it goes away.
type noValue struct{}

type evaluation struct {
	*Template
	values map[string]any
	err    error // the first
}

func split(text string) []any {
	var list []any
	for _, item := range strings.Split(text, ",") {
		list = append(list, item)
	}
	return list
}

func (e *evaluation) evaluate(value any) any {
	switch value := value.(type) {
	case []any:
		list := []any{}
		for _, item := range value {
			if v := e.evaluate(item); v != (noValue{}) {
				list = append(list, v)
			}
		}
		return list
	case map[string]any:
		if len(value) == 1 {
			for name, argument := range value {
				if name == "Ref" || strings.HasPrefix(name, "Fn::") {
					return e.call(name, argument)
				}
			}
		}
		m := map[string]any{}
		for key, item := range value {
			if v := e.evaluate(item); !isNoValue(v) {
				m[key] = v
			}
		}
		return m
	}
	return value
}

func isNoValue(v any) bool { _, ok := v.(noValue); return ok }

func (e *evaluation) call(name string, argument any) any {
	parts, _ := argument.([]any)
	switch name {
	case "Ref":
		return e.lookUp(argument.(string))
	case "Fn::GetAtt":
		return e.attributeOf(parts[0].(string), parts[1].(string))
	case "Fn::Sub":
		return e.substitute(argument)
	case "Fn::If":
		if e.decide(e.Conditions[parts[0].(string)]) {
			return e.evaluate(parts[1])
		}
		return e.evaluate(parts[2])
	case "Fn::Join":
		var texts []string
		list, _ := e.evaluate(parts[1]).([]any)
		for _, item := range list {
			texts = append(texts, fmt.Sprint(item))
		}
		return strings.Join(texts, parts[0].(string))
	case "Fn::Select":
		list, _ := e.evaluate(parts[1]).([]any)
		var i int
		fmt.Sscan(fmt.Sprint(parts[0]), &i)
		if i < len(list) {
			return list[i]
		}
	case "Fn::Split":
		var list []any
		for _, item := range strings.Split(fmt.Sprint(e.evaluate(parts[1])), parts[0].(string)) {
			list = append(list, item)
		}
		return list
	}
	return e.fail("cannot evaluate %s of %v", name, argument)
}

func (e *evaluation) fail(format string, args ...any) any {
	if e.err == nil {
		e.err = fmt.Errorf(format, args...)
	}
	return ""
}

// decide says whether a condition holds.
func (e *evaluation) decide(condition any) bool {
	m, _ := condition.(map[string]any)
	for name, argument := range m {
		parts, _ := argument.([]any)
		switch name {
		case "Fn::Equals":
			return fmt.Sprint(e.evaluate(parts[0])) == fmt.Sprint(e.evaluate(parts[1]))
		case "Fn::Not":
			return !e.decide(parts[0])
		case "Fn::And", "Fn::Or":
			for _, part := range parts {
				if e.decide(part) != (name == "Fn::And") {
					return name == "Fn::Or"
				}
			}
			return name == "Fn::And"
		case "Condition":
			return e.decide(e.Conditions[argument.(string)])
		}
	}
	e.fail("cannot decide %v", condition)
	return false
}

// nameProperty is what Ref returns of a resource; of others it is an ARN or an
// id that CloudFormation makes up.
var nameProperty = map[string]string{
	"AWS::SSM::Parameter": "Name", "AWS::Logs::LogGroup": "LogGroupName", "AWS::IAM::Role": "RoleName", "AWS::ECS::Cluster": "ClusterName",
}

func (e *evaluation) lookUp(name string) any {
	if value, ok := e.values[name]; ok {
		return value
	}
	resource, ok := e.Resources[name].(map[string]any)
	if !ok {
		return e.fail("%s has no value", name)
	}
	kind, _ := resource["Type"].(string)
	if properties, ok := resource["Properties"].(map[string]any); ok && properties[nameProperty[kind]] != nil {
		return e.evaluate(properties[nameProperty[kind]])
	}
	return name
}

// arns are the forms of ARNs, %s for the name.
var arns = map[string]string{
	"AWS::Logs::LogGroup":                       "arn:aws:logs:us-east-1:123456789012:log-group:%s:*",
	"AWS::IAM::Role":                            "arn:aws:iam::123456789012:role/%s",
	"AWS::SecretsManager::Secret":               "arn:aws:secretsmanager:us-east-1:123456789012:secret:%s",
	"AWS::ServiceDiscovery::Service":            "arn:aws:servicediscovery:us-east-1:123456789012:service/%s",
	"AWS::Lambda::Function":                     "arn:aws:lambda:us-east-1:123456789012:function:%s",
	"AWS::Serverless::Function":                 "arn:aws:lambda:us-east-1:123456789012:function:%s",
	"AWS::ECS::Cluster":                         "arn:aws:ecs:us-east-1:123456789012:cluster/%s",
	"AWS::ElasticLoadBalancingV2::LoadBalancer": "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/%s/0",
}

func (e *evaluation) attributeOf(name, attribute string) any {
	resource, _ := e.Resources[name].(map[string]any)
	kind, _ := resource["Type"].(string)
	if form := arns[kind]; form != "" && attribute == "Arn" {
		return fmt.Sprintf(form, e.lookUp(name))
	}
	return name + "." + attribute
}

func (e *evaluation) substitute(argument any) string {
	text, _ := argument.(string)
	values := map[string]any{}
	if parts, ok := argument.([]any); ok && len(parts) == 2 {
		text, _ = parts[0].(string)
		own, _ := parts[1].(map[string]any)
		maps.Copy(values, own)
	}
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		name := placeholder.FindStringSubmatch(found)[1]
		if own, ok := values[name]; ok {
			return fmt.Sprint(e.evaluate(own))
		}
		if resource, attribute, dotted := strings.Cut(name, "."); dotted {
			return fmt.Sprint(e.attributeOf(resource, attribute))
		}
		return fmt.Sprint(e.lookUp(name))
	})
}

// Containers returns the container definitions of an evaluated task definition
// in the form of the API, which begins names with a small letter.
func Containers(taskDefinition map[string]any) any {
	return lowerKeys(taskDefinition["Properties"].(map[string]any)["ContainerDefinitions"], "")
}

// lowerKeys leaves the keys of maps alone that are not CloudFormation's own.
func lowerKeys(value any, parent string) any {
	switch value := value.(type) {
	case []any:
		list := []any{}
		for _, item := range value {
			list = append(list, lowerKeys(item, ""))
		}
		return list
	case map[string]any:
		m := map[string]any{}
		for key, item := range value {
			if parent != "Options" && parent != "DockerLabels" {
				m[strings.ToLower(key[:1])+key[1:]] = lowerKeys(item, key)
			} else {
				m[key] = item
			}
		}
		return m
	}
	return value
}

// The sizes of parameters of Systems Manager, in bytes.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
const (
	standardParameter = 4096
	advancedParameter = 8192
)

// ParameterProblems checks the parameters of Systems Manager that a template
// makes: that they fit, and that they hold no {{, which has a meaning there.
func (t *Template) ParameterProblems(parameters map[string]string) (problems []string) {
	resources, err := t.Evaluate(parameters)
	if err != nil {
		return []string{err.Error()}
	}
	for _, name := range slices.Sorted(maps.Keys(resources)) {
		r := resources[name]
		if r["Type"] != "AWS::SSM::Parameter" {
			continue
		}
		properties, _ := r["Properties"].(map[string]any)
		value, _ := properties["Value"].(string)
		limit := standardParameter
		if properties["Tier"] == "Advanced" {
			limit = advancedParameter
		}
		if len(value) > limit {
			problems = append(problems, fmt.Sprintf("%s: its value has %d bytes, a %v parameter takes %d", name, len(value), properties["Tier"], limit))
		}
		if strings.Contains(value, "{{") {
			problems = append(problems, name+": its value has {{, which Systems Manager refuses")
		}
	}
	return problems
}
