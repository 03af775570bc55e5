package conformance

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-xray-sdk-go/strategy/sampling"
	"github.com/aws/aws-xray-sdk-go/xray"
	"github.com/aws/aws-xray-sdk-go/xraylog"
	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/xraylocaltest"
)

// TestXRaySDKv1 records with version 1 of AWS's SDK, which sends to the daemon's
// port by way of the test, and reads back what it sent.
func TestXRaySDKv1(t *testing.T) {
	server, api, _ := start(t)
	tap := xraylocaltest.NewTap(t, server.DaemonAddr())
	all, err := sampling.NewLocalizedStrategyFromJSONBytes([]byte(`{"version":2,"default":{"fixed_target":1,"rate":1}}`))
	if err != nil {
		t.Fatal(err)
	}
	xray.SetLogger(xraylog.NullLogger)
	if err := xray.Configure(xray.Config{DaemonAddr: tap.Addr, SamplingStrategy: all}); err != nil {
		t.Fatal(err)
	}
	ctx, root := xray.BeginSegment(context.Background(), "shop")
	_ = xray.AddAnnotation(ctx, "tier", "gold")
	_ = xray.Capture(ctx, "charge", func(context.Context) error { return errors.New("card refused") })
	root.Close(nil)

	sent := xraylocaltest.Object(t, tap.Pass(t))
	if diff := cmp.Diff([]map[string]any{sent}, xraylocaltest.Segments(t, api, root.TraceID, 1)); diff != "" {
		t.Errorf("what is read is not what was sent (-sent +read):\n%s", diff)
	}
}
