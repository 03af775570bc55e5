// Package plugins holds what the awsplugins packages found out about the
// machine, for the segments.
package plugins

import "sync/atomic"

// Metadata is the part of a segment that tells where it was made. It does not
// change once it is set.
type Metadata struct {
	EC2       *EC2
	ECS       *ECS
	Beanstalk *Beanstalk
	Origin    string // the kind of AWS resource; of several plugins the last one's
}

// EC2 is aws.ec2 of a segment.
type EC2 struct {
	InstanceID       string `json:"instance_id"`
	AvailabilityZone string `json:"availability_zone"`
}

// ECS is aws.ecs of a segment.
type ECS struct {
	ContainerName string `json:"container"`
}

// Beanstalk is aws.elastic_beanstalk of a segment, and the content of Elastic
// Beanstalk's file.
type Beanstalk struct {
	Environment  string `json:"environment_name"`
	VersionLabel string `json:"version_label"`
	DeploymentID int    `json:"deployment_id"`
}

var current atomic.Pointer[Metadata]

// Current is what is known; never nil.
func Current() *Metadata {
	if m := current.Load(); m != nil {
		return m
	}
	return &none
}

var none Metadata

// Update replaces what is known by what change makes of a copy.
func Update(change func(*Metadata)) {
	for {
		before := current.Load()
		var m Metadata
		if before != nil {
			m = *before
		}
		change(&m)
		if current.CompareAndSwap(before, &m) {
			return
		}
	}
}
