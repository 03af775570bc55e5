package awsxrayreceiver

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// refuses says why a call is not let in, "" if it is. What is bound to a
// loopback address answers only to its names: a page that has its own name
// resolve to 127.0.0.1 must not call AWS with the collector's credentials. Nor
// must any other page: SDKs send no Origin, browsers do.
func (p *proxy) refuses(r *http.Request) string {
	switch {
	case p.loopback && !isLoopback(r.Host):
		return "call the collector by a loopback name"
	case r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "":
		return "the collector takes no calls from browsers"
	}
	return ""
}

// isLoopback reports whether a host or host:port can only be this machine.
func isLoopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
