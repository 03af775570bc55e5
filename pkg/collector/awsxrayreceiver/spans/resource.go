package spans

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// platforms are the origins that cloud.platform, with the launch type of ECS,
// can express.
var platforms = map[string]struct{ platform, launchType string }{
	"AWS::AppRunner::Service":            {"aws_app_runner", ""},
	"AWS::EC2::Instance":                 {"aws_ec2", ""},
	"AWS::ECS::Container":                {"aws_ecs", ""},
	"AWS::ECS::EC2":                      {"aws_ecs", "ec2"},
	"AWS::ECS::Fargate":                  {"aws_ecs", "fargate"},
	"AWS::EKS::Container":                {"aws_eks", ""},
	"AWS::ElasticBeanstalk::Environment": {"aws_elastic_beanstalk", ""},
}

// fillResource says where the segment comes from. It returns the language of
// its SDK, "" if unknown.
func fillResource(to pcommon.Map, doc object) (language string) {
	to.EnsureCapacity(16)
	p := putter{doc, to}
	p.str("name", "service.name")
	if _, ok := doc["aws"].(map[string]any); ok {
		to.PutStr("cloud.provider", "aws")
		fillPlatform(to, doc.object("aws"))
		language = fillSDK(to, doc.object("aws").object("xray"))
	} else {
		to.PutStr("cloud.provider", "unknown")
	}
	fillOrigin(to, doc)
	service := putter{doc.object("service"), to}
	service.str("version", "service.version")
	service.str("compiler", "process.runtime.name")
	service.str("compiler_version", "process.runtime.version")
	service.str("runtime", "process.runtime.name")
	service.str("runtime_version", "process.runtime.version")
	p.str("resource_arn", resourceARN)
	return language
}

func fillPlatform(to pcommon.Map, aws object) {
	putter{aws, to}.str("account_id", "cloud.account.id")
	fillLogs(to, aws, "arn", "aws.log.group.arns")
	fillLogs(to, aws, "log_group", "aws.log.group.names")
	ec2 := putter{aws.object("ec2"), to}
	ec2.str("availability_zone", "cloud.availability_zone")
	ec2.str("instance_id", "host.id")
	ec2.str("instance_size", "host.type")
	ec2.str("ami_id", "host.image.id")
	ecs := putter{aws.object("ecs"), to}
	ecs.str("container", "container.name")
	ecs.str("availability_zone", "cloud.availability_zone")
	ecs.str("container_id", "container.id")
	ecs.str("task_arn", "aws.ecs.task.arn")
	ecs.str("task_family", "aws.ecs.task.family")
	ecs.str("cluster_arn", "aws.ecs.cluster.arn")
	ecs.str("container_arn", "aws.ecs.container.arn")
	if launchType, ok := ecs.from.str("launch_type"); ok {
		to.PutStr("aws.ecs.launchtype", strings.ToLower(launchType))
	}
	beanstalk := putter{aws.object("elastic_beanstalk"), to}
	beanstalk.str("environment_name", "service.namespace")
	if id, ok := beanstalk.from.integer("deployment_id"); ok {
		to.PutStr("service.instance.id", strconv.FormatInt(id, 10))
	}
	beanstalk.str("version_label", "service.version")
	eks := putter{aws.object("eks"), to}
	eks.str("container_id", "container.id")
	eks.str("cluster_name", "k8s.cluster.name")
	eks.str("pod", "k8s.pod.name")
}

func fillLogs(to pcommon.Map, aws object, key, attribute string) {
	var values []string
	for _, group := range aws.objects("cloudwatch_logs") {
		if value, ok := group.str(key); ok {
			values = append(values, value)
		}
	}
	if len(values) == 0 {
		return
	}
	list := to.PutEmptySlice(attribute)
	for _, value := range values {
		list.AppendEmpty().SetStr(value)
	}
}

// fillOrigin sets cloud.platform, from which the exporter makes the origin and
// decides on the blocks of ECS and Beanstalk.
func fillOrigin(to pcommon.Map, doc object) {
	name, ok := doc.str("origin")
	aws := doc.object("aws")
	switch known, expressible := platforms[name]; {
	case expressible && aws != nil:
		to.PutStr("cloud.platform", known.platform)
		if known.launchType != "" {
			to.PutStr("aws.ecs.launchtype", known.launchType)
		}
	case ok:
		to.PutStr(origin, name)
	case aws.object("elastic_beanstalk") != nil:
		to.PutStr("cloud.platform", "aws_elastic_beanstalk")
	case aws.object("ecs") != nil:
		to.PutStr("cloud.platform", "aws_ecs")
	}
}

// languages are the values of telemetry.sdk.language for the names that X-Ray's
// SDKs have for them.
var languages = map[string]string{"node.js": "nodejs", ".net": "dotnet", "c++": "cpp", "javascript": "nodejs"}

// fillSDK takes "X-Ray for Go" apart, as the exporter puts it together.
func fillSDK(to pcommon.Map, sdk object) (language string) {
	p := putter{sdk, to}
	p.str("sdk_version", "telemetry.sdk.version")
	full, ok := sdk.str("sdk")
	if !ok {
		return ""
	}
	name, rest, found := strings.Cut(full, " for ")
	to.PutStr("telemetry.sdk.name", name)
	if !found {
		return ""
	}
	language = strings.ToLower(rest[strings.LastIndex(" for "+rest, " for "):])
	if known, ok := languages[language]; ok {
		language = known
	}
	to.PutStr("telemetry.sdk.language", language)
	return language
}
