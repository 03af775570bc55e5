package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/bragg-tracing/bragg/pkg/newrelic"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

const newRelicPart = "New Relic"

func (d *doctor) newRelic(ctx context.Context) {
	n := d.NewRelic
	if err := licensekey.Check(n.LicenseKey, n.Ingest); err != nil {
		d.add(newRelicPart, "license key", Fail, err.Error(), "set NEW_RELIC_LICENSE_KEY to the account's ingest license key")
	} else {
		region := "a region of its own"
		if r, ok := licensekey.RegionOf(n.LicenseKey); ok {
			region = "region " + string(r)
		}
		d.add(newRelicPart, "license key", OK, fmt.Sprintf("40 characters, %s", region), "")
		d.ingest(ctx)
	}
	d.nerdGraph(ctx)
}

// ingest sends an OTLP request without spans: New Relic checks the key before
// anything else, and there is nothing to store.
func (d *doctor) ingest(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	url := strings.TrimSuffix(d.NewRelic.Ingest, "/") + "/v1/traces"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(nil))
	if err != nil {
		d.add(newRelicPart, "ingest", Fail, "the endpoint is no URL", "name the base URL, such as "+licensekey.OTLPEndpoint(licensekey.US))
		return
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("api-key", d.NewRelic.LicenseKey)
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		d.add(newRelicPart, "ingest", Fail, d.NewRelic.Ingest+": no answer: "+network(err), "check the endpoint, DNS, the way out (NAT, HTTPS_PROXY), and port 443")
		return
	}
	resp.Body.Close()
	switch {
	case resp.StatusCode < 300:
		d.add(newRelicPart, "ingest", OK, d.NewRelic.Ingest+" takes the license key", "")
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		d.add(newRelicPart, "ingest", Fail, fmt.Sprintf("%s refuses the license key with %d", d.NewRelic.Ingest, resp.StatusCode), "the key is revoked, or of another region: compare it with the API keys page, and the endpoint with the region")
	case resp.StatusCode == http.StatusNotFound:
		d.add(newRelicPart, "ingest", Fail, d.NewRelic.Ingest+" is no OTLP endpoint", "name the base URL, such as "+licensekey.OTLPEndpoint(licensekey.US))
	case resp.StatusCode == http.StatusTooManyRequests:
		d.add(newRelicPart, "ingest", Warn, "New Relic takes no more in this minute (429)", "the account's limit is reached: sample, or ask for more")
	default:
		d.add(newRelicPart, "ingest", Warn, d.NewRelic.Ingest+" answers "+resp.Status, "try again; see https://status.newrelic.com")
	}
	d.clock(newRelicPart, resp.Header.Get("Date"))
}

// noteWindow is how far back the notes of dropped data are read.
const noteWindow = 30 * time.Minute

func (d *doctor) nerdGraph(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	c, err := newrelic.New(d.NewRelic.NerdGraph)
	if err != nil {
		d.add(newRelicPart, "NerdGraph", Warn, err.Error(), "only `bragg verify` needs it; a service does not")
		return
	}
	notes, err := c.IntegrationErrors(ctx, noteWindow)
	var graph *newrelic.Error
	switch {
	case errors.As(err, &graph):
		d.add(newRelicPart, "NerdGraph", Fail, d.NewRelic.NerdGraph.Endpoint+": "+err.Error(), graph.Remedy())
	case err != nil:
		d.add(newRelicPart, "NerdGraph", Fail, err.Error(), "try again")
	case len(notes) > 0:
		n := notes[0]
		d.add(newRelicPart, "NerdGraph", OK, "spans can be read back", "")
		d.add(newRelicPart, "dropped data", Warn, fmt.Sprintf("New Relic dropped or cut data in the last half hour: %s %s: %s", n.Category, n.Limit, n.Message), "FROM NrIntegrationError SELECT * shows all of it")
	default:
		d.add(newRelicPart, "NerdGraph", OK, "spans can be read back, and nothing was dropped in the last half hour", "")
	}
}
