package xraylocal

import (
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A pipes listener accepts the ends of pipes: their clock is the bubble's.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// TestSlowClients has clients that stop amidst a request: the server ends the
// connection, and others are not kept waiting meanwhile.
func TestSlowClients(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		name, sent string
		within     time.Duration
	}{
		{"nothing", "", 10 * time.Second},
		{"half a header", "POST /Groups HTTP/1.1\r\nHost: 127", 10 * time.Second},
		{"half a body", "POST /Groups HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{", time.Minute},
		{"half of the spans", "POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", time.Minute},
		{"no second request", "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 2 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := Open(Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
				served := make(chan struct{})
				go func() { defer close(served); _ = s.server.Serve(l) }()

				slow, other := dial(l), dial(l)
				start := time.Now()
				if _, err := slow.Write([]byte(tt.sent)); err != nil {
					t.Fatal(err)
				}
				if _, err := other.Write([]byte("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")); err != nil {
					t.Fatal(err)
				}
				if answer, err := io.ReadAll(other); err != nil || !strings.HasSuffix(string(answer), "ok\n") || time.Since(start) > 0 {
					t.Errorf("another client: %q after %v, %v", answer, time.Since(start), err)
				}
				if _, err := io.ReadAll(slow); err != nil {
					t.Error(err)
				}
				if took := time.Since(start); took > tt.within {
					t.Errorf("the connection was open for %v", took)
				}
				if err := s.Close(context.Background()); err != nil {
					t.Error(err)
				}
				<-served
			})
		})
	}
}

func dial(l *pipes) net.Conn {
	client, server := net.Pipe()
	l.conns <- server
	return client
}
