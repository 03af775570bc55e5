// Package freeport finds ports of 127.0.0.1 for what is started later, in
// another process or by a configuration that wants a number. A listener on port
// 0 does not do for that: the system may give its port, once it is closed, to
// any connection that a program makes.
package freeport

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"sync/atomic"
)

// Ports come from below those that systems give to connections: from 32768 on
// Linux, from 49152 elsewhere.
const (
	first  = 15000
	number = 32768 - first
)

// last is the port that was tried last. Each process begins somewhere else.
var last atomic.Uint32

func init() { last.Store(rand.Uint32N(number)) }

// Address returns an address of 127.0.0.1 whose port is free in each of the
// networks, "tcp" or "udp". It does not return a port again before it has tried
// all others. It is safe for concurrent use.
func Address(networks ...string) (string, error) {
	var err error
	for range number {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(first+int(last.Add(1)%number)))
		if err = try(address, networks); err == nil {
			return address, nil
		}
	}
	return "", fmt.Errorf("no port from %d to %d is free: %w", first, first+number-1, err)
}

// try listens at an address in all networks at once.
func try(address string, networks []string) error {
	for _, network := range networks {
		var l io.Closer
		var err error
		if network == "udp" {
			l, err = net.ListenPacket(network, address)
		} else {
			l, err = net.Listen(network, address)
		}
		if err != nil {
			return err
		}
		defer l.Close() //nolint:errcheck // nobody used it
	}
	return nil
}
