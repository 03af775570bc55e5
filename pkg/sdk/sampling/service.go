package sampling

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
)

// serviceTypes are X-Ray's names for the values of cloud.platform.
var serviceTypes = map[string]string{
	"aws_app_runner":        "AWS::AppRunner::Service",
	"aws_ec2":               "AWS::EC2::Instance",
	"aws_ecs":               "AWS::ECS::Container",
	"aws_eks":               "AWS::EKS::Container",
	"aws_elastic_beanstalk": "AWS::ElasticBeanstalk::Environment",
	"aws_lambda":            "AWS::Lambda::Function",
}

// ServiceType returns X-Ray's name for the kind of compute that a resource
// says a service runs on, "" when it says nothing.
//
// On ECS that is AWS::ECS::Container whatever the launch type, as in the
// samplers of OpenTelemetry and in the X-Ray SDKs, since that is what rules
// are written for; segments go on to say AWS::ECS::Fargate.
func ServiceType(r *resource.Resource) string {
	return serviceTypes[resourceValue(r, "cloud.platform")]
}

// arnKeys are the resource attributes that name what a service runs on, the
// most telling first.
var arnKeys = []attribute.Key{"aws.ecs.container.arn", "cloud.resource_id", "faas.id", "aws.ecs.task.arn"}

// resourceARN returns the ARN of what a service runs on.
func resourceARN(r *resource.Resource) string {
	for _, key := range arnKeys {
		if arn := resourceValue(r, key); arn != "" {
			return arn
		}
	}
	return ""
}

func resourceValue(r *resource.Resource, key attribute.Key) string {
	v, _ := r.Set().Value(key)
	return v.AsString()
}

// serviceOf describes the service that a resource belongs to.
func serviceOf(r *resource.Resource) Request {
	return Request{
		ServiceName: resourceValue(r, "service.name"),
		ServiceType: ServiceType(r),
		ResourceARN: resourceARN(r),
	}
}
