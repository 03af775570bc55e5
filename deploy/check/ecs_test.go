package check

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/itchyny/gojq"
)

// render does what `jq -f render.jq` does.
func render(t *testing.T, name string, parameters map[string]string) (any, error) {
	t.Helper()
	query, err := gojq.Parse(string(read(t, "ecs/render.jq")))
	if err != nil {
		t.Fatal(err)
	}
	code, err := gojq.Compile(query, gojq.WithVariables([]string{"$parameters", "$Region", "$AccountId"}))
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]any{}
	for name, value := range parameters {
		given[name] = value
	}
	var input any
	if err := json.Unmarshal(read(t, name), &input); err != nil {
		t.Fatal(err)
	}
	result, _ := code.Run(input, []any{map[string]any{"Parameters": given}}, "us-east-1", "123456789012").Next()
	if err, failed := result.(error); failed {
		return nil, err
	}
	return result, nil
}

// TestECSTemplateIsTheTaskDefinitions proves that CloudFormation, the AWS CLI
// and so Terraform, which reads the CLI's files, start the same containers, for
// each way to switch.
func TestECSTemplateIsTheTaskDefinitions(t *testing.T) {
	template, err := ParseTemplate(read(t, "ecs/service.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, launch := range []string{"FARGATE", "EC2"} {
		for _, collector := range []string{"adot", "bragg"} {
			for _, backends := range [][2]string{{"on", "off"}, {"off", "on"}, {"on", "on"}} {
				t.Run(fmt.Sprintf("%s %s X-Ray %s New Relic %s", launch, collector, backends[0], backends[1]), func(t *testing.T) {
					parameters := parametersOf(t, "ecs/parameters.json")
					maps.Copy(parameters, map[string]string{
						"LaunchType": launch, "Collector": collector, "XRay": backends[0], "NewRelic": backends[1],
						"NewRelicSecretArn": secretARN, "AppPort": "9090",
					})
					resources, err := template.Evaluate(parameters)
					if err != nil {
						t.Fatal(err)
					}
					file, err := render(t, "ecs/task-definitions/"+strings.ToLower(launch)+"-"+collector+".json", parameters)
					if err != nil {
						t.Fatal(err)
					}
					rendered, _ := json.Marshal(file)
					for _, problem := range TaskDefinition(rendered) {
						t.Error(problem)
					}
					ofTemplate, _ := json.Marshal(lowerKeys(resources["TaskDefinition"]["Properties"], ""))
					got, want := definition(t, ofTemplate), definition(t, rendered)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("the AWS CLI's (-) and CloudFormation's (+) task definitions:\n%s", diff)
					}
					if strings.Contains(string(rendered), "NEW_RELIC_LICENSE_KEY") != (backends[1] == "on") {
						t.Error("the license key is asked for with New Relic off, or not with it on")
					}
				})
			}
		}
	}
	t.Run("New Relic without its key", func(t *testing.T) {
		parameters := parametersOf(t, "ecs/parameters.json")
		parameters["NewRelic"] = "on"
		if _, err := render(t, "ecs/task-definitions/fargate-adot.json", parameters); err == nil || !strings.Contains(err.Error(), "NewRelicSecretArn") {
			t.Errorf("error %v, want one that names NewRelicSecretArn", err)
		}
	})
	t.Run("New Relic off", func(t *testing.T) {
		policy, err := render(t, "ecs/roles/execution.json", parametersOf(t, "ecs/parameters.json"))
		if text := fmt.Sprint(policy); err != nil || strings.Contains(text, "secretsmanager") {
			t.Errorf("the execution role may read secrets: %s %v", text, err)
		}
	})
}

// definition returns a task definition without its roles, whose names
// CloudFormation makes up.
func definition(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var d map[string]any
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	delete(d, "taskRoleArn")
	delete(d, "executionRoleArn")
	return d
}

var commentOrBlank = regexp.MustCompile(`(?m)^ *(#.*)?\n`)

// TestConfigsAreTheFiles holds what templates put into Systems Manager and the
// files that it is from together.
func TestConfigsAreTheFiles(t *testing.T) {
	for _, test := range []struct{ template, resource, file string }{
		{"ecs/service.yaml", "CollectorConfig", "../otel-collector.yaml"},
		{"gateway/gateway.yaml", "BalancerConfig", "gateway/balancer.yaml"},
		{"gateway/gateway.yaml", "SamplerConfig", "gateway/sampler.yaml"},
	} {
		template, err := ParseTemplate(read(t, test.template))
		if err != nil {
			t.Fatal(err)
		}
		want := commentOrBlank.ReplaceAllString(string(read(t, test.file)), "")
		config := template.Resources[test.resource].(map[string]any)["Properties"].(map[string]any)
		if diff := cmp.Diff(want, config["Value"]); diff != "" {
			t.Errorf("%s of %s is not %s without comments (-file +template):\n%s", test.resource, test.template, test.file, diff)
		}
	}
	if !strings.Contains(string(read(t, "ecs/terraform/main.tf")), `replace(file("${path.module}/../../../otel-collector.yaml"), "/`+strings.ReplaceAll(commentOrBlank.String(), `\`, `\\`)+`/", "")`) {
		t.Error("Terraform's module does not do the same")
	}
}

func TestTerraform(t *testing.T) {
	for _, problem := range Terraform(terraformFiles(t)) {
		t.Error(problem)
	}
	variables := string(read(t, "ecs/terraform/variables.tf"))
	for name := range parametersOf(t, "ecs/parameters.json") {
		if !regexp.MustCompile(`(?m)^    ` + name + ` += string$`).MatchString(variables) {
			t.Errorf("variables.tf does not know the parameter %s", name)
		}
	}
}

func terraformFiles(t testing.TB) map[string][]byte {
	files := map[string][]byte{}
	for _, name := range deployed(t) {
		if strings.HasSuffix(name, ".tf") {
			files[name] = read(t, name)
		}
	}
	return files
}
