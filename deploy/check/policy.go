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

// Policy checks a policy in JSON: IAM's grammar, and for each action that there
// is one of that name and that its resources are as narrow as it lets them be.
func Policy(content []byte) []string {
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
		for _, problem := range s.problems() {
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
	for operator, keys := range s.Condition {
		say(!slices.Contains(conditionOperators, operator), "there is no condition operator %s", operator)
		for key := range keys {
			say(!slices.Contains(conditionKeys, key), "%s is no condition key that this check knows", key)
		}
	}
	for _, name := range s.Action {
		a, ok := actions[name]
		if !ok {
			say(true, "there is no action %s", name)
			continue
		}
		for _, resource := range s.Resource {
			say(resource == "*" && len(a) > 0 && !s.narrowedByCondition(), "%s is allowed on every resource, and needs not be: it knows %v", name, a)
			say(resource != "*" && len(a) == 0, "%s knows no resources, so %s allows nothing", name, resource)
			say(resource != "*" && len(a) > 0 && !slices.ContainsFunc(a, func(form string) bool { return matches(form, resource) }),
				"%s is not for %s, it knows %v", name, resource, a)
		}
	}
	return problems
}

// narrowedByCondition reports whether a condition takes the place of resources.
func (s statement) narrowedByCondition() bool { return len(s.Condition) > 0 }

// matches reports whether an ARN, in which parameters may stand for parts, is of
// a form such as arn:*:logs:*:*:log-group:*.
func matches(form, arn string) bool {
	if strings.HasPrefix(arn, "${") { // a parameter is the whole ARN
		return true
	}
	pattern := strings.ReplaceAll(regexp.QuoteMeta(form), `\*`, `.*`)
	return regexp.MustCompile("^" + pattern + "$").MatchString(arn)
}

var (
	conditionOperators = []string{"StringEquals", "StringLike", "ArnLike", "ArnEquals", "Bool"}
	conditionKeys      = []string{"aws:SourceAccount", "aws:SourceArn", "${OidcProvider}:sub", "${OidcProvider}:aud", "cloudwatch:namespace"}
)

// actions are the ones that deploy uses: for each the forms of the ARNs that it
// can be limited to, none for an action that knows only "*". From the tables of
// the service authorization reference, one page for each service:
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
var actions = map[string][]string{
	// list_awsx-ray.html
	"xray:PutTraceSegments":              nil,
	"xray:PutTelemetryRecords":           nil,
	"xray:GetSamplingRules":              nil,
	"xray:GetSamplingTargets":            nil,
	"xray:GetSamplingStatisticSummaries": nil,
	// list_amazonelasticcontainerregistry.html
	"ecr:GetAuthorizationToken":       nil,
	"ecr:BatchCheckLayerAvailability": {"arn:*:ecr:*:*:repository/*"},
	"ecr:BatchGetImage":               {"arn:*:ecr:*:*:repository/*"},
	"ecr:GetDownloadUrlForLayer":      {"arn:*:ecr:*:*:repository/*"},
	// list_amazoncloudwatchlogs.html
	"logs:CreateLogGroup":     {"arn:*:logs:*:*:log-group:*"},
	"logs:CreateLogStream":    {"arn:*:logs:*:*:log-group:*"},
	"logs:PutLogEvents":       {"arn:*:logs:*:*:log-group:*:log-stream:*", "arn:*:logs:*:*:log-group:*:*"},
	"logs:DescribeLogStreams": {"arn:*:logs:*:*:log-group:*"},
	// list_awssystemsmanager.html
	"ssm:GetParameter":  {"arn:*:ssm:*:*:parameter/*"},
	"ssm:GetParameters": {"arn:*:ssm:*:*:parameter/*"},
	// list_awssecretsmanager.html
	"secretsmanager:GetSecretValue": {"arn:*:secretsmanager:*:*:secret:*"},
	// list_awskeymanagementservice.html
	"kms:Decrypt": {"arn:*:kms:*:*:key/*"},
	// list_awscloudmap.html: DiscoverInstances can be limited by no resource
	"servicediscovery:DiscoverInstances": nil,
	// list_awssecuritytokenservice.html
	"sts:AssumeRole":                {"arn:*:iam::*:role/*"},
	"sts:AssumeRoleWithWebIdentity": {"arn:*:iam::*:role/*"},
	"sts:TagSession":                {"arn:*:iam::*:role/*"},
	// list_amazons3.html
	"s3:GetObject": {"arn:*:s3:::*/*"},
}

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
// with these parameters, and that each action has its reason beside it.
func (t *Template) PolicyProblems(parameters map[string]string) []string {
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
			for _, problem := range Policy(text) {
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
