package awsxrayreceiver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// A listener takes datagrams from a socket and puts them into a queue.
type listener struct {
	conn     *net.UDPConn
	queue    *queue
	losses   *losses
	stopping context.Context
	stop     context.CancelFunc
	gone     chan struct{} // closed when the goroutine has ended

	lostInSocket uint32 // the kernel's count when it was last read
}

// listen binds the endpoint and starts reading. Its owner must call close.
func listen(cfg *Config, q *queue, l *losses) (*listener, error) {
	address, err := net.ResolveUDPAddr("udp", cfg.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("segments: %w", err)
	}
	conn, err := net.ListenUDP("udp", address)
	if err != nil {
		return nil, fmt.Errorf("segments: %w", err)
	}
	if cfg.ReadBufferBytes > 0 {
		_ = conn.SetReadBuffer(cfg.ReadBufferBytes) // the kernel gives what it allows
	}
	countLosses(conn)
	in := &listener{conn: conn, queue: q, losses: l, gone: make(chan struct{})}
	in.stopping, in.stop = context.WithCancel(context.Background())
	go in.run()
	return in, nil
}

// arenaBytes is what is allocated at once for datagrams to come.
const arenaBytes = 16 * maxDatagram

// run reads until the socket is closed or, when stopping, empty. In a burst the
// kernel's buffer is full within milliseconds, so datagrams are read to where
// they stay: one after another in an arena, which is freed when all of them are
// taken from the queue.
func (in *listener) run() {
	defer close(in.gone)
	var arena []byte
	control := make([]byte, 64)
	for {
		if len(arena) < maxDatagram {
			arena = make([]byte, arenaBytes)
		}
		n, controls, _, _, err := in.conn.ReadMsgUDPAddrPort(arena[:maxDatagram], control)
		switch {
		case err == nil:
			in.take(arena[:n:n], control[:controls])
			arena = arena[n:]
		case errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded):
			return
		default:
			in.losses.add(lostInSocket, 1, err)
			in.pause()
		}
	}
}

func (in *listener) take(datagram, control []byte) {
	if lost, ok := lossesIn(control); ok && lost != in.lostInSocket {
		in.losses.add(lostInSocket, int64(lost-in.lostInSocket), nil)
		in.lostInSocket = lost
	}
	in.losses.received.Add(1)
	if !in.queue.offer(datagram) {
		in.losses.add(lostInQueue, 1, nil)
	}
}

// pause keeps a socket that fails from taking a processor.
func (in *listener) pause() {
	select {
	case <-time.After(100 * time.Millisecond):
	case <-in.stopping.Done():
	}
}

// drainTime is how long what is in the kernel's buffer is read at the end.
const drainTime = 50 * time.Millisecond

// close reads what has arrived and closes the socket.
func (in *listener) close() error {
	in.stop()
	if err := in.conn.SetReadDeadline(time.Now().Add(drainTime)); err != nil {
		return err
	}
	<-in.gone
	return in.conn.Close()
}
