// Command collector is Bragg's distribution of the OpenTelemetry Collector, as
// a production image runs it.
package main

import (
	"os"

	"github.com/bragg-tracing/bragg/pkg/collector"
	"github.com/bragg-tracing/bragg/pkg/collector/gateway"
)

func main() { os.Exit(collector.Main(gateway.Add)) }
