package xraylocal

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
)

const healthPath = "/healthz"

// ingest are the calls of agents, which Config.IngestOpen lets in.
var ingest = map[string]bool{
	api.OTLPPath:        true,
	"/TraceSegments":    true,
	"/TelemetryRecords": true,
	"/GetSamplingRules": true,
	"/SamplingTargets":  true,
}

// A guard lets in the requests that may come in.
type guard struct {
	next       http.Handler
	hosts      map[string]bool // allowed beside the loopback's
	remote     bool            // other machines can reach the listener
	ingestOpen bool
	token      token
}

// newGuard checks what the configuration says of callers.
func newGuard(cfg Config) (*guard, error) {
	if _, _, err := net.SplitHostPort(cfg.Listen); err != nil {
		return nil, &ListenError{cfg.Listen, `give it as "host:port", as in ` + DefaultListen, errAddress}
	}
	host := canonicalHost(cfg.Listen)
	g := &guard{
		hosts:      make(map[string]bool),
		remote:     !isLoopback(host),
		ingestOpen: cfg.IngestOpen,
		token:      newToken(cfg.Token),
	}
	if g.remote && !cfg.AllowRemote {
		return nil, &ListenError{cfg.Listen, "listen on a loopback address such as " + DefaultListen +
			", or allow it with --allow-remote, and the names that clients use with --allow-host", errRemote}
	}
	if g.remote && cfg.Token == "" && !cfg.IngestOpen {
		return nil, &ListenError{cfg.Listen, "set a token, or let segments in with --ingest-open", errNoToken}
	}
	for _, name := range append(cfg.AllowHosts, host) {
		g.hosts[canonicalHost(name)] = true
	}
	delete(g.hosts, "") // all interfaces
	return g, nil
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch host := canonicalHost(r.Host); {
	case !isLoopback(host) && !g.hosts[host]:
		deny(w, r, http.StatusForbidden, "AccessDeniedException",
			"X-Ray Local is not known as "+quoteHost(r.Host)+": call it by a loopback name, or allow this one with --allow-host")
	case foreign(r):
		deny(w, r, http.StatusForbidden, "AccessDeniedException",
			"X-Ray Local takes no requests from pages of other sites")
	case g.remote && g.token.inQuery(r):
		g.token.toCookie(w, r)
	case g.remote && !g.open(r) && !g.token.isIn(r):
		w.Header().Set("WWW-Authenticate", "Bearer")
		deny(w, r, http.StatusUnauthorized, "UnrecognizedClientException",
			"X-Ray Local wants its token here: as bearer token, as AWS access key id, or as ?token= of a page in a browser")
	default:
		g.next.ServeHTTP(w, r)
	}
}

// open reports whether a request needs no token.
func (g *guard) open(r *http.Request) bool {
	if isGet(r) {
		return r.URL.Path == healthPath
	}
	return g.ingestOpen && r.Method == http.MethodPost && ingest[r.URL.Path]
}

// foreign reports whether a browser sent the request for a page of another
// site. Browsers set these headers themselves; other clients send none. Somebody
// who follows a link from another site to a page of the console is welcome: the
// other site learns nothing of it.
func foreign(r *http.Request) bool {
	follows := isGet(r) && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
	if r.Header.Get("Sec-Fetch-Site") == "cross-site" && !follows {
		return true
	}
	for _, origin := range r.Header.Values("Origin") {
		u, err := url.Parse(origin)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || !strings.EqualFold(u.Host, r.Host) {
			return true
		}
	}
	return false
}

// canonicalHost returns a host, or the host of a "host:port", without brackets
// and a final dot, in lower case.
func canonicalHost(hostport string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		return ""
	}
	return host
}

// isLoopback reports whether a host can only be this machine. Names other than
// localhost are not looked up: what they resolve to can change.
func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func isGet(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead
}

// quoteHost returns a caller's Host for a message.
func quoteHost(host string) string {
	const most = 100
	if len(host) > most {
		host = host[:most] + "..."
	}
	return `"` + strings.ToValidUTF8(host, "?") + `"`
}

// deny answers a browser in plain text, and clients of the API as the API does.
func deny(w http.ResponseWriter, r *http.Request, status int, shape, message string) {
	if isGet(r) {
		http.Error(w, message, status)
		return
	}
	api.WriteError(w, status, shape, message)
}
