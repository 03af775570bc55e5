// Package beanstalk makes segments say in which environment of AWS Elastic
// Beanstalk they were made.
package beanstalk

import (
	"encoding/json"
	"os"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/logger"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/plugins"
)

// Origin is the kind of AWS resource.
const Origin = "AWS::ElasticBeanstalk::Environment"

// path is where Elastic Beanstalk describes the environment:
// https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/environment-configuration-debugging.html
const path = "/var/elasticbeanstalk/xray/environment.conf"

// Init reads Elastic Beanstalk's description of the environment.
func Init() {
	if plugins.Current().Beanstalk != nil {
		return
	}
	content, err := os.ReadFile(path)
	if err != nil {
		logger.Errorf("beanstalk plugin: %v", err)
		return
	}
	var environment plugins.Beanstalk
	if err := json.Unmarshal(content, &environment); err != nil {
		logger.Errorf("beanstalk plugin: %s: %v", path, err)
		return
	}
	plugins.Update(func(m *plugins.Metadata) {
		m.Beanstalk, m.Origin = &environment, Origin
	})
}
