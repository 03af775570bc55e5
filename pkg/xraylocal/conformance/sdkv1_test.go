package conformance

import (
	"bytes"
	"context"
	"errors"
	"net"
	"testing"

	"github.com/aws/aws-xray-sdk-go/strategy/sampling"
	"github.com/aws/aws-xray-sdk-go/xray"
	"github.com/aws/aws-xray-sdk-go/xraylog"
	"github.com/google/go-cmp/cmp"
)

// TestXRaySDKv1 records with version 1 of AWS's SDK, which sends to the daemon's
// port by way of the test, and reads back what it sent.
func TestXRaySDKv1(t *testing.T) {
	server, api, _ := start(t)
	tap, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tap.Close()
	out, err := net.Dial("udp", server.DaemonAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	all, err := sampling.NewLocalizedStrategyFromJSONBytes([]byte(`{"version":2,"default":{"fixed_target":1,"rate":1}}`))
	if err != nil {
		t.Fatal(err)
	}
	xray.SetLogger(xraylog.NullLogger)
	if err := xray.Configure(xray.Config{DaemonAddr: tap.LocalAddr().String(), SamplingStrategy: all}); err != nil {
		t.Fatal(err)
	}
	ctx, root := xray.BeginSegment(context.Background(), "shop")
	_ = xray.AddAnnotation(ctx, "tier", "gold")
	_ = xray.Capture(ctx, "charge", func(context.Context) error { return errors.New("card refused") })
	root.Close(nil)

	datagram := make([]byte, 64<<10)
	n, _, err := tap.ReadFrom(datagram)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Write(datagram[:n]); err != nil {
		t.Fatal(err)
	}
	_, sent, _ := bytes.Cut(datagram[:n], []byte("\n"))
	if diff := cmp.Diff([]map[string]any{object(t, string(sent))}, segments(t, api, root.TraceID, 1)); diff != "" {
		t.Errorf("what is read is not what was sent (-sent +read):\n%s", diff)
	}
}
