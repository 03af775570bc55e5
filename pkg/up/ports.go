package up

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/bragg-tracing/bragg/pkg/freeport"
)

// Ports are the ports on 127.0.0.1 that a stack listens on.
type Ports struct {
	XRay     int // X-Ray Local: API and console
	NewRelic int // the New Relic sink
	OTLPGRPC int
	OTLPHTTP int
	Daemon   int // the X-Ray daemon protocol, UDP and TCP
	Health   int // the collector's health check
	Metrics  int // the collector's own metrics
	Web      int // the demo's entry
}

// DefaultPorts are the ports that everything is documented with.
var DefaultPorts = Ports{
	XRay: 2080, NewRelic: 4319, OTLPGRPC: 4317, OTLPHTTP: 4318,
	Daemon: 2000, Health: 13133, Metrics: 8888, Web: 8090,
}

// A portUse names one port for people: what it is for and which flag moves it.
type portUse struct {
	port    *int
	what    string
	flag    string
	network []string
}

// uses lists the ports in the order in which they are taken.
func (p *Ports) uses() []portUse {
	tcp := []string{"tcp"}
	return []portUse{
		{&p.XRay, "X-Ray Local", "xray-port", tcp},
		{&p.NewRelic, "the New Relic sink", "newrelic-port", tcp},
		{&p.OTLPGRPC, "the collector's OTLP gRPC receiver", "otlp-grpc-port", tcp},
		{&p.OTLPHTTP, "the collector's OTLP HTTP receiver", "otlp-http-port", tcp},
		{&p.Daemon, "the collector's X-Ray daemon receiver", "daemon-port", []string{"udp", "tcp"}},
		{&p.Health, "the collector's health check", "health-port", tcp},
		{&p.Metrics, "the collector's own metrics", "metrics-port", tcp},
		{&p.Web, "the demo", "web-port", tcp},
	}
}

// EachFlag calls f for every port with the flag that sets it.
func (p *Ports) EachFlag(f func(port *int, flag, what string)) {
	for _, u := range p.uses() {
		f(u.port, u.flag, u.what)
	}
}

// FreePorts returns ports that nobody listened on at the time of the call.
func FreePorts() (Ports, error) {
	var p Ports
	for _, u := range p.uses() {
		address, err := freeport.Address(u.network...)
		if err != nil {
			return Ports{}, fmt.Errorf("find a free port for %s: %w", u.what, err)
		}
		_, port, _ := net.SplitHostPort(address)
		*u.port, _ = strconv.Atoi(port)
	}
	return p, nil
}

// check fails when a port is taken, with the flag that moves it.
func (p *Ports) check() error {
	for _, u := range p.uses() {
		taken, err := u.listen()
		for _, l := range taken {
			l.Close()
		}
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			return fmt.Errorf("port %d of 127.0.0.1, for %s, is in use: stop what listens there, or choose another with --%s or --free-ports", *u.port, u.what, u.flag)
		case err != nil:
			return fmt.Errorf("port %d of 127.0.0.1, for %s: %w (choose another with --%s)", *u.port, u.what, err, u.flag)
		}
	}
	return nil
}

// listen takes the port on each of its networks and stores its number.
func (u portUse) listen() (taken []interface{ Close() error }, err error) {
	for _, network := range u.network {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(*u.port))
		if network == "udp" {
			c, err := net.ListenPacket(network, address)
			if err != nil {
				return taken, err
			}
			taken = append(taken, c)
			*u.port = c.LocalAddr().(*net.UDPAddr).Port
			continue
		}
		l, err := net.Listen(network, address)
		if err != nil {
			return taken, err
		}
		taken = append(taken, l)
		*u.port = l.Addr().(*net.TCPAddr).Port
	}
	return taken, nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
