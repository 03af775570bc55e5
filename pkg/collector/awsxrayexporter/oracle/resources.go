package oracle

// A namedResource is what a detector finds.
type namedResource struct {
	name string
	part Part
}

func both(parts ...Part) Part {
	return func(c *Case) {
		for _, part := range parts {
			part(c)
		}
	}
}

var sdkOfService = Resource("service.name", "shop", "service.namespace", "prod", "service.version", "1.4.2", "service.instance.id", "42",
	"telemetry.sdk.name", "opentelemetry", "telemetry.sdk.version", "1.47.0", "telemetry.sdk.language", "go")

// resources are the places where a service runs.
var resources = []namedResource{
	{"none", func(*Case) {}},
	{"service", sdkOfService},
	{"EC2", both(sdkOfService, Resource("cloud.provider", "aws", "cloud.platform", "aws_ec2", "cloud.region", "eu-west-1", "cloud.account.id", "123456789012",
		"cloud.availability_zone", "eu-west-1a", "host.id", "i-0123456789abcdef0", "host.type", "m7g.large", "host.image.id", "ami-1", "host.name", "ip-10-0-0-1"))},
	{"ECS on EC2", both(sdkOfService, Resource("cloud.provider", "aws", "cloud.platform", "aws_ecs", "cloud.account.id", "123456789012",
		"aws.ecs.launchtype", "ec2", "container.name", "app", "container.id", "c0ffee", "aws.ecs.cluster.arn", "arn:aws:ecs:eu-west-1:1:cluster/c",
		"host.id", "i-1"))},
	{"ECS on Fargate", both(sdkOfService, Resource("cloud.provider", "aws", "cloud.platform", "aws_ecs", "cloud.account.id", "123456789012",
		"cloud.availability_zone", "eu-west-1b", "aws.ecs.launchtype", "fargate", "container.name", "app", "container.id", "c0ffee",
		"aws.ecs.cluster.arn", "arn:aws:ecs:eu-west-1:1:cluster/c", "aws.ecs.container.arn", "arn:aws:ecs:eu-west-1:1:container/x",
		"aws.ecs.task.arn", "arn:aws:ecs:eu-west-1:1:task/t", "aws.ecs.task.family", "app", "aws.ecs.task.revision", "7",
		"aws.log.group.names", []any{"/ecs/app"}, "aws.log.group.arns", []any{"arn:aws:logs:eu-west-1:1:log-group:/ecs/app:*"}))},
	{"EKS", both(sdkOfService, Resource("cloud.provider", "aws", "cloud.platform", "aws_eks", "cloud.account.id", "123456789012",
		"k8s.cluster.name", "prod", "k8s.pod.name", "shop-1", "k8s.namespace.name", "default", "container.id", "c0ffee", "container.image.tags", []any{"1.4", "latest"},
		"host.id", "i-2", "process.pid", 1, "process.command_args", []any{"/app", "-v"}))},
	{"Beanstalk", both(sdkOfService, Resource("cloud.provider", "aws", "cloud.platform", "aws_elastic_beanstalk", "deployment.environment", "prod"))},
	{"App Runner", both(sdkOfService, Resource("cloud.provider", "aws", "cloud.platform", "aws_app_runner"))},
	{"Lambda", both(sdkOfService, Resource("cloud.provider", "aws", "cloud.platform", "aws_lambda", "faas.name", "f", "faas.version", "$LATEST",
		"faas.max_memory", 134217728, "cloud.region", "eu-west-1"))},
	{"Kubernetes", both(sdkOfService, Resource("k8s.cluster.name", "own", "k8s.pod.name", "p"))},
	{"agent", both(sdkOfService, Resource("telemetry.auto.version", "1.2", "telemetry.distro.name", "adot", "telemetry.distro.version", "2.0"))},
	{"GCP", both(sdkOfService, Resource("cloud.provider", "gcp", "cloud.platform", "gcp_cloud_run", "cloud.account.id", "project"))},
	{"Azure", both(sdkOfService, Resource("cloud.provider", "azure", "cloud.platform", "azure_vm", "host.id", "vm-1"))},
}
