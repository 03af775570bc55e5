package xray

import (
	"context"
	"fmt"
)

// Capture calls fn in a subsegment, which it closes with fn's error. If fn
// panics, the subsegment says so and the panic goes on. Without a segment fn is
// called nevertheless.
func Capture(ctx context.Context, name string, fn func(context.Context) error) (err error) {
	c, seg := BeginSubsegment(ctx, name)
	if seg == nil {
		err = fn(ctx)
		contextMissing(ctx, fmt.Sprintf("failed to end subsegment: subsegment '%v' cannot be found.", name))
		return err
	}
	returned := false
	defer func() {
		if returned {
			seg.Close(err)
			return
		}
		p := recover()
		if p == nil { // runtime.Goexit
			seg.Close(nil)
			return
		}
		seg.Close(seg.formatting().Panicf("%v", p))
		panic(p)
	}()
	err = fn(c)
	returned = true
	return err
}

// CaptureAsync calls fn in a subsegment on a goroutine, and returns when that
// has begun. The segment may be closed before.
func CaptureAsync(ctx context.Context, name string, fn func(context.Context) error) {
	started := make(chan struct{})
	go Capture(ctx, name, func(ctx context.Context) error {
		close(started)
		return fn(ctx)
	})
	<-started
}
