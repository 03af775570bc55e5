package main

import (
	"context"
	"io"
	"net"
	"net/http"

	"github.com/aws/aws-xray-sdk-go/v2/strategy/sampling"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
	"github.com/aws/aws-xray-sdk-go/v2/xraylog"
)

// original is the X-Ray SDK, with a socket that reads what it sends.
type original struct {
	fixture
	sink     *net.UDPConn
	sampled  context.Context
	ignored  context.Context
	handler  http.Handler
	client   *http.Client
	finished chan struct{}
}

type theirDecision bool

func (d theirDecision) ShouldTrace(*sampling.Request) *sampling.Decision {
	return &sampling.Decision{Sample: bool(d)}
}

func newOriginal() (*original, error) {
	xray.SetLogger(xraylog.NewDefaultLogger(io.Discard, xraylog.LogLevelError))
	sink, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	o := &original{fixture: newFixture(), sink: sink, finished: make(chan struct{})}
	go func() {
		defer close(o.finished)
		for buf := make([]byte, 1<<16); ; {
			if _, err := sink.Read(buf); err != nil {
				return
			}
		}
	}()
	emitter, err := xray.NewDefaultEmitter(sink.LocalAddr().(*net.UDPAddr))
	if err != nil {
		return nil, err
	}
	configured := func(sampled bool) context.Context {
		ctx, _ := xray.ContextWithConfig(context.Background(), xray.Config{Emitter: emitter, SamplingStrategy: theirDecision(sampled)})
		return ctx
	}
	o.sampled, o.ignored = configured(true), configured(false)
	o.handler = xray.HandlerWithContext(o.sampled, xray.NewFixedSegmentNamer("bench"), answer)
	o.client = xray.Client(&http.Client{Transport: transport{}})
	return o, nil
}

func (o *original) close() {
	o.sink.Close()
	<-o.finished
}

func (o *original) flush() {}

func (o *original) operation(name string) func() {
	switch name {
	case "root":
		return func() { o.tree(o.sampled, 0) }
	case "root_10":
		return func() { o.tree(o.sampled, 10) }
	case "unsampled_root":
		return func() { o.tree(o.ignored, 0) }
	case "unsampled_root_10":
		return func() { o.tree(o.ignored, 10) }
	case "handler":
		return func() { o.serve(o.handler) }
	}
	return func() {
		ctx, seg := xray.BeginSegment(o.sampled, "bench")
		call(ctx, o.client)
		seg.Close(nil)
	}
}

func (o *original) tree(ctx context.Context, subsegments int) {
	ctx, seg := xray.BeginSegment(ctx, "bench")
	for range subsegments {
		_, sub := xray.BeginSubsegment(ctx, "part")
		sub.Close(nil)
	}
	seg.Close(nil)
}
