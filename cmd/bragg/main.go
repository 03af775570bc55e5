// Command bragg is distributed tracing for Go services on AWS, on one machine:
// X-Ray's API and a console, a collector, a New Relic sink and a demo.
package main

import (
	"os"

	"github.com/bragg-tracing/bragg/pkg/cli"
)

func main() { os.Exit(cli.Main()) }
