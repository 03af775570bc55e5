package check

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/collector/adot"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// root is deploy.
const root = ".."

func read(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// A kind is what a file of deploy is, by its path.
type kind struct {
	name    string
	matches []string // patterns of path.Match, relative to deploy
	check   func(t testing.TB, name string, content []byte) []string
}

// kinds are all there are. Those without a check are checked in package deploy,
// with what belongs to them.
func kinds() []kind {
	return []kind{
		{"task definition", []string{"ecs/task-definitions/*.json"}, func(_ testing.TB, _ string, content []byte) []string { return TaskDefinition(content) }},
		{"policy", []string{"*/roles/*.json"}, func(t testing.TB, _ string, content []byte) []string { return Policy(content, authorization(t)) }},
		{"parameters", []string{"*/parameters.json"}, parametersProblems},
		{"CloudFormation", []string{"ecs/service.yaml", "gateway/gateway.yaml", "lambda/template.yaml"}, templateProblems},
		{"Terraform", []string{"ecs/terraform/*.tf"}, nil}, // as a module: TestTerraform
		{"Kubernetes", []string{"eks/*.yaml"}, nil},        // together: TestKubernetes
		{"systemd unit", []string{"ec2/*.service"}, func(_ testing.TB, _ string, content []byte) []string { return Unit(content) }},
		{"collector for ADOT", []string{"collector/adot-durable.yaml", "gateway/agent.yaml"}, adotProblems},
		{"collector", []string{"collector/durable.yaml", "gateway/balancer.yaml", "gateway/sampler.yaml", "lambda/function/collector.yaml"}, collectorProblems},
		{"compose", []string{"docker/compose.*.yaml"}, nil},
		{"Dockerfile", []string{"docker/Dockerfile.*"}, nil},
		{"environment", []string{"ec2/*.env", "docker/*.env.example"}, nil},
		{"makefile", []string{"lambda/function/Makefile"}, nil}, // run: make conformance-deploy
		{"jq", []string{"ecs/render.jq"}, nil},                  // run: TestECSTemplateIsTheTaskDefinitions
	}
}

func kindOf(name string) *kind {
	for _, k := range kinds() {
		if slices.ContainsFunc(k.matches, func(pattern string) bool { ok, _ := filepath.Match(pattern, name); return ok }) {
			return &k
		}
	}
	return nil
}

// deployed returns every file under deploy but programs, tests and pages.
func deployed(t testing.TB) (names []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if slices.Contains([]string{".go", ".md", ".js", ".mod", ".sum"}, filepath.Ext(name)) || strings.Contains(name, "testdata/") {
			return err
		}
		names = append(names, filepath.ToSlash(name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestEveryFile(t *testing.T) {
	count := map[string]int{}
	for _, name := range deployed(t) {
		k := kindOf(name)
		if k == nil {
			t.Errorf("deploy/%s is of no kind that a test checks", name)
			continue
		}
		count[k.name]++
		if k.check == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			for _, problem := range k.check(t, name, read(t, name)) {
				t.Error(problem)
			}
		})
	}
	for _, k := range kinds() {
		if count[k.name] == 0 {
			t.Errorf("there is no file of the kind %s", k.name)
		}
	}
}

func adotProblems(t testing.TB, name string, content []byte) []string {
	problems, err := adot.Problems(content)
	if err != nil {
		return []string{err.Error()}
	}
	return append(problems, collectorProblems(t, name, content)...)
}

var (
	specOnce   sync.Once
	loadedSpec *Spec
	specError  error

	authorizationOnce   sync.Once
	loadedAuthorization *Authorization
	authorizationError  error
)

// spec is AWS's resource specification, or nil where it was not fetched:
// `make conformance-deploy` does.
func spec(t testing.TB) *Spec {
	modules := os.Getenv("BRAGG_SERVICE_SPEC")
	if modules == "" {
		return nil
	}
	specOnce.Do(func() { loadedSpec, specError = LoadSpec(modules, resourceTypes(t)) })
	if specError != nil {
		t.Fatal(specError)
	}
	return loadedSpec
}

// authorization is AWS's service authorization reference, or nil where it was
// not fetched, as spec.
func authorization(t testing.TB) *Authorization {
	modules := os.Getenv("BRAGG_SERVICE_SPEC")
	if modules == "" {
		return nil
	}
	services := []string{"cloudwatch", "ecr", "kms", "logs", "s3", "secretsmanager", "servicediscovery", "ssm", "sts", "xray"}
	authorizationOnce.Do(func() { loadedAuthorization, authorizationError = LoadAuthorization(modules, services) })
	if authorizationError != nil {
		t.Fatal(authorizationError)
	}
	return loadedAuthorization
}

// resourceTypes returns all that the templates use.
func resourceTypes(t testing.TB) (types []string) {
	for _, name := range deployed(t) {
		if k := kindOf(name); k == nil || k.name != "CloudFormation" {
			continue
		}
		template, err := ParseTemplate(read(t, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range template.Resources {
			kind, _ := r.(map[string]any)["Type"].(string)
			types = append(types, kind)
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

func templateProblems(t testing.TB, name string, content []byte) []string {
	template, err := ParseTemplate(content)
	if err != nil {
		return []string{err.Error()}
	}
	problems := template.Problems(spec(t))
	for _, variant := range variants(t, filepath.Join(filepath.Dir(name), "parameters.json"), template) {
		problems = append(problems, template.PolicyProblems(variant, authorization(t))...)
		problems = append(problems, template.ParameterProblems(variant)...)
		problems = append(problems, taskDefinitionProblems(template, variant)...)
	}
	slices.Sort(problems)
	return slices.Compact(problems)
}

const secretARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:newrelic-AbCdEf"

// variants are the parameters of a template with everything on, and with
// everything off.
func variants(t testing.TB, parameters string, template *Template) (all []map[string]string) {
	for _, state := range []string{"on", "off"} {
		v := parametersOf(t, parameters)
		for name := range v {
			if template.Parameters[name] == nil {
				delete(v, name)
			}
		}
		for _, backend := range []string{"XRay", "NewRelic"} {
			if v[backend] != "" {
				v[backend] = state
			}
		}
		if _, ok := v["NewRelicSecretArn"]; ok && state == "on" {
			v["NewRelicSecretArn"] = secretARN
		}
		all = append(all, v)
	}
	return all
}

// taskDefinitionProblems takes the task definitions of a template through AWS's
// types, as the API gets them from CloudFormation.
func taskDefinitionProblems(template *Template, parameters map[string]string) (problems []string) {
	resources, err := template.Evaluate(parameters)
	if err != nil {
		return []string{err.Error()}
	}
	for name, r := range resources {
		if r["Type"] != "AWS::ECS::TaskDefinition" {
			continue
		}
		text, err := json.Marshal(lowerKeys(r["Properties"], ""))
		if err != nil {
			return []string{err.Error()}
		}
		for _, problem := range TaskDefinition(text) {
			problems = append(problems, name+": "+problem)
		}
	}
	return problems
}

func parametersOf(t testing.TB, name string) map[string]string {
	t.Helper()
	var file struct{ Parameters map[string]string }
	if err := json.Unmarshal(read(t, name), &file); err != nil {
		t.Fatal(err)
	}
	return file.Parameters
}

// parametersProblems wants the parameters of the template beside it, and values
// that it allows.
func parametersProblems(t testing.TB, name string, content []byte) (problems []string) {
	var file map[string]map[string]string
	if err := json.Unmarshal(content, &file); err != nil {
		return []string{err.Error()}
	}
	if len(file) != 1 || file["Parameters"] == nil {
		return []string{"it wants one key, Parameters"}
	}
	templates, _ := filepath.Glob(filepath.Join(root, filepath.Dir(name), "*.yaml"))
	for _, path := range templates {
		rel, _ := filepath.Rel(root, path)
		if k := kindOf(rel); k == nil || k.name != "CloudFormation" {
			continue
		}
		template, err := ParseTemplate(read(t, rel))
		if err != nil {
			return []string{err.Error()}
		}
		return template.ValueProblems(file["Parameters"])
	}
	return []string{"there is no template beside it"}
}
