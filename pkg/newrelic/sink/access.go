package sink

import (
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

// checkListen refuses an address that other machines can reach unless that is
// allowed.
func checkListen(address string, allowRemote bool) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("address %q: want host:port, like %s", address, DefaultListen)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Errorf("address %q: the port is not a number from 0 to 65535", address)
	}
	if !allowRemote && !isLoopback(host) {
		return fmt.Errorf("address %s can be reached from other machines: listen on 127.0.0.1, or allow it with --allow-remote", address)
	}
	return nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// checkHost refuses a request whose Host header is not a name of this sink: a
// web page elsewhere could otherwise have its own name point here and read
// through the visitor's browser (DNS rebinding). An IP address cannot be
// pointed elsewhere.
func (s *Sink) checkHost(r *http.Request) *refusal {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	_, err := netip.ParseAddr(host)
	switch {
	case isLoopback(host), s.cfg.AllowRemote && err == nil:
		return nil
	case slices.ContainsFunc(s.cfg.AllowHosts, func(h string) bool { return strings.EqualFold(h, host) }):
		return nil
	}
	return &refusal{http.StatusForbidden, codes.PermissionDenied,
		fmt.Sprintf("the host name %.100q is not a name of this sink: use 127.0.0.1, or allow the name with --allow-host", host)}
}

// checkKey refuses a request whose api-key New Relic could not accept.
func (s *Sink) checkKey(r *http.Request) *refusal {
	key := r.Header.Get("api-key")
	if key == "" {
		return &refusal{http.StatusUnauthorized, codes.Unauthenticated, "the api-key header is missing: it takes an ingest license key"}
	}
	if err := licensekey.Check(key, ""); err != nil {
		return &refusal{http.StatusForbidden, codes.PermissionDenied, "api-key: " + err.Error()}
	}
	accepted := len(s.cfg.AcceptKeys) == 0
	for _, k := range s.cfg.AcceptKeys {
		accepted = subtle.ConstantTimeCompare([]byte(k), []byte(key)) == 1 || accepted
	}
	if !accepted {
		return &refusal{http.StatusForbidden, codes.PermissionDenied, "api-key: no account has this license key"}
	}
	return nil
}
