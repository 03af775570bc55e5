package detect

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// beanstalkFile is where Elastic Beanstalk writes what an X-Ray integration
// needs, once that is turned on for the environment.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-services-beanstalk.html
func beanstalkFile() string {
	if runtime.GOOS == "windows" {
		return `C:\Program Files\Amazon\XRay\environment.conf`
	}
	return "/var/elasticbeanstalk/xray/environment.conf"
}

// Beanstalk detects an environment of AWS Elastic Beanstalk. Its name becomes
// service.namespace and the number of the deployment service.instance.id, as
// in OpenTelemetry's other detectors: from these the X-Ray exporter makes the
// elastic_beanstalk block.
func Beanstalk() Detector { return beanstalk(beanstalkFile()) }

func beanstalk(path string) Detector {
	return Detector{"elastic_beanstalk", func(_ context.Context, f *found) error {
		if _, err := os.Stat(path); err != nil {
			return nil
		}
		var document struct {
			DeploymentID    int64  `json:"deployment_id"`
			EnvironmentName string `json:"environment_name"`
			VersionLabel    string `json:"version_label"`
		}
		if err := json.Unmarshal([]byte(readFile(path)), &document); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		f.add(semconv.CloudProviderAWS, semconv.CloudPlatformAWSElasticBeanstalk)
		f.text(semconv.ServiceNamespaceKey, document.EnvironmentName)
		f.text(semconv.ServiceVersionKey, document.VersionLabel)
		f.text(semconv.ServiceInstanceIDKey, strconv.FormatInt(document.DeploymentID, 10))
		return nil
	}}
}
