package translate

import (
	"strconv"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// facts are the attributes of a resource that the aws block and the origin are
// made of. Each is the last of its name, as a string, "" for another type.
type facts struct {
	cloud, platform, account, zone                           string
	hostID, hostType, imageID                                string
	container, containerID, pod, cluster                     string
	namespace, instance, version                             string
	sdkName, sdkLanguage, sdkVersion, auto                   string
	clusterARN, containerARN, taskARN, taskFamily, ecsLaunch string
	logGroups, logGroupARNs                                  pcommon.Value
	hasLogGroups, hasLogGroupARNs                            bool
}

func (f *facts) read(m pcommon.Map) {
	for name, v := range m.All() {
		switch name {
		case "cloud.provider":
			f.cloud = v.Str()
		case "cloud.platform":
			f.platform = v.Str()
		case "cloud.account.id":
			f.account = v.Str()
		case "cloud.availability_zone":
			f.zone = v.Str()
		case "service.namespace":
			f.namespace = v.Str()
		case "service.instance.id":
			f.instance = v.Str()
		case "service.version":
			f.version = v.Str()
		case "telemetry.sdk.name":
			f.sdkName = v.Str()
		case "telemetry.sdk.language":
			f.sdkLanguage = v.Str()
		case "telemetry.sdk.version":
			f.sdkVersion = v.Str()
		case "telemetry.auto.version", "telemetry.distro.version":
			f.auto = v.Str()
		default:
			f.readHost(name, v)
		}
	}
}

// readHost reads what says where the service runs.
func (f *facts) readHost(name string, v pcommon.Value) {
	switch name {
	case "host.id":
		f.hostID = v.Str()
	case "host.type":
		f.hostType = v.Str()
	case "host.image.id":
		f.imageID = v.Str()
	case "container.name":
		if f.container == "" {
			f.container = v.Str()
		}
	case "container.id":
		f.containerID = v.Str()
	case "k8s.pod.name":
		f.pod = v.Str()
	case "k8s.cluster.name":
		f.cluster = v.Str()
	case "aws.ecs.cluster.arn":
		f.clusterARN = v.Str()
	case "aws.ecs.container.arn":
		f.containerARN = v.Str()
	case "aws.ecs.task.arn":
		f.taskARN = v.Str()
	case "aws.ecs.task.family":
		f.taskFamily = v.Str()
	case "aws.ecs.launchtype":
		f.ecsLaunch = v.Str()
	case "aws.log.group.names":
		f.logGroups, f.hasLogGroups = v, true
	case "aws.log.group.arns":
		f.logGroupARNs, f.hasLogGroupARNs = v, true
	}
}

// originOf is the kind of AWS resource, "" for none that X-Ray knows. Unlike
// the aws block it goes by the first attribute of a name.
func originOf(m pcommon.Map) string {
	if cloud, ok := m.Get("cloud.provider"); ok && cloud.Str() != "aws" {
		return ""
	}
	platform, ok := m.Get("cloud.platform")
	if !ok {
		return ""
	}
	switch platform.Str() {
	case "aws_app_runner":
		return "AWS::AppRunner::Service"
	case "aws_eks":
		return "AWS::EKS::Container"
	case "aws_elastic_beanstalk":
		return "AWS::ElasticBeanstalk::Environment"
	case "aws_ec2":
		return "AWS::EC2::Instance"
	case "aws_ecs":
		switch launch, _ := m.Get("aws.ecs.launchtype"); launch.Str() {
		case "ec2":
			return "AWS::ECS::EC2"
		case "fargate":
			return "AWS::ECS::Fargate"
		}
		return "AWS::ECS::Container"
	}
	return ""
}

// appendAWS appends the members of the aws block that the resource gives, but
// for account_id, which a span may override.
func (f *facts) appendAWS(b []byte, logGroupNames []string) []byte {
	if f.platform == "aws_elastic_beanstalk" && f.instance != "" {
		number, err := strconv.ParseInt(f.instance, 10, 64)
		if err != nil {
			number = 0
		}
		b = appendOrNull(b, `,"elastic_beanstalk":{"environment_name":`, f.namespace)
		b = appendOrNull(b, `,"version_label":`, f.version)
		b = strconv.AppendInt(append(b, `,"deployment_id":`...), number, 10)
		b = append(b, '}')
	}
	b = f.appendLogGroups(b, logGroupNames)
	if f.platform == "aws_ecs" {
		b = f.appendECS(b)
	}
	if f.platform == "aws_ec2" || f.hostID != "" {
		b = appendOrNull(b, `,"ec2":{"instance_id":`, f.hostID)
		b = appendOrNull(b, `,"availability_zone":`, f.zone)
		b = appendOrNull(b, `,"instance_size":`, f.hostType)
		b = appendOrNull(b, `,"ami_id":`, f.imageID)
		b = append(b, '}')
	}
	if f.platform == "aws_eks" || f.cluster != "" {
		b = appendOrNull(b, `,"eks":{"cluster_name":`, f.cluster)
		b = appendOrNull(b, `,"pod":`, f.pod)
		b = appendOrNull(b, `,"container_id":`, f.containerID)
		b = append(b, '}')
	}
	return f.appendSDK(b)
}

func (f *facts) appendECS(b []byte) []byte {
	b = append(b, `,"ecs":`...)
	start := len(b)
	b = appendMember(b, `,"container":`, f.container)
	b = appendMember(b, `,"container_id":`, f.containerID)
	b = appendMember(b, `,"task_arn":`, f.taskARN)
	b = appendMember(b, `,"task_family":`, f.taskFamily)
	b = appendMember(b, `,"cluster_arn":`, f.clusterARN)
	b = appendMember(b, `,"container_arn":`, f.containerARN)
	b = appendMember(b, `,"availability_zone":`, f.zone)
	b = appendMember(b, `,"launch_type":`, f.ecsLaunch)
	return segment.CloseObject(b, start)
}

func (f *facts) appendSDK(b []byte) []byte {
	sdk := f.sdkName
	if sdk != "" && f.sdkLanguage != "" {
		sdk += " for " + f.sdkLanguage
	}
	b = append(b, `,"xray":`...)
	start := len(b)
	b = appendMember(b, `,"sdk":`, sdk)
	b = appendMember(b, `,"sdk_version":`, f.sdkVersion)
	b = append(b, `,"auto_instrumentation":`...)
	b = strconv.AppendBool(b, f.auto != "")
	return segment.CloseObject(b, start)
}

// appendLogGroups appends cloudwatch_logs: the resource's log groups by ARN,
// else by name, else the configured ones.
func (f *facts) appendLogGroups(b []byte, configured []string) []byte {
	groups, byARN := groupNames(f.logGroupARNs, f.hasLogGroupARNs), true
	if len(groups) == 0 {
		groups, byARN = groupNames(f.logGroups, f.hasLogGroups), false
	}
	if len(groups) == 0 {
		groups = configured
	}
	if len(groups) == 0 {
		return b
	}
	b = append(b, `,"cloudwatch_logs":`...)
	start := len(b)
	for _, group := range groups {
		if !byARN {
			b = append(appendOrNull(b, `,{"log_group":`, group), '}')
			continue
		}
		b = appendOrNull(b, `,{"log_group":`, groupOfARN(group))
		b = append(appendMember(b, `,"arn":`, group), '}')
	}
	return segment.CloseArray(b, start)
}

// groupNames takes a slice, or a string as OTEL_RESOURCE_ATTRIBUTES has it:
// names with & between them.
func groupNames(v pcommon.Value, ok bool) []string {
	if !ok {
		return nil
	}
	var names []string
	switch v.Type() {
	case pcommon.ValueTypeStr:
		for name := range strings.SplitSeq(v.Str(), "&") {
			if name != "" {
				names = append(names, name)
			}
		}
	case pcommon.ValueTypeSlice:
		for _, e := range v.Slice().All() {
			names = append(names, e.Str())
		}
	}
	return names
}

// groupOfARN returns the log group in an ARN, which is its seventh field; an
// ARN of fewer fields is returned whole.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html#CWL_ARN_Format
func groupOfARN(arn string) string {
	rest := arn
	for range 6 {
		_, after, ok := strings.Cut(rest, ":")
		if !ok {
			return arn
		}
		rest = after
	}
	group, _, _ := strings.Cut(rest, ":")
	return group
}
