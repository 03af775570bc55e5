package conformance

import (
	"context"
	"log/slog"
	"net"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/bragg-tracing/bragg/pkg/xraylocal"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
)

// start starts an X-Ray Local as compose does, by the name xraylocal and with
// ingest open, and returns it with a client that knows its token, and the port.
func start(t *testing.T) (server *xraylocal.Server, api *xray.Client, port string) {
	t.Helper()
	server, err := xraylocal.Open(xraylocal.Config{
		Dir: t.TempDir(), Listen: "0.0.0.0:0", AllowRemote: true, AllowHosts: []string{"xraylocal"}, IngestOpen: true,
		Token: "token", Daemon: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if _, port, err = net.SplitHostPort(server.Addr()); err != nil {
		t.Fatal(err)
	}
	if api, err = client.New("http://127.0.0.1:"+port, "token"); err != nil {
		t.Fatal(err)
	}
	return server, api, port
}
