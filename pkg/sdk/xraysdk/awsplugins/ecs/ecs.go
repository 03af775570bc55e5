// Package ecs makes segments say in which container of Amazon ECS they were
// made.
package ecs

import (
	"os"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/logger"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/plugins"
)

// Origin is the kind of AWS resource.
const Origin = "AWS::ECS::Container"

// Init looks the container's name up, which is the host's name.
func Init() {
	if plugins.Current().ECS != nil {
		return
	}
	name, err := os.Hostname()
	if err != nil {
		logger.Errorf("ecs plugin: name of the host: %v", err)
		return
	}
	plugins.Update(func(m *plugins.Metadata) {
		m.ECS, m.Origin = &plugins.ECS{ContainerName: name}, Origin
	})
}
