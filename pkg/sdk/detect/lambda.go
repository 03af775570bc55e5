package detect

import (
	"cmp"
	"context"
	"os"
	"strconv"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Lambda detects an AWS Lambda function by the variables that its runtime sets.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
func Lambda() Detector { return Detector{"lambda", findLambda} }

func findLambda(_ context.Context, f *found) error {
	name := os.Getenv("AWS_LAMBDA_FUNCTION_NAME")
	if name == "" {
		return nil
	}
	f.add(semconv.CloudProviderAWS, semconv.CloudPlatformAWSLambda, semconv.FaaSName(name))
	f.text(semconv.CloudRegionKey, cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")))
	f.text(semconv.FaaSVersionKey, os.Getenv("AWS_LAMBDA_FUNCTION_VERSION"))
	f.text(semconv.FaaSInstanceKey, os.Getenv("AWS_LAMBDA_LOG_STREAM_NAME"))
	f.list(semconv.AWSLogGroupNamesKey, os.Getenv("AWS_LAMBDA_LOG_GROUP_NAME"))
	f.list(semconv.AWSLogStreamNamesKey, os.Getenv("AWS_LAMBDA_LOG_STREAM_NAME"))
	if megabytes, err := strconv.Atoi(os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")); err == nil {
		f.add(semconv.FaaSMaxMemory(megabytes << 20))
	}
	return nil
}
