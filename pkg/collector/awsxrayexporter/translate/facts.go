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

	// Of some the first of its name counts, of any type.
	firstCloud, firstPlatform, firstLaunch, firstLanguage first
	serviceName, firstVersion, imageTags, imageTag        first
}

// A first is the first attribute of a name.
type first struct {
	value pcommon.Value
	ok    bool
}

func (f *first) see(v pcommon.Value) {
	if !f.ok {
		f.value, f.ok = v, true
	}
}

// str is the value's string, "" if there is none or it is of another type.
func (f *first) str() string {
	if !f.ok {
		return ""
	}
	return f.value.Str()
}

func (f *facts) read(m pcommon.Map) {
	for name, v := range m.All() {
		switch name {
		case "cloud.provider":
			f.cloud = v.Str()
			f.firstCloud.see(v)
		case "cloud.platform":
			f.platform = v.Str()
			f.firstPlatform.see(v)
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
			f.firstVersion.see(v)
		case "service.name":
			f.serviceName.see(v)
		case "telemetry.sdk.name":
			f.sdkName = v.Str()
		case "telemetry.sdk.language":
			f.sdkLanguage = v.Str()
			f.firstLanguage.see(v)
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
	case "container.image.tags":
		f.imageTags.see(v)
	case "container.image.tag":
		f.imageTag.see(v)
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
		f.firstLaunch.see(v)
	case "aws.log.group.names":
		f.logGroups, f.hasLogGroups = v, true
	case "aws.log.group.arns":
		f.logGroupARNs, f.hasLogGroupARNs = v, true
	}
}

// origin is the kind of AWS resource, "" for none that X-Ray knows. Unlike the
// aws block it goes by the first attribute of a name.
func (f *facts) origin() string {
	if f.firstCloud.ok && f.firstCloud.str() != "aws" {
		return ""
	}
	switch f.firstPlatform.str() {
	case "aws_app_runner":
		return "AWS::AppRunner::Service"
	case "aws_eks":
		return "AWS::EKS::Container"
	case "aws_elastic_beanstalk":
		return "AWS::ElasticBeanstalk::Environment"
	case "aws_ec2":
		return "AWS::EC2::Instance"
	case "aws_ecs":
		switch f.firstLaunch.str() {
		case "ec2":
			return "AWS::ECS::EC2"
		case "fargate":
			return "AWS::ECS::Fargate"
		}
		return "AWS::ECS::Container"
	}
	return ""
}

// appendService appends the service member: the service's version or else its
// container's.
func (f *facts) appendService(b []byte) []byte {
	version := f.firstVersion
	if !version.ok {
		version = f.imageTag
		if f.imageTags.ok && f.imageTags.value.Type() == pcommon.ValueTypeSlice && f.imageTags.value.Slice().Len() > 0 {
			version = first{f.imageTags.value.Slice().At(0), true}
		}
	}
	if !version.ok {
		return b
	}
	b = append(b, `,\"service\":`...)
	start := len(b)
	return segment.CloseObject(appendMember(b, `,\"version\":`, version.str()), start)
}

// appendAWS appends the members of the aws block that the resource gives, but
// for account_id, which a span may override.
func (f *facts) appendAWS(b []byte, logGroupNames []string) []byte {
	if f.platform == "aws_elastic_beanstalk" && f.instance != "" {
		number, err := strconv.ParseInt(f.instance, 10, 64)
		if err != nil {
			number = 0
		}
		b = appendOrNull(b, `,\"elastic_beanstalk\":{\"environment_name\":`, f.namespace)
		b = appendOrNull(b, `,\"version_label\":`, f.version)
		b = strconv.AppendInt(append(b, `,\"deployment_id\":`...), number, 10)
		b = append(b, '}')
	}
	b = f.appendLogGroups(b, logGroupNames)
	if f.platform == "aws_ecs" {
		b = f.appendECS(b)
	}
	if f.platform == "aws_ec2" || f.hostID != "" {
		b = appendOrNull(b, `,\"ec2\":{\"instance_id\":`, f.hostID)
		b = appendOrNull(b, `,\"availability_zone\":`, f.zone)
		b = appendOrNull(b, `,\"instance_size\":`, f.hostType)
		b = appendOrNull(b, `,\"ami_id\":`, f.imageID)
		b = append(b, '}')
	}
	if f.platform == "aws_eks" || f.cluster != "" {
		b = appendOrNull(b, `,\"eks\":{\"cluster_name\":`, f.cluster)
		b = appendOrNull(b, `,\"pod\":`, f.pod)
		b = appendOrNull(b, `,\"container_id\":`, f.containerID)
		b = append(b, '}')
	}
	return f.appendSDK(b)
}

func (f *facts) appendECS(b []byte) []byte {
	b = append(b, `,\"ecs\":`...)
	start := len(b)
	b = appendMember(b, `,\"container\":`, f.container)
	b = appendMember(b, `,\"container_id\":`, f.containerID)
	b = appendMember(b, `,\"task_arn\":`, f.taskARN)
	b = appendMember(b, `,\"task_family\":`, f.taskFamily)
	b = appendMember(b, `,\"cluster_arn\":`, f.clusterARN)
	b = appendMember(b, `,\"container_arn\":`, f.containerARN)
	b = appendMember(b, `,\"availability_zone\":`, f.zone)
	b = appendMember(b, `,\"launch_type\":`, f.ecsLaunch)
	return segment.CloseObject(b, start)
}

func (f *facts) appendSDK(b []byte) []byte {
	b = append(b, `,\"xray\":`...)
	start := len(b)
	if f.sdkName != "" {
		b = segment.AppendStringPart(append(b, `,\"sdk\":\"`...), f.sdkName)
		if f.sdkLanguage != "" {
			b = segment.AppendStringPart(append(b, " for "...), f.sdkLanguage)
		}
		b = append(b, `\"`...)
	}
	b = appendMember(b, `,\"sdk_version\":`, f.sdkVersion)
	b = append(b, `,\"auto_instrumentation\":`...)
	b = strconv.AppendBool(b, f.auto != "")
	return segment.CloseObject(b, start)
}

// appendLogGroups appends cloudwatch_logs: the resource's log groups by ARN,
// else by name, else the configured ones.
func (f *facts) appendLogGroups(b []byte, configured []string) []byte {
	at := len(b)
	b = append(b, `,\"cloudwatch_logs\":`...)
	start := len(b)
	if f.hasLogGroupARNs {
		b = appendGroups(b, f.logGroupARNs, appendGroupOfARN)
	}
	if f.hasLogGroups && len(b) == start {
		b = appendGroups(b, f.logGroups, appendGroup)
	}
	if len(b) == start {
		for _, group := range configured {
			b = appendGroup(b, group)
		}
	}
	if len(b) == start {
		return b[:at]
	}
	return segment.CloseArray(b, start)
}

// appendGroups takes a slice, or a string as OTEL_RESOURCE_ATTRIBUTES has it:
// names with & between them.
func appendGroups(b []byte, v pcommon.Value, appendOne func([]byte, string) []byte) []byte {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		for rest, more := v.Str(), true; more; {
			var name string
			if name, rest, more = strings.Cut(rest, "&"); name != "" {
				b = appendOne(b, name)
			}
		}
	case pcommon.ValueTypeSlice:
		for _, e := range v.Slice().All() {
			b = appendOne(b, e.Str())
		}
	}
	return b
}

func appendGroup(b []byte, group string) []byte {
	return append(appendOrNull(b, `,{\"log_group\":`, group), '}')
}

func appendGroupOfARN(b []byte, arn string) []byte {
	b = appendOrNull(b, `,{\"log_group\":`, groupOfARN(arn))
	return append(appendMember(b, `,\"arn\":`, arn), '}')
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
