package detect

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// ECS detects a container of Amazon ECS by version 4 of the task metadata
// endpoint. Beyond contrib's detector: container.name and container.id are
// ECS's own, not the host name and the cgroup's, which on Fargate and under
// cgroup v2 has none; log options that are incomplete lose nothing but their
// attributes; half of the metadata is better than none; and there is
// aws.ecs.task.id.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-response.html
func ECS() Detector { return Detector{"ecs", findECS} }

// ecsContainer and ecsTask are what is used of the two documents.
type ecsContainer struct {
	DockerID     string `json:"DockerId"`
	Name         string
	Image        string
	ContainerARN string
	LogDriver    string
	LogOptions   map[string]string
}

type ecsTask struct {
	Cluster          string
	TaskARN          string
	Family           string
	Revision         string
	AvailabilityZone string
	LaunchType       string
}

func findECS(ctx context.Context, f *found) error {
	base := os.Getenv("ECS_CONTAINER_METADATA_URI_V4")
	if base == "" {
		if os.Getenv("ECS_CONTAINER_METADATA_URI") != "" { // version 3, before 2020
			f.add(semconv.CloudProviderAWS, semconv.CloudPlatformAWSECS)
		}
		return nil
	}
	f.add(semconv.CloudProviderAWS, semconv.CloudPlatformAWSECS)
	client := newClient()
	var container ecsContainer
	var task ecsTask
	var errs [2]error
	var wg sync.WaitGroup
	wg.Go(func() { errs[0] = getECS(ctx, client, base, &container) })
	wg.Go(func() { errs[1] = getECS(ctx, client, base+"/task", &task) })
	wg.Wait()
	completeARNs(&container, &task)
	container.describe(f)
	task.describe(f, cmp.Or(task.TaskARN, container.ContainerARN))
	return errors.Join(errs[:]...)
}

func getECS(ctx context.Context, client *http.Client, url string, document any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	return getJSON(client, r, document)
}

// completeARNs makes ARNs of names, as on EC2 the cluster is one, from an ARN
// that there is.
func completeARNs(c *ecsContainer, t *ecsTask) {
	for _, known := range []string{t.TaskARN, c.ContainerARN, t.Cluster} {
		i := strings.LastIndexByte(known, ':')
		if i < 0 || !strings.HasPrefix(known, "arn:") {
			continue
		}
		for kind, arn := range map[string]*string{"cluster/": &t.Cluster, "container/": &c.ContainerARN, "task/": &t.TaskARN} {
			if *arn != "" && !strings.HasPrefix(*arn, "arn:") {
				*arn = known[:i+1] + kind + *arn
			}
		}
		return
	}
}

func (c *ecsContainer) describe(f *found) {
	f.text(semconv.ContainerNameKey, c.Name)
	f.text(semconv.ContainerIDKey, c.DockerID)
	f.text(semconv.ContainerImageNameKey, c.Image)
	f.text(semconv.CloudResourceIDKey, c.ContainerARN)
	f.text(semconv.AWSECSContainerARNKey, c.ContainerARN)
	if c.LogDriver == "awslogs" {
		c.describeLogs(f)
	}
}

// describeLogs says where in CloudWatch Logs the container's output goes. The
// stream's name is missing when the options have no awslogs-stream-prefix.
func (c *ecsContainer) describeLogs(f *found) {
	group, stream := c.LogOptions["awslogs-group"], c.LogOptions["awslogs-stream"]
	if group == "" {
		return
	}
	f.list(semconv.AWSLogGroupNamesKey, group)
	f.list(semconv.AWSLogStreamNamesKey, stream)
	arn := parseARN(c.ContainerARN)
	if arn.account == "" {
		return
	}
	base := "arn:" + arn.partition + ":logs:" + cmp.Or(c.LogOptions["awslogs-region"], arn.region) + ":" + arn.account + ":log-group:" + group
	f.list(semconv.AWSLogGroupARNsKey, base+":*")
	if stream != "" {
		f.list(semconv.AWSLogStreamARNsKey, base+":log-stream:"+stream)
	}
}

// describe adds the task's attributes; arn is one of the task's or container's.
func (t *ecsTask) describe(f *found, arn string) {
	place := parseARN(arn)
	f.text(semconv.CloudRegionKey, place.region)
	f.text(semconv.CloudAccountIDKey, place.account)
	f.text(semconv.CloudAvailabilityZoneKey, t.AvailabilityZone)
	f.text(semconv.AWSECSClusterARNKey, t.Cluster)
	f.text(semconv.AWSECSLaunchtypeKey, strings.ToLower(t.LaunchType))
	f.text(semconv.AWSECSTaskARNKey, t.TaskARN)
	f.text(semconv.AWSECSTaskFamilyKey, t.Family)
	f.text(semconv.AWSECSTaskRevisionKey, t.Revision)
	if i := strings.LastIndexByte(t.TaskARN, '/'); i >= 0 {
		f.text(semconv.AWSECSTaskIDKey, t.TaskARN[i+1:])
	}
}

// arnParts are the parts of an ARN that say where it is.
type arnParts struct{ partition, region, account string }

// parseARN returns the parts of arn:partition:service:region:account:…, empty
// ones for anything else.
func parseARN(arn string) arnParts {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return arnParts{}
	}
	return arnParts{parts[1], parts[3], parts[4]}
}
