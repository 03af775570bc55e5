// Command program does what programs with the X-Ray SDK do, each in a trace of
// its own, and prints the name and the id of each trace. As it stands it is
// built with the X-Ray SDK; with the imports replaced, and start.go by
// start_bragg.txt, with package xraysdk. See the test in the folder above.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-xray-sdk-go/v2/strategy/sampling"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
	"github.com/aws/aws-xray-sdk-go/v2/xraylog"
)

// A scenario makes one trace and returns its id.
type scenario struct {
	name string
	run  func(ctx context.Context) (traceID string, err error)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "program:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx := context.Background()
	stop, err := start(ctx)
	if err != nil {
		return err
	}
	defer stop()
	xray.SetLogger(xraylog.NewDefaultLogger(os.Stderr, xraylog.LogLevelError))
	always, err := sampling.NewLocalizedStrategyFromJSONBytes([]byte(`{"version": 2, "default": {"fixed_target": 1, "rate": 1}, "rules": []}`))
	if err != nil {
		return err
	}
	if err := xray.Configure(xray.Config{SamplingStrategy: always, ServiceVersion: "1.2"}); err != nil {
		return err
	}
	for _, list := range [][]scenario{segments, lambda, web, databases, rpc, aws} {
		for _, s := range list {
			traceID, err := s.run(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			fmt.Printf("%s\t%s\n", s.name, traceID)
		}
	}
	return nil
}

// within runs a function in a segment and returns the trace's id.
func within(ctx context.Context, f func(ctx context.Context) error) (string, error) {
	ctx, seg := xray.BeginSegment(ctx, "svc")
	err := f(ctx)
	seg.Close(nil)
	return seg.TraceID, err
}
