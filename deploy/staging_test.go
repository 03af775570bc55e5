package deploy

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
)

// staging is compose.staging.yaml on top of docker-compose.yml.
func staging(t *testing.T, mistake func(string) string, env map[string]string) (*types.Project, error) {
	t.Helper()
	overlay, err := os.ReadFile("docker/compose.staging.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return readDeployment(t).load(env, mistake(string(overlay)))
}

// stagingProblems says where staging would not be what it promises: everything
// that docker-compose.yml is checked for, and real backends alone.
func stagingProblems(project *types.Project) []string {
	problems := slices.Concat(missingFiles(project), buildProblems(project), healthProblems(project), hardeningProblems(project))
	for name, service := range project.Services {
		if name == "xraylocal" || name == "newrelic" {
			problems = append(problems, name+" is started")
		}
		for _, text := range texts(service) {
			if strings.Contains(text, "xraylocal") || strings.Contains(text, "newrelic:4319") {
				problems = append(problems, name+" is given "+text)
			}
		}
		for dependency := range service.DependsOn {
			if project.Services[dependency].Name == "" {
				problems = append(problems, name+" waits for "+dependency+", which is not started")
			}
		}
	}
	collector := project.Services["collector"]
	if !slices.Equal(collector.HealthCheck.Test, []string{"CMD", "/collector", "healthcheck"}) {
		problems = append(problems, "the collector's health check is ADOT's")
	}
	if len(collector.Volumes) != 1 || collector.Volumes[0].Target != "/var/lib/bragg/queue" {
		problems = append(problems, "the collector's queues are on no volume")
	}
	return problems
}

func TestComposeStaging(t *testing.T) {
	region := map[string]string{"AWS_REGION": "eu-west-1", "NEW_RELIC_LICENSE_KEY": strings.Repeat("a", 40)}
	same := func(text string) string { return text }
	project, err := staging(t, same, region)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range stagingProblems(project) {
		t.Error(problem)
	}
	if endpoint := *project.Services["collector"].Environment["BRAGG_XRAY_ENDPOINT"]; endpoint != "https://xray.eu-west-1.amazonaws.com" {
		t.Errorf("X-Ray's endpoint is %s", endpoint)
	}
	if _, err := staging(t, same, nil); err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("without a region: error %v, want one that names AWS_REGION", err)
	}
	for name, m := range map[string][3]string{
		"a key that compose does not know": {"stop_grace_period:", "stop_grace:", "stop_grace"},
		"a tag that compose does not know": {"!override", "!replace", "queue"},
		"a dependency that is left":        {"    depends_on: !reset {}\n", "", "undefined service"},
		"the local X-Ray":                  {"  xraylocal:\n    profiles: [local]\n", "", "undefined service"},
		"a Dockerfile that is not there":   {"Dockerfile.collector", "Dockerfile.collectors", "Dockerfile.collectors"},
		"ADOT's health check":              {`"/collector", "healthcheck"`, `"/healthcheck"`, "ADOT's"},
	} {
		t.Run(name, func(t *testing.T) {
			project, err := staging(t, func(text string) string { return strings.Replace(text, m[0], m[1], 1) }, region)
			var problems []string
			if err != nil {
				problems = []string{err.Error()}
			} else {
				problems = stagingProblems(project)
			}
			if !strings.Contains(strings.Join(problems, "\n"), m[2]) {
				t.Errorf("problems %q, want one with %q", problems, m[2])
			}
		})
	}
}
