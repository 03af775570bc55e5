package api

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

// What a call has that says nothing of its own.
const (
	defaultAccount = "000000000000"
	defaultRegion  = "us-east-1"
)

// LimitsHeader on a request, with the value "off", asks not to hold the call to
// AWS's limits on queries: the console and the command line ask so.
const LimitsHeader = "X-Bragg-Limits"

// A caller is who made a call: where what it stores and reads lies, and what
// the ARNs in its answers say.
type caller struct {
	namespace string        // of the store; "" unless namespaces are isolated
	region    string        // of the signature's credential scope
	account   string        // 12 digits
	own       bool          // asked not to be held to AWS's limits: see LimitsHeader
	strict    bool          // AWS's limits hold for the call
	explain   bool          // wants to be told how summaries were found
	filter    string        // expression of the traces that graphs are made of; "" for all
	patience  time.Duration // how long a graph may take; 0: as long as it needs
}

// arn returns the ARN of a resource of X-Ray, as in "group/Default".
func (c caller) arn(resource string) string {
	return "arn:aws:xray:" + c.region + ":" + c.account + ":" + resource
}

// parseARN returns the kind of a resource of X-Ray, as in "group", and what
// follows it in the ARN; both are empty for any other ARN. Whoever shares the
// one namespace may name any region and account.
func (c caller) parseARN(arn string) (kind, rest string) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || !strings.HasPrefix(parts[1], "aws") || parts[2] != "xray" {
		return "", ""
	}
	if c.namespace != "" && (parts[3] != c.region || parts[4] != c.account) {
		return "", ""
	}
	kind, rest, _ = strings.Cut(parts[5], "/")
	return kind, rest
}

type callerKey struct{}

// callerOf returns who made the call that ctx belongs to.
func callerOf(ctx context.Context) caller {
	if c, ok := ctx.Value(callerKey{}).(caller); ok {
		return c
	}
	return caller{region: defaultRegion, account: defaultAccount}
}

var (
	accountID = regexp.MustCompile(`^[0-9]{12}$`)
	regionID  = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}$`)
)

// identify finds out who calls. Nothing is demanded: a request without a
// signature, or with one by anybody, is as good as any.
func (h *Handler) identify(r *http.Request) caller {
	c := h.anybody()
	c.own = r.Header.Get(LimitsHeader) == "off"
	c.strict = c.strict && !c.own
	c.explain = r.Header.Get(summary.ExplainHeader) == "on"
	c.filter, _ = url.QueryUnescape(r.Header.Get(servicegraph.FilterHeader)) // what is malformed filters nothing
	if seconds, err := strconv.ParseFloat(r.Header.Get(servicegraph.PatienceHeader), 64); err == nil && seconds > 0 && seconds < 3600 {
		c.patience = time.Duration(seconds * float64(time.Second))
	}
	key, region := CredentialScope(r.Header.Get("Authorization"))
	if regionID.MatchString(region) {
		c.region = region
	}
	if h.cfg.Isolate && accountID.MatchString(key) {
		c.account = key
	}
	return h.place(c)
}

// anybody is a caller of whom nothing is known.
func (h *Handler) anybody() caller {
	return h.place(caller{region: defaultRegion, account: defaultAccount, strict: h.cfg.Strict})
}

// place gives a caller its namespace.
func (h *Handler) place(c caller) caller {
	if h.cfg.Isolate {
		c.namespace = c.account + "/" + c.region
	}
	return c
}

// CredentialScope returns the access key id and the region of an AWS signature,
// empty if it is none:
//
//	AWS4-HMAC-SHA256 Credential=KEY/20060102/REGION/xray/aws4_request, SignedHeaders=..., Signature=...
func CredentialScope(authorization string) (key, region string) {
	fields, ok := strings.CutPrefix(authorization, "AWS4-HMAC-SHA256 ")
	if !ok {
		return "", ""
	}
	for field := range strings.SplitSeq(fields, ",") {
		if scope, ok := strings.CutPrefix(strings.TrimSpace(field), "Credential="); ok {
			// A key id may contain slashes; what follows it has four.
			parts := strings.Split(scope, "/")
			if len(parts) < 5 {
				return "", ""
			}
			return strings.Join(parts[:len(parts)-4], "/"), parts[len(parts)-3]
		}
	}
	return "", ""
}
