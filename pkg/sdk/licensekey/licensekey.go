// Package licensekey holds the rules of New Relic's ingest license keys: what
// a key looks like, which region it belongs to, and which endpoints that
// region has. It decides before the first request what New Relic would decide
// with a 401 or a 403, for which a collector drops the data.
//
// No error of this package contains a key or a part of one.
//
// Sources: New Relic's OTLP page
// (https://docs.newrelic.com/docs/opentelemetry/best-practices/opentelemetry-otlp/)
// for endpoints and status codes, its API key page
// (https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/) for the
// kinds of keys, and its Go agent for the length and the region prefix.
package licensekey

import (
	"errors"
	"fmt"
	"strings"
)

// Length is the number of characters in a license key.
const Length = 40

// Local is a key of valid form that no account owns. It is for the local
// sink, so that the same configuration that New Relic needs works there.
// Check refuses it for New Relic's own endpoints.
const Local = "bragglocalsinkonlynotanewreliclicensekey"

// The reasons for which Check refuses a key. Its errors wrap one of them.
var (
	// ErrMissing means that there is no key: New Relic answers 401.
	ErrMissing = errors.New("no New Relic license key")
	// ErrMalformed means that no license key looks like this: New Relic
	// answers 403.
	ErrMalformed = errors.New("malformed New Relic license key")
	// ErrRegion means that the key belongs to another region than the
	// endpoint: New Relic answers 403.
	ErrRegion = errors.New("license key of another New Relic region")
)

// userKeyPrefix starts a user key, which queries NerdGraph but does not ingest.
const userKeyPrefix = "NRAK-"

// Check returns nil when New Relic's endpoint can accept the key, as far as
// that can be said without asking it: the key has the form of a license key,
// and its region is the endpoint's. An endpoint that is not New Relic's own, a
// proxy or the local sink, or the empty string, has no region: there only the
// form counts. Errors wrap ErrMissing, ErrMalformed or ErrRegion.
func Check(key, endpoint string) error {
	if err := checkForm(key); err != nil {
		return err
	}
	want, known := regionOfEndpoint(endpoint)
	if key == Local && IsNewRelic(endpoint) {
		return fmt.Errorf("%w: this is the dummy key of the local sink, which New Relic does not know", ErrMalformed)
	}
	got, recognised := RegionOf(key)
	if !known || !recognised || got == want {
		return nil
	}
	return fmt.Errorf("%w: the key is of region %s but the endpoint is of region %s; use %s, or a key of the %s account",
		ErrRegion, got, want, OTLPEndpoint(got), want)
}

func checkForm(key string) error {
	switch {
	case strings.TrimSpace(key) == "":
		return fmt.Errorf("%w: the api-key is empty; an ingest license key has %d letters and digits", ErrMissing, Length)
	case strings.HasPrefix(strings.TrimSpace(key), userKeyPrefix):
		return fmt.Errorf("%w: a key that starts with %s is a user key, which can query but not ingest; use the account's ingest license key", ErrMalformed, userKeyPrefix)
	case strings.TrimSpace(key) != key:
		return fmt.Errorf("%w: white space before or after it; remove it (a secret often ends in a new line)", ErrMalformed)
	case len(key) != Length:
		return fmt.Errorf("%w: it has %d characters, a license key has %d", ErrMalformed, len(key), Length)
	case strings.IndexFunc(key, notAlphanumeric) >= 0:
		return fmt.Errorf("%w: it has characters other than letters and digits", ErrMalformed)
	}
	return nil
}

func notAlphanumeric(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}
