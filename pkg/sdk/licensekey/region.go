package licensekey

import (
	"net/url"
	"strings"
)

// Region is one of New Relic's data regions. An account, its keys and its
// endpoints belong to exactly one.
type Region string

// The regions that New Relic has.
const (
	US      Region = "US"
	EU      Region = "EU"
	JP      Region = "JP"
	FedRAMP Region = "FedRAMP"
)

// regions says, for each region, how its keys start before the first x, and
// where it listens. US keys have no x at all.
var regions = []struct {
	region    Region
	keyPrefix string
	otlp      string
	nerdGraph string
}{
	{US, "us", "https://otlp.nr-data.net", "https://api.newrelic.com/graphql"},
	{EU, "eu", "https://otlp.eu01.nr-data.net", "https://api.eu.newrelic.com/graphql"},
	{JP, "jp", "https://otlp.jp.nr-data.net", "https://api.jp.newrelic.com/graphql"},
	{FedRAMP, "gov", "https://gov-otlp.nr-data.net", "https://gov-api.newrelic.com/graphql"},
}

// RegionOf returns the region that a license key names: the text before its
// first x, as in eu01xx…; a key without one is of the US region. It returns
// false for a prefix of a region that this package does not know.
func RegionOf(key string) (Region, bool) {
	prefix, _, named := strings.Cut(key, "x")
	if !named {
		return US, true
	}
	for _, r := range regions {
		if strings.HasPrefix(prefix, r.keyPrefix) {
			return r.region, true
		}
	}
	return "", false
}

// OTLPEndpoint returns the base URL of a region's OTLP endpoint, "" for an
// unknown region. It serves gRPC, and HTTP under /v1/traces, /v1/metrics and
// /v1/logs.
func OTLPEndpoint(region Region) string {
	for _, r := range regions {
		if r.region == region {
			return r.otlp
		}
	}
	return ""
}

// NerdGraphEndpoint returns the URL of a region's query API, "" for an unknown
// region. It wants a user key (NRAK-…), never a license key.
func NerdGraphEndpoint(region Region) string {
	for _, r := range regions {
		if r.region == region {
			return r.nerdGraph
		}
	}
	return ""
}

// IsNewRelic reports whether an endpoint, a URL or host[:port], is one of New
// Relic's own ingest hosts.
func IsNewRelic(endpoint string) bool {
	host := hostOf(endpoint)
	return host == "nr-data.net" || strings.HasSuffix(host, ".nr-data.net")
}

// regionOfEndpoint returns the region that listens at the endpoint, and false
// for any other host, New Relic's trace observers included.
func regionOfEndpoint(endpoint string) (Region, bool) {
	host := hostOf(endpoint)
	for _, r := range regions {
		if host == hostOf(r.otlp) {
			return r.region, true
		}
	}
	return "", false
}

// hostOf returns the lower-case host of a URL or of host[:port].
func hostOf(endpoint string) string {
	if !strings.Contains(endpoint, "://") {
		endpoint = "//" + endpoint
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
}
