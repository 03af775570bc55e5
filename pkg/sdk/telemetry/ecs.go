package telemetry

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/contrib/detectors/aws/ecs"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// ecsTimeout bounds the requests to the ECS metadata endpoint, all together.
// The detector has no limit of its own.
const ecsTimeout = 2 * time.Second

// detectECS returns what the ECS metadata endpoint says of the task, nil
// outside of ECS, where it asks nobody.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
func detectECS(ctx context.Context) (*resource.Resource, error) {
	if os.Getenv("ECS_CONTAINER_METADATA_URI_V4") == "" && os.Getenv("ECS_CONTAINER_METADATA_URI") == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, ecsTimeout)
	defer cancel()
	found, err := ecs.NewResourceDetector().Detect(ctx)
	if err != nil {
		return nil, fmt.Errorf("ECS metadata, the resource goes without it: %w", err)
	}
	return withoutEmptyContainerID(found), nil
}

// withoutEmptyContainerID drops container.id when it is "". The detector takes
// it from the cgroup path, which on Fargate and under cgroup v2 does not have
// it.
func withoutEmptyContainerID(r *resource.Resource) *resource.Resource {
	var kept []attribute.KeyValue
	for _, kv := range r.Attributes() {
		if kv.Key != semconv.ContainerIDKey || kv.Value.AsString() != "" {
			kept = append(kept, kv)
		}
	}
	return resource.NewWithAttributes(r.SchemaURL(), kept...)
}
