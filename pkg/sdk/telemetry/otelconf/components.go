package otelconf

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/bragg-tracing/bragg/pkg/sdk/sampling"
)

// components are the places of a file where it can name components of a
// distribution, which contrib's model of the format leaves out.
type components struct {
	TracerProvider struct {
		Processors []struct {
			Batch, Simple struct{ Exporter named }
		}
		Sampler named
	} `yaml:"tracer_provider"`
	Propagator propagators
}

// named is a component: one name, and its settings.
type named map[string]yaml.Node

type propagators struct {
	Composite     []named
	CompositeList string `yaml:"composite_list"`
}

// names returns the propagators, each once.
func (p propagators) names() (names []string) {
	for _, component := range p.Composite {
		for name := range component {
			names = append(names, name)
		}
	}
	for name := range strings.SplitSeq(p.CompositeList, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func join(names []string) *string {
	list := strings.Join(names, ",")
	return &list
}

// ourExporters are those that a file can name beside the format's own.
var ourExporters = []string{"xray", "newrelic", "xrayudp"}

// exporter returns which of our exporters the i-th processor has, "" for one
// that is not ours.
func (c *components) exporter(i int) (string, error) {
	p := c.TracerProvider.Processors[i]
	for _, exporters := range []named{p.Batch.Exporter, p.Simple.Exporter} {
		for name, settings := range exporters {
			switch {
			case !slices.Contains(ourExporters, name):
			case len(exporters) > 1:
				return "", fmt.Errorf("line %d: a processor has one exporter, not several", settings.Line)
			case len(settings.Content) > 0:
				return "", fmt.Errorf("line %d: the exporter %s has no settings in the file, but in the environment; write %s: {}", settings.Line, name, name)
			default:
				return name, nil
			}
		}
	}
	return "", nil
}

// xraySampler returns the settings of X-Ray's sampler, if the file names it.
func (c *components) xraySampler() (a sampling.Argument, is bool, err error) {
	sampler := c.TracerProvider.Sampler
	if parent, ok := sampler["parent_based"]; ok {
		var parts map[string]named
		if err := parent.Decode(&parts); err != nil {
			return a, false, err
		}
		for part, s := range parts {
			if node, ok := s["xray"]; ok && (part != "root" || len(parts) > 1) {
				return a, true, fmt.Errorf("line %d: in parent_based, xray can be the root alone, without other samplers beside it", node.Line)
			}
		}
		sampler = parts["root"]
	}
	node, is := sampler["xray"]
	if !is {
		return a, false, nil
	}
	if a, err = xraySettings(&node); err != nil {
		return a, true, fmt.Errorf("line %d: sampler xray: %w", node.Line, err)
	}
	return a, true, nil
}

func xraySettings(node *yaml.Node) (a sampling.Argument, err error) {
	settings := map[string]string{}
	if err := node.Decode(&settings); err != nil {
		return a, errors.New("want endpoint and polling_interval")
	}
	var parts []string
	for name, value := range settings {
		parts = append(parts, name+"="+value)
	}
	return sampling.ParseArgument(strings.Join(parts, ","))
}

// milliseconds is how the format writes a duration; nil is 0.
func milliseconds(n *int) time.Duration {
	if n == nil {
		return 0
	}
	return time.Duration(*n) * time.Millisecond
}
