package check

import (
	"strings"
	"testing"
)

// A mistake is a replacement in a file of deploy, and what must then be said.
type mistake struct{ what, old, new, want string }

// mistakes are those that each kind of check must find, by the file that they
// are made in.
var mistakes = map[string][]mistake{
	"ecs/task-definitions/fargate-adot.json": {
		{"a key that ECS does not know", `"dependsOn"`, `"dependOn"`, `unknown field "dependOn"`},
		{"a key in the wrong case", `"essential": true`, `"Essential": true`, "would send something else"},
		{"a number for a text", `"cpu": "512"`, `"cpu": 512`, "cannot unmarshal number"},
		{"two documents", "\n}\n", "\n}\n{}\n", "something follows"},
		{"a required key missing", `"containerName": "collector",`, "", "missing required field"},
		{"a value of no enumeration", `"condition": "START"`, `"condition": "STARTED"`, `"STARTED" is none of`},
		{"another", `"logDriver": "awslogs"`, `"logDriver": "cloudwatch"`, `"cloudwatch" is none of`},
		{"and another", `"networkMode": "awsvpc"`, `"networkMode": "vpc"`, `"vpc" is none of`},
		{"a network that Fargate has not", `"networkMode": "awsvpc"`, `"networkMode": "bridge"`, "Fargate has awsvpc alone"},
		{"a size that Fargate has not", `"memory": "1024"`, `"memory": "1000"`, "Fargate has no such size"},
		{"more memory than there is", `"memory": 512,`, `"memory": 2048,`, "the task has 1024"},
		{"a stop that Fargate does not wait for", `"stopTimeout": 60`, `"stopTimeout": 180`, "120 s at most"},
		{"a dependency that is not there", `"containerName": "collector"`, `"containerName": "colector"`, "which is no container"},
		{"a health check by a shell", `"CMD",`, `"CMD-SHELL",`, "no shell"},
		{"a health check too often", `"interval": 10`, `"interval": 1`, "not in 5 to 300"},
		{"an option that awslogs has not", `"awslogs-stream-prefix"`, `"awslogs-prefix"`, "no option awslogs-prefix"},
		{"a secret in plain text", `"name": "GOMEMLIMIT"`, `"name": "NEW_RELIC_LICENSE_KEY"`, "in plain text"},
		{"nobody to read the secrets", `"executionRoleArn"`, `"taskRoleArn2"`, "unknown field"},
		{"an image of no version", `"image": "${AppImage}"`, `"image": "checkout:latest"`, "of no version"},
		{"nothing that is essential", `"essential": true`, `"essential": false`, "no container is essential"},
	},
	"ecs/task-definitions/fargate-bragg.json": {
		{"a volume that is not there", `"sourceVolume": "queue"`, `"sourceVolume": "data"`, "which is no volume"},
	},
	"ecs/roles/task.json": {
		{"a key of no policy", `"Effect"`, `"Efect"`, "unknown field"},
		{"an old version", "2012-10-17", "2008-10-17", "is not 2012-10-17"},
		{"a name with blanks", "XRayCollectorSendsSegments", "the collector sends", "letters and digits"},
	},
	"ecs/roles/trust.json": {
		{"a condition of no operator", `"ArnLike"`, `"ArnLikes"`, "no condition operator"},
	},
	"ecs/parameters.json": {
		{"a parameter that the template has not", `"DesiredCount"`, `"Count"`, "no parameter Count"},
		{"a value that it does not allow", `"XRay": "on"`, `"XRay": "yes"`, `"yes", none of`},
		{"a region that New Relic has not", "otlp.nr-data.net", "otlp.nr-data.com", "none of"},
		{"something that is no secret", `"NewRelicSecretArn": ""`, `"NewRelicSecretArn": "eu01xx0000000000000000000000000000NRAL"`, "does not match"},
		{"nothing where something must be", `"AppName": "checkout",`, "", "neither a value nor a default"},
	},
	"ecs/service.yaml": {
		{"a tag of no function", "!Equals [!Ref XRay", "!Equal [!Ref XRay", "no function !Equal"},
		{"an alias", "TaskRole:\n    Type", "TaskRole: &role\n    Type", "no aliases"},
		{"a key twice", "  TaskRole:\n    Type: AWS::IAM::Role", "  TaskRole:\n    Type: AWS::IAM::Role\n    Type: AWS::IAM::Role", "there twice"},
		{"a section of no template", "Outputs:", "Output:", "a key Output that"},
		{"a key of no resource", "  AppLogs:\n    Type", "  AppLogs:\n    DependOn: TaskRole\n    Type", "DependOn"},
		{"a reference to nothing", "!Ref AppImage", "!Ref Image", "refers to Image"},
		{"an attribute of nothing", "!GetAtt TaskRole.Arn", "!GetAtt Role.Arn", "Arn of Role, which is no resource"},
		{"a name in a text that is nothing", "/ecs/${AppName}\n", "/ecs/${Name}\n", "refers to Name"},
		{"a text with nothing to fill in", "!Sub /ecs/${AppName}\n", "!Sub /ecs/app\n", "nothing to fill in"},
		{"a condition that is none", "!If [XRayOn, \"[awsxray]\"", "!If [XrayOn, \"[awsxray]\"", "which is no condition"},
		{"a parameter for nothing", "  AppPort:\n", "  AppPorts:\n    Type: Number\n    Default: 1\n  AppPort:\n", "AppPorts is used nowhere"},
		{"a default that is not allowed", "    AllowedValues: [adot, bragg]\n    Default: adot", "    AllowedValues: [adot, bragg]\n    Default: aws", "default aws is not allowed"},
		{"an action without its reason", "xray:GetSamplingRules # samplers ask, by the collector's port 2000, which rules there are", "xray:GetSamplingRules", "has no reason beside it"},
		{"a parameter too large", "      Value: |\n", "      Value: |\n        # " + strings.Repeat("x", standardParameter) + "\n", "a Standard parameter takes 4096"},
		{"an enumeration in a task", "Condition: START}", "Condition: STARTED}", `"STARTED" is none of`},
	},
	"gateway/gateway.yaml": {
		{"a dependency that is not there", "DependsOn: Listener", "DependsOn: Listeners", "which is no resource"},
		{"a configuration too large", "        extensions:\n", "        # " + strings.Repeat("x", standardParameter) + "\n        extensions:\n", "a Standard parameter takes 4096"},
	},
	"lambda/template.yaml": {
		{"an action without its reason", "xray:PutTelemetryRecords # the daemon tells X-Ray how it is", "xray:PutTelemetryRecords", "has no reason"},
		{"a condition that is none", "- ByCollector\n", "- Collector\n", "which is no condition"},
		{"a name in a text that is nothing", "${Name}", "${Arch}", "refers to Arch"},
	},
	"lambda/function/collector.yaml": {
		{"an exporter that is not there", "exporters: [awsxray]", "exporters: [xray]", "xray"},
	},
	"ecs/terraform/main.tf": {
		{"a brace too few", "data \"aws_caller_identity\" \"current\" {}", "data \"aws_caller_identity\" \"current\" {", "main.tf"},
		{"another format", "  name  = \"x-ray\"", "  name = \"x-ray\"", "terraform fmt"},
		{"a variable that is not declared", "var.Parameters.Cluster", "var.Cluster", "var.Cluster is declared nowhere"},
		{"a local that is not declared", "local.containers)", "local.container)", "local.container is declared nowhere"},
		{"a resource that is not declared", "aws_iam_role.task.arn", "aws_iam_role.tasks.arn", "aws_iam_role.tasks is declared nowhere"},
		{"data that is not declared", "data.aws_region.current.name", "data.aws_region.here.name", "data.aws_region.here is declared nowhere"},
		{"a local for nothing", "  name         = var.Parameters.AppName", "  name         = var.Parameters.AppName\n  unused       = 1", "local.unused is used nowhere"},
		{"a block of no module", `data "aws_region"`, `datum "aws_region"`, "no block datum"},
	},
	"eks/collector.yaml": {
		{"a field that Kubernetes does not know", "readinessProbe:", "readynessProbe:", "readynessProbe"},
		{"a field twice", "      serviceAccountName: collector\n", "      serviceAccountName: collector\n      serviceAccountName: collector\n", "already set"},
		{"a text for a number", "initialDelaySeconds: 15", "initialDelaySeconds: soon", "initialDelaySeconds"},
		{"a kind that there is not", "kind: DaemonSet", "kind: DemonSet", "DemonSet"},
		{"a version of no kind", "apiVersion: apps/v1\nkind: DaemonSet", "apiVersion: apps/v2\nkind: DaemonSet", "apps/v2"},
		{"a selector of other pods", "    matchLabels: {app.kubernetes.io/name: collector}\n  updateStrategy", "    matchLabels: {app.kubernetes.io/name: agent}\n  updateStrategy", "its own pods do not have"},
		{"a service of no pods", "  selector: {app.kubernetes.io/name: collector}\n  internal", "  selector: {app.kubernetes.io/name: agent}\n  internal", "which no pod has"},
		{"a port that no pod has", "targetPort: xray-udp", "targetPort: xray", "port xray"},
		{"an account that is not there", "      serviceAccountName: collector\n", "      serviceAccountName: agent\n", "no ServiceAccount"},
		{"a volume that is not there", "- {name: config, mountPath", "- {name: configs, mountPath", "which is no volume"},
		{"a ConfigMap that is not there", "configMap: {name: collector}", "configMap: {name: collectors}", "which is not here"},
		{"root", "runAsNonRoot: true", "runAsNonRoot: false", "may run as root"},
		{"a file system to write on", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "file system is writable"},
		{"capabilities", "drop: [ALL]", "drop: [NET_RAW]", "keeps capabilities"},
		{"memory without a limit", "            limits: {memory: 512Mi}\n", "", "no limit of memory"},
		{"an image of the day", "collector:v0.49.0", "collector:latest", "no version"},
		{"a secret in plain text", "{name: GOMEMLIMIT, value: 410MiB}", "{name: NEW_RELIC_LICENSE_KEY, value: x}", "in plain text"},
		{"a mistake in the configuration", "      check_interval: 5s", "      check_intervals: 5s", "check_intervals"},
	},
	"eks/operator.yaml": {
		{"a field that the operator does not know", "upgradeStrategy:", "upgradesStrategy:", "upgradesStrategy"},
		{"a mode that there is not", "mode: daemonset", "mode: daemon", "no mode"},
		{"the version before", "opentelemetry.io/v1beta1", "opentelemetry.io/v1alpha1", "v1alpha1"},
		{"root", "runAsNonRoot: true", "runAsNonRoot: false", "may run as root"},
		{"a mistake in the configuration", "      check_interval: 5s", "      check_intervals: 5s", "check_intervals"},
	},
	"eks/gateway.yaml": {
		{"a scaler of nothing", "kind: Deployment, name: sampler}", "kind: Deployment, name: samplers}", "which is not here"},
		{"a mistake in the configuration", "routing_key: traceID", "route_key: traceID", "route_key"},
	},
	"eks/prometheus-adapter.yaml": {
		{"a metric that no scaler asks for", "as: otelcol_exporter_queue_fill", "as: otelcol_queue_fill", "which no rule of ConfigMap/adapter-config makes"},
		{"a key that the adapter has not", "metricsQuery:", "metricQuery:", "field metricQuery not found"},
		{"a label of no pod", "pod: {resource: pod}", "instance: {resource: pod}", "which label is the pod"},
	},
	"ec2/bragg-collector.service": {
		{"a key that systemd does not know", "RestartSec=2", "RestartSecs=2", "no key RestartSecs"},
		{"a section that systemd does not know", "[Install]", "[Installation]", "no section Installation"},
		{"a line that is no key", "Type=simple", "simple", "is no key"},
		{"root", "DynamicUser=yes", "User=root", "runs as root"},
		{"no user", "DynamicUser=yes\n", "", "runs as root"},
		{"a secret for all to read", "Environment=GOMEMLIMIT=410MiB", "Environment=NEW_RELIC_LICENSE_KEY=x", "everybody may read"},
		{"no restart", "Restart=always\n", "", "Restart 0 times"},
	},
	"gateway/agent.yaml": {
		{"an exporter that is not there", "exporters: [otlp_grpc/gateway]", "exporters: [otlp_grpc/gate]", "otlp_grpc/gate"},
		{"a key that an exporter has not", "    compression: zstd\n", "    compress: zstd\n", "compress"},
	},
	"gateway/balancer.yaml": {
		{"a key that the balancer has not", "routing_key: traceID", "route_key: traceID", "route_key"},
		{"a routing key that there is not", "routing_key: traceID", "routing_key: attributes", "routing_attributes"},
		{"a version of TLS that there is not", `min_version: "1.3"`, `min_version: "1.4"`, "1.4"},
		{"an authenticator that is not started", "extensions: [health_check, bearertokenauth/agents", "extensions: [health_check, bearertokenauth/agent", "bearertokenauth/agent"},
	},
	"gateway/sampler.yaml": {
		{"a text for a number", "num_traces: ${env:BRAGG_NUM_TRACES:-50000}", "num_traces: many", "num_traces"},
		{"a key that a policy has not", "threshold_ms", "threshold", "threshold"},
		{"a token that is missing", "token: ${env:BRAGG_SAMPLER_TOKEN}", "token: ''", "no bearer token"},
	},
	"collector/adot-durable.yaml": {
		{"a component that ADOT has not", "exporters:\n", "processors: {transform: {}}\nexporters:\n", "no processors transform"},
		{"a key that ADOT's component has not", "    max_retries: 50", "    sending_queue: {enabled: true}", "no key sending_queue"},
		{"connectors, which ADOT has not", "exporters:\n", "connectors: {forward: {}}\nexporters:\n", "no connectors forward"},
	},
}

// specMistakes are found only with AWS's resource specification and its service
// authorization reference.
var specMistakes = map[string][]mistake{
	"ecs/roles/task.json": {
		{"an action that there is not", "xray:PutTraceSegments", "xray:PutSegments", "there is no action xray:PutSegments"},
		{"a service that there is not", "xray:PutTraceSegments", "x-ray:PutTraceSegments", "there is no action x-ray:"},
		{"all actions", "xray:PutTraceSegments", "xray:*", "there is no action xray:*"},
		{"a resource where there is none", `"Resource": "*"`, `"Resource": "arn:aws:xray:us-east-1:123456789012:group/x"`, "knows no resources"},
	},
	"ecs/roles/execution.json": {
		{"every resource", `"arn:aws:ssm:${Region}:${AccountId}:parameter/${AppName}/otel-collector.yaml"`, `"*"`, "needs not be"},
		{"a resource of another service", "arn:aws:ssm:", "arn:aws:s3:", "is not for"},
		{"a resource of another kind", ":parameter/${AppName}", ":document/${AppName}", "is not for"},
		{"a group for a stream", "log-group:/ecs/${AppName}:*", "log-group/ecs/${AppName}", "is not for"},
	},
	"ecs/roles/trust.json": {
		{"a condition of no key", "aws:SourceArn", "aws:SourceARNs", "has no condition key aws:SourceARNs"},
		{"a key of another action", "aws:SourceArn", "cloudwatch:namespace", "sts:AssumeRole has no condition key cloudwatch:namespace"},
	},
	"eks/roles/irsa-trust.json": {
		{"an action that there is not", "AssumeRoleWithWebIdentity", "AssumeRoleByWebIdentity", "there is no action"},
		{"a provider's claim where there is no provider", "AssumeRoleWithWebIdentity", "AssumeRole", "sts:AssumeRole has no condition key ${OidcProvider}:sub"},
		{"a claim that IAM has not", "${OidcProvider}:aud", "${OidcProvider}:email", "has no condition key ${OidcProvider}:email"},
	},
	"gateway/gateway.yaml": {
		{"a policy too wide", "Resource: !GetAtt Logs.Arn", "Resource: \"*\"", "needs not be"},
		{"a property that a policy has not", "ScaleInCooldown", "ScaleDownCooldown", "no property ScaleDownCooldown"},
		{"an attribute that there is not", "LoadBalancer.DNSName", "LoadBalancer.Name", "no such attribute"},
	},
	"lambda/template.yaml": {
		{"a property that SAM has not", "MemorySize:", "Memory:", "no property Memory"},
		{"a text for a number", "Timeout: 10", "Timeout: ten", "is no number"},
		{"an attribute that SAM has not", "!GetAtt Checkout.Arn", "!GetAtt Checkout.ARN", "no such attribute"},
	},
	"ecs/service.yaml": {
		{"a policy too wide", "Resource: !Ref NewRelicSecretArn", `Resource: "*"`, "needs not be"},
		{"an action misspelt", "xray:GetSamplingTargets #", "xray:GetSamplingTarget #", "there is no action xray:GetSamplingTarget"},
		{"a resource type that there is not", "AWS::ECS::Service\n", "AWS::ECS::Services\n", "no resource type"},
		{"a property that there is not", "RequiresCompatibilities:", "RequireCompatibilities:", "no property RequireCompatibilities"},
		{"a property deep inside", "MaximumPercent", "MaxPercent", "no property MaxPercent"},
		{"a property missing", "          Image: !Ref AppImage\n", "", "lacks Image"},
		{"a value of no enumeration", "PropagateTags: SERVICE", "PropagateTags: SERVICES", "is none of"},
		{"a text for a number", "StopTimeout: 30", "StopTimeout: soon", "is no number"},
		{"a text for a list", "[!Ref LaunchType]", "FARGATE", "is no list"},
		{"a map for a text", "Family: !Ref AppName", "Family: {Name: x}", "wants a string"},
		{"an attribute that there is not", "!GetAtt AppLogs.Arn", "!GetAtt AppLogs.ARN", "no such attribute"},
	},
}

func TestMistakesAreFound(t *testing.T) {
	for name, list := range mistakes {
		t.Run(name, func(t *testing.T) { findMistakes(t, name, list) })
	}
	if spec(t) == nil {
		t.Log("without BRAGG_SERVICE_SPEC: `make conformance-deploy` has more")
		return
	}
	for name, list := range specMistakes {
		t.Run(name+" by AWS's specification", func(t *testing.T) { findMistakes(t, name, list) })
	}
}

func findMistakes(t *testing.T, name string, list []mistake) {
	content := string(read(t, name))
	for _, m := range list {
		t.Run(m.what, func(t *testing.T) {
			if !strings.Contains(content, m.old) {
				t.Fatalf("there is no %q to make a mistake of", m.old)
			}
			broken := []byte(strings.Replace(content, m.old, m.new, 1))
			var problems []string
			switch k := kindOf(name); {
			case k.name == "Kubernetes":
				files := manifests(t)
				files[name] = broken
				problems = manifestProblems(t, files)
			case k.name == "Terraform":
				files := terraformFiles(t)
				files[name] = broken
				problems = Terraform(files)
			default:
				problems = k.check(t, name, broken)
			}
			if !strings.Contains(strings.Join(problems, "\n"), m.want) {
				t.Errorf("problems %q, want one with %q", problems, m.want)
			}
		})
	}
}
