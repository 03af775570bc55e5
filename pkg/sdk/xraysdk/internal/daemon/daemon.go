// Package daemon reads the addresses of the X-Ray daemon.
package daemon

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// Variable is the environment variable that wins over addresses in code.
const Variable = "AWS_XRAY_DAEMON_ADDRESS"

// Default is where the daemon listens if nothing else is said.
const Default = "127.0.0.1:2000"

// Addresses are host:port; the host may be a name, an IPv4 address or an IPv6
// address in brackets, and is not resolved yet.
type Addresses struct{ UDP, TCP string }

// FromEnvironment reads the variable. ok is false if it is not set.
func FromEnvironment() (a Addresses, ok bool, err error) {
	text := os.Getenv(Variable)
	if text == "" {
		return a, false, nil
	}
	a, err = Parse(text)
	return a, true, err
}

// Parse reads "host:port" or "tcp:host:port udp:host:port", in either order.
func Parse(text string) (Addresses, error) {
	fields := strings.Fields(text)
	switch len(fields) {
	case 1:
		if err := check(fields[0]); err != nil {
			return Addresses{}, err
		}
		return Addresses{UDP: fields[0], TCP: fields[0]}, nil
	case 2:
		return parsePair(fields, text)
	}
	return Addresses{}, fmt.Errorf("invalid daemon address: %q", text)
}

func parsePair(fields []string, text string) (a Addresses, err error) {
	for _, field := range fields {
		network, address, _ := strings.Cut(field, ":")
		if err := check(address); err != nil {
			return Addresses{}, err
		}
		switch network {
		case "udp":
			a.UDP = address
		case "tcp":
			a.TCP = address
		}
	}
	if a.UDP == "" || a.TCP == "" {
		return Addresses{}, fmt.Errorf("invalid daemon address: %q: want one of tcp and one of udp", text)
	}
	return a, nil
}

func check(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return fmt.Errorf("invalid daemon address: %q: want host:port", address)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return errors.New("invalid daemon address port: " + strconv.Quote(port))
	}
	return nil
}
