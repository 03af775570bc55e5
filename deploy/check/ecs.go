package check

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"
)

// TaskDefinition checks the JSON that `aws ecs register-task-definition
// --cli-input-json` takes: AWS's types know every key, AWS's client misses
// nothing that is required, every enumeration has the value, and the limits hold
// that ECS tells only when it is too late.
func TaskDefinition(content []byte) []string {
	input, err := decodeTaskDefinition(content)
	if err != nil {
		return []string{err.Error()}
	}
	problems := enumProblems("", reflect.ValueOf(*input))
	if wire, err := onTheWire(input); err != nil {
		problems = append(problems, err.Error())
	} else if diff := jsonDiff(content, wire); diff != "" {
		problems = append(problems, "AWS's client would send something else (-file +sent):\n"+diff)
	}
	return append(problems, taskProblems(input)...)
}

func decodeTaskDefinition(content []byte) (*ecs.RegisterTaskDefinitionInput, error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	input := &ecs.RegisterTaskDefinitionInput{}
	if err := decoder.Decode(input); err != nil {
		return nil, fmt.Errorf("task definition: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("task definition: something follows the JSON object")
	}
	return input, nil
}

// roundTripper captures a request and answers it with nothing.
type roundTripper struct{ body []byte }

func (r *roundTripper) Do(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	r.body = body
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("{}")), Header: http.Header{}}, err
}

// onTheWire returns what AWS's client sends, or what it misses.
func onTheWire(input *ecs.RegisterTaskDefinitionInput) ([]byte, error) {
	sent := &roundTripper{}
	client := ecs.New(ecs.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://127.0.0.1"), HTTPClient: sent, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "none", SecretAccessKey: "none"}, nil
		}),
	})
	_, err := client.RegisterTaskDefinition(context.Background(), input)
	return sent.body, err
}

// jsonDiff compares two JSON texts by what they mean.
func jsonDiff(a, b []byte) string {
	var x, y any
	if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
		return err.Error()
	}
	return cmp.Diff(x, y)
}

// enumProblems finds values that AWS's enumerations do not have. The client
// sends them all the same.
func enumProblems(path string, v reflect.Value) (problems []string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return enumProblems(path, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				problems = append(problems, enumProblems(path+"."+field.Name, v.Field(i))...)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			problems = append(problems, enumProblems(fmt.Sprintf("%s[%d]", path, i), v.Index(i))...)
		}
	case reflect.String:
		values := v.MethodByName("Values")
		if !values.IsValid() || v.String() == "" {
			return nil
		}
		known := values.Call(nil)[0]
		for i := range known.Len() {
			if known.Index(i).String() == v.String() {
				return nil
			}
		}
		return []string{fmt.Sprintf("%s: %q is none of %v", strings.TrimPrefix(path, "."), v.String(), known)}
	}
	return problems
}

// fargateMemory are the least and most MiB for CPU units, and the step.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
var fargateMemory = map[int][3]int{
	256: {512, 2048, 512}, 512: {1024, 4096, 1024}, 1024: {2048, 8192, 1024}, 2048: {4096, 16384, 1024},
	4096: {8192, 30720, 1024}, 8192: {16384, 61440, 4096}, 16384: {32768, 122880, 8192},
}

func taskProblems(d *ecs.RegisterTaskDefinitionInput) (problems []string) {
	fargate := slices.Contains(d.RequiresCompatibilities, types.CompatibilityFargate)
	memory, _ := strconv.Atoi(aws.ToString(d.Memory))
	cpu, _ := strconv.Atoi(aws.ToString(d.Cpu))
	if fargate {
		if d.NetworkMode != types.NetworkModeAwsvpc {
			problems = append(problems, fmt.Sprintf("networkMode %q: Fargate has awsvpc alone", d.NetworkMode))
		}
		if m, ok := fargateMemory[cpu]; !ok || memory < m[0] || memory > m[1] || memory%m[2] != 0 {
			problems = append(problems, fmt.Sprintf("cpu %d with memory %d: Fargate has no such size", cpu, memory))
		}
		if aws.ToString(d.ExecutionRoleArn) == "" {
			problems = append(problems, "executionRoleArn is missing: Fargate pulls, logs and reads secrets by it")
		}
	}
	containers := map[string]types.ContainerDefinition{}
	limits, essential := 0, false
	for _, c := range d.ContainerDefinitions {
		if _, again := containers[aws.ToString(c.Name)]; again {
			problems = append(problems, fmt.Sprintf("two containers are called %s", aws.ToString(c.Name)))
		}
		containers[aws.ToString(c.Name)] = c
		limits += int(aws.ToInt32(c.Memory))
		essential = essential || aws.ToBool(c.Essential)
	}
	if !essential {
		problems = append(problems, "no container is essential")
	}
	if memory > 0 && limits > memory {
		problems = append(problems, fmt.Sprintf("the containers' limits are %d MiB, the task has %d", limits, memory))
	}
	for _, c := range d.ContainerDefinitions {
		for _, problem := range containerProblems(c, d, containers, fargate) {
			problems = append(problems, aws.ToString(c.Name)+": "+problem)
		}
	}
	return problems
}

func containerProblems(c types.ContainerDefinition, d *ecs.RegisterTaskDefinitionInput, all map[string]types.ContainerDefinition, fargate bool) (problems []string) {
	say := func(broken bool, format string, args ...any) {
		if broken {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	for _, dependency := range c.DependsOn {
		other, ok := all[aws.ToString(dependency.ContainerName)]
		say(!ok, "depends on %s, which is no container", aws.ToString(dependency.ContainerName))
		say(ok && dependency.Condition == types.ContainerConditionHealthy && other.HealthCheck == nil,
			"waits for %s to be healthy, which has no health check", aws.ToString(dependency.ContainerName))
	}
	for _, m := range c.MountPoints {
		say(!slices.ContainsFunc(d.Volumes, func(v types.Volume) bool { return aws.ToString(v.Name) == aws.ToString(m.SourceVolume) }),
			"mounts %s, which is no volume", aws.ToString(m.SourceVolume))
	}
	say(fargate && aws.ToInt32(c.StopTimeout) > 120, "stopTimeout %d: Fargate waits 120 s at most", aws.ToInt32(c.StopTimeout))
	say(len(c.Secrets) > 0 && aws.ToString(d.ExecutionRoleArn) == "", "has secrets, but the task has no execution role to read them")
	say(aws.ToBool(c.Privileged), "is privileged")
	_, tag, _ := strings.Cut(aws.ToString(c.Image)[strings.LastIndexByte(aws.ToString(c.Image), '/')+1:], ":")
	say(!strings.Contains(aws.ToString(c.Image), "${") && (tag == "" || tag == "latest"), "image %s is of no version", aws.ToString(c.Image))
	problems = append(problems, healthCheckProblems(c.HealthCheck)...)
	problems = append(problems, logProblems(c.LogConfiguration)...)
	return append(problems, environmentProblems(c)...)
}

// healthCheckProblems holds the ranges of the API's documentation, and that
// images without a shell are asked without one.
func healthCheckProblems(h *types.HealthCheck) (problems []string) {
	if h == nil {
		return nil
	}
	if len(h.Command) < 2 || h.Command[0] != "CMD" {
		problems = append(problems, fmt.Sprintf("health check %q does not start with CMD: there is no shell in the image", h.Command))
	}
	for name, r := range map[string]struct {
		value     *int32
		low, high int32
	}{
		"interval": {h.Interval, 5, 300}, "timeout": {h.Timeout, 2, 60}, "retries": {h.Retries, 1, 10}, "startPeriod": {h.StartPeriod, 0, 300},
	} {
		if r.value != nil && (*r.value < r.low || *r.value > r.high) {
			problems = append(problems, fmt.Sprintf("health check's %s is %d, not in %d to %d", name, *r.value, r.low, r.high))
		}
	}
	return problems
}

func logProblems(l *types.LogConfiguration) (problems []string) {
	if l == nil {
		return []string{"has no logConfiguration: what it prints is lost"}
	}
	if l.LogDriver != types.LogDriverAwslogs {
		return nil
	}
	for _, option := range []string{"awslogs-group", "awslogs-region", "awslogs-stream-prefix"} {
		if l.Options[option] == "" {
			problems = append(problems, "its log has no "+option)
		}
	}
	known := []string{"awslogs-group", "awslogs-region", "awslogs-stream-prefix", "awslogs-create-group", "awslogs-datetime-format", "awslogs-multiline-pattern", "mode", "max-buffer-size"}
	for option := range l.Options {
		if !slices.Contains(known, option) {
			problems = append(problems, "awslogs has no option "+option)
		}
	}
	return problems
}

var secretName = regexp.MustCompile(`(?i)(KEY|TOKEN|SECRET|PASSWORD)$`)

func environmentProblems(c types.ContainerDefinition) (problems []string) {
	seen := map[string]bool{}
	note := func(name string) {
		if seen[name] {
			problems = append(problems, name+" is set twice")
		}
		seen[name] = true
	}
	for _, e := range c.Environment {
		note(aws.ToString(e.Name))
		if secretName.MatchString(aws.ToString(e.Name)) {
			problems = append(problems, aws.ToString(e.Name)+" is in the environment in plain text, not in secrets")
		}
	}
	for _, s := range c.Secrets {
		note(aws.ToString(s.Name))
	}
	return problems
}
