package up

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/demo"
	"github.com/bragg-tracing/bragg/pkg/xraylocal"
)

// Config says what to start. The zero value of each field but Dir and Ports is
// a sensible default.
type Config struct {
	// Dir is the data directory; it is made if it does not exist.
	Dir string
	// CollectorConfig is the path of the collector's configuration. Empty means
	// the one that is built in.
	CollectorConfig string
	// Backends that get the traces. None means both.
	Backends []Backend
	// Real sends to AWS X-Ray and New Relic themselves, with the credentials
	// and the license key of the environment, instead of to this machine.
	Real bool
	// Region is the AWS region. Empty means us-east-1.
	Region string
	// Ports on 127.0.0.1. Use DefaultPorts or FreePorts.
	Ports Ports
	// Rate is how many demo requests are sent in a second. 0 sends none.
	Rate float64
	// XRay is how X-Ray Local behaves: limits, time basis, retention. Where it
	// is and listens follows from this Config.
	XRay xraylocal.Config
	// Console makes the pages of X-Ray Local, given its API. Nil serves none.
	Console func(api http.Handler) http.Handler
	// Recorder, if set, is told every span that the demo makes. It grows with
	// each request, so it is for a bounded number of them.
	Recorder *demo.Recorder
	// DropLegacySegment makes the legacy service lose its n-th segment on the
	// way to the collector. It proves that a loss is seen. 0 loses none.
	DropLegacySegment int
	// Progress gets one line for each part that has started. Nil discards them.
	Progress io.Writer
	// Log gets what goes wrong while it runs. Nil discards it.
	Log *slog.Logger
}

// A Backend is a place that traces are sent to.
type Backend string

// The backends.
const (
	XRay     Backend = "xray"
	NewRelic Backend = "newrelic"
)

// ParseBackends reads a comma-separated list such as "xray,newrelic".
func ParseBackends(list string) ([]Backend, error) {
	var backends []Backend
	for name := range strings.SplitSeq(list, ",") {
		b := Backend(strings.TrimSpace(name))
		if b != XRay && b != NewRelic {
			return nil, fmt.Errorf("unknown backend %q: use xray, newrelic or xray,newrelic", string(b))
		}
		if !slices.Contains(backends, b) {
			backends = append(backends, b)
		}
	}
	slices.Sort(backends)
	slices.Reverse(backends) // xray first, however they were given
	return backends, nil
}

func (c *Config) has(b Backend) bool { return slices.Contains(c.Backends, b) }

// regionName is the form of an AWS region, such as us-east-1 or us-gov-west-1.
var regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$`)

func (c *Config) setDefaults() error {
	if len(c.Backends) == 0 {
		c.Backends = []Backend{XRay, NewRelic}
	}
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	if !regionName.MatchString(c.Region) {
		return fmt.Errorf("region %q is not the name of an AWS region, such as us-east-1", c.Region)
	}
	if c.Progress == nil {
		c.Progress = io.Discard
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}
