package udp

import (
	"encoding/binary"
	"net"
	"syscall"
)

// countLosses asks the kernel to tell with each datagram how many it has
// dropped before because the socket's buffer was full: SO_RXQ_OVFL, socket(7).
func countLosses(conn *net.UDPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RXQ_OVFL, 1)
	})
}

// lossesIn returns what the kernel told: a count from the socket's beginning,
// which is there once it is not zero.
func lossesIn(control []byte) (count uint32, ok bool) {
	if len(control) == 0 {
		return 0, false
	}
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil {
		return 0, false
	}
	for _, m := range messages {
		if m.Header.Level == syscall.SOL_SOCKET && m.Header.Type == syscall.SO_RXQ_OVFL && len(m.Data) >= 4 {
			return binary.NativeEndian.Uint32(m.Data), true
		}
	}
	return 0, false
}
