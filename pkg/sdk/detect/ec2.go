package detect

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// EC2 detects an Amazon EC2 instance by its metadata service, version 2. It
// asks only where the machine says that it is Amazon's, so that nobody waits
// elsewhere, or where AWS_EC2_METADATA_SERVICE_ENDPOINT names the service.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html
func EC2() Detector { return Detector{"ec2", findEC2} }

func findEC2(ctx context.Context, f *found) error {
	endpoint := os.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT")
	disabled := strings.EqualFold(os.Getenv("AWS_EC2_METADATA_DISABLED"), "true")
	if disabled || endpoint == "" && !isAmazonMachine() {
		return nil
	}
	client := imds.New(imds.Options{
		Endpoint:       endpoint,
		HTTPClient:     &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		EnableFallback: aws.FalseTernary, // no version 1
		Retryer:        retry.AddWithMaxAttempts(retry.NewStandard(), 2),
	})
	document, err := client.GetInstanceIdentityDocument(ctx, nil)
	if err != nil {
		return fmt.Errorf("instance metadata: %w", err)
	}
	f.add(semconv.CloudProviderAWS, semconv.CloudPlatformAWSEC2)
	f.text(semconv.CloudRegionKey, document.Region)
	f.text(semconv.CloudAvailabilityZoneKey, document.AvailabilityZone)
	f.text(semconv.CloudAccountIDKey, document.AccountID)
	f.text(semconv.HostIDKey, document.InstanceID)
	f.text(semconv.HostImageIDKey, document.ImageID)
	f.text(semconv.HostTypeKey, document.InstanceType)
	name, err := hostname(ctx, client)
	f.text(semconv.HostNameKey, name)
	return err
}

func hostname(ctx context.Context, client *imds.Client) (string, error) {
	answer, err := client.GetMetadata(ctx, &imds.GetMetadataInput{Path: "hostname"})
	if err != nil {
		return "", fmt.Errorf("instance metadata: hostname: %w", err)
	}
	defer answer.Content.Close()
	name, err := io.ReadAll(io.LimitReader(answer.Content, 1024))
	return strings.TrimSpace(string(name)), err
}

// machineFiles say whose machine this is: of Nitro instances, and of Xen ones.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html
var machineFiles = []struct{ path, prefix string }{
	{"/sys/class/dmi/id/sys_vendor", "amazon ec2"},
	{"/sys/class/dmi/id/board_vendor", "amazon ec2"},
	{"/sys/devices/virtual/dmi/id/product_uuid", "ec2"},
	{"/sys/hypervisor/uuid", "ec2"},
}

func isAmazonMachine() bool {
	for _, file := range machineFiles {
		if strings.HasPrefix(strings.ToLower(readFile(file.path)), file.prefix) {
			return true
		}
	}
	return false
}
