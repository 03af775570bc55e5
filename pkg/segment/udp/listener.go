package udp

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// A Config says where to listen, and who is told of what. The functions are
// called from one goroutine, and must not block.
type Config struct {
	Endpoint        string // "host:port"; port 0 takes a free one
	ReadBufferBytes int    // the kernel's buffer; 0 leaves its size
	QueueBytes      int64  // of datagrams that wait to be taken; at least MaxDatagram

	Received     func()                   // a datagram was read
	LostInSocket func(n int64, err error) // n were lost before they were read
	LostInQueue  func()                   // one was lost, the queue being full
}

// A Listener takes datagrams from a socket and puts them into a queue.
type Listener struct {
	cfg      Config
	conn     *net.UDPConn
	queue    *queue
	stopping context.Context
	stop     context.CancelFunc
	gone     chan struct{} // closed when the goroutine has ended

	lostInSocket uint32 // the kernel's count when it was last read
}

// Listen binds the endpoint and starts reading. Its owner must call Close.
func Listen(cfg Config) (*Listener, error) {
	address, err := net.ResolveUDPAddr("udp", cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP("udp", address)
	if err != nil {
		return nil, err
	}
	if cfg.ReadBufferBytes > 0 {
		_ = conn.SetReadBuffer(cfg.ReadBufferBytes) // the kernel gives what it allows
	}
	countLosses(conn)
	in := &Listener{cfg: cfg, conn: conn, queue: newQueue(cfg.QueueBytes), gone: make(chan struct{})}
	in.stopping, in.stop = context.WithCancel(context.Background())
	go in.run()
	return in, nil
}

// Addr returns the address that is bound.
func (in *Listener) Addr() net.Addr { return in.conn.LocalAddr() }

// Datagrams returns the queue, in the order of arrival; it is closed by Close
// and then still holds what waits. Any number of goroutines may receive from it.
// Each must call Taken for each datagram, which is its own from then on.
func (in *Listener) Datagrams() <-chan []byte { return in.queue.items }

// Taken makes room in the queue for as much as a datagram took.
func (in *Listener) Taken(datagram []byte) { in.queue.taken(datagram) }

// arenaBytes is what is allocated at once for datagrams to come.
const arenaBytes = 16 * MaxDatagram

// run reads until the socket is closed or, when stopping, empty. In a burst the
// kernel's buffer is full within milliseconds, so datagrams are read to where
// they stay: one after another in an arena, which is freed when all of them are
// taken from the queue.
func (in *Listener) run() {
	defer close(in.gone)
	var arena []byte
	control := make([]byte, 64)
	for {
		if len(arena) < MaxDatagram {
			arena = make([]byte, arenaBytes)
		}
		n, controls, _, _, err := in.conn.ReadMsgUDPAddrPort(arena[:MaxDatagram], control)
		switch {
		case err == nil:
			in.take(arena[:n:n], control[:controls])
			arena = arena[n:]
		case errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded):
			return
		default:
			in.cfg.LostInSocket(1, err)
			in.pause()
		}
	}
}

// take queues a datagram. An empty one is somebody's look whether there is a
// listener: a host answers for ports that are closed.
func (in *Listener) take(datagram, control []byte) {
	if lost, ok := lossesIn(control); ok && lost != in.lostInSocket {
		in.cfg.LostInSocket(int64(lost-in.lostInSocket), nil)
		in.lostInSocket = lost
	}
	if len(datagram) == 0 {
		return
	}
	in.cfg.Received()
	if !in.queue.offer(datagram) {
		in.cfg.LostInQueue()
	}
}

// pause keeps a socket that fails from taking a processor.
func (in *Listener) pause() {
	select {
	case <-time.After(100 * time.Millisecond):
	case <-in.stopping.Done():
	}
}

// drainTime is how long what is in the kernel's buffer is read at the end.
const drainTime = 50 * time.Millisecond

// Close reads what has arrived, closes the socket, and then the queue. It may
// be called once.
func (in *Listener) Close() error {
	in.stop()
	defer close(in.queue.items)
	if err := in.conn.SetReadDeadline(time.Now().Add(drainTime)); err != nil {
		return errors.Join(err, in.conn.Close())
	}
	<-in.gone
	return in.conn.Close()
}
