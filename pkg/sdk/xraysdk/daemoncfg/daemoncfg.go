// Package daemoncfg finds the X-Ray daemon: an address in code, overridden by
// the environment variable AWS_XRAY_DAEMON_ADDRESS, or else 127.0.0.1:2000.
//
// An address is "host:port", for UDP and TCP, or
// "tcp:host:port udp:host:port", in either order. The host may be a name, an
// IPv4 address, or an IPv6 address in brackets.
package daemoncfg

import (
	"net"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/daemon"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/logger"
)

// DaemonEndpoints are where the daemon takes segments and sampling calls.
type DaemonEndpoints struct {
	UDPAddr *net.UDPAddr // segments
	TCPAddr *net.TCPAddr // sampling calls
}

// GetDaemonEndpoints returns the endpoints by the environment variable, or the
// default ones. What is wrong with the variable is logged.
func GetDaemonEndpoints() *DaemonEndpoints {
	endpoints, err := GetDaemonEndpointsFromEnv()
	if err != nil {
		logger.Errorf("%s: %v", daemon.Variable, err)
	}
	if endpoints == nil {
		return GetDefaultDaemonEndpoints()
	}
	return endpoints
}

// GetDaemonEndpointsFromEnv returns the endpoints by the environment variable,
// resolved; nil if it is not set.
func GetDaemonEndpointsFromEnv() (*DaemonEndpoints, error) {
	addresses, ok, err := daemon.FromEnvironment()
	if !ok || err != nil {
		return nil, err
	}
	return resolve(addresses)
}

// GetDefaultDaemonEndpoints returns 127.0.0.1:2000.
func GetDefaultDaemonEndpoints() *DaemonEndpoints {
	return &DaemonEndpoints{
		UDPAddr: &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2000},
		TCPAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2000},
	}
}

// GetDaemonEndpointsFromString returns the endpoints by the environment
// variable or else by dAddr, resolved; nil if neither is set.
func GetDaemonEndpointsFromString(dAddr string) (*DaemonEndpoints, error) {
	addresses, ok, err := daemon.FromEnvironment()
	if err != nil {
		return nil, err
	}
	if ok {
		logger.Infof("using daemon endpoints from environment variable %s", daemon.Variable)
		return resolve(addresses)
	}
	if dAddr == "" {
		return nil, nil
	}
	if addresses, err = daemon.Parse(dAddr); err != nil {
		return nil, err
	}
	return resolve(addresses)
}

func resolve(a daemon.Addresses) (*DaemonEndpoints, error) {
	udp, err := net.ResolveUDPAddr("udp", a.UDP)
	if err != nil {
		return nil, err
	}
	tcp, err := net.ResolveTCPAddr("tcp", a.TCP)
	if err != nil {
		return nil, err
	}
	return &DaemonEndpoints{UDPAddr: udp, TCPAddr: tcp}, nil
}
