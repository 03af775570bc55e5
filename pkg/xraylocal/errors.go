package xraylocal

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// A ListenError says that X-Ray Local cannot listen on an address, why, and
// what to do.
type ListenError struct {
	Addr   string
	Remedy string
	Err    error
}

func (e *ListenError) Error() string {
	return fmt.Sprintf("X-Ray Local cannot listen on %s: %v: %s", e.Addr, e.Err, e.Remedy)
}

// Unwrap returns the cause.
func (e *ListenError) Unwrap() error { return e.Err }

var (
	errAddress = errors.New("this is no address")
	errRemote  = errors.New("other machines could reach it there")
	errNoToken = errors.New("nobody could call it there without a token")
)

// listenError finds the remedy for an error of net.Listen.
func listenError(addr string, err error) *ListenError {
	e := &ListenError{Addr: addr, Err: err, Remedy: "choose another address"}
	if op := new(net.OpError); errors.As(err, &op) {
		e.Err = op.Err // without the address, which the message has
		if sys := new(os.SyscallError); errors.As(op.Err, &sys) {
			e.Err = sys.Err
		}
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		e.Remedy = "stop the program that listens there, or choose another port"
	case errors.Is(err, os.ErrPermission):
		e.Remedy = "choose a port above 1023"
	}
	return e
}
