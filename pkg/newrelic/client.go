package newrelic

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
	"github.com/bragg-tracing/bragg/pkg/segment"
)

// LocalUserKey is a user key of valid form that no account owns. It is for the
// local sink.
const LocalUserKey = "NRAK-LOCALSINKONLYNOTANEWRELICKEY"

// LocalAccount is the account id of the local sink.
const LocalAccount = 1

// userKeyPrefix starts the keys that may query.
const userKeyPrefix = "NRAK-"

// Config says which account is asked, and where.
type Config struct {
	Endpoint string // NerdGraph's URL: see licensekey.NerdGraphEndpoint
	UserKey  string // NRAK-…; a license key cannot query
	Account  int    // the account's id
}

// A Client asks NerdGraph. Its methods may be called concurrently. It keeps
// nothing but idle connections.
type Client struct {
	cfg  Config
	http *http.Client
}

const (
	queryTimeout  = 70 // seconds, of NRQL; NerdGraph's own default is 5
	callTimeout   = 80 * time.Second
	maxAnswer     = 64 << 20 // bytes
	maxRows       = "MAX"    // New Relic's LIMIT MAX is 5,000 rows
	maxErrorBytes = 1 << 20
)

// New returns a client, or says what is wrong with the configuration. It does
// not connect. No error contains the key.
func New(cfg Config) (*Client, error) {
	u, err := url.Parse(cfg.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("NerdGraph endpoint %q is no URL like https://api.newrelic.com/graphql", cfg.Endpoint)
	}
	switch {
	case cfg.UserKey == "":
		return nil, errors.New("no New Relic user key: set NEW_RELIC_USER_KEY to one that starts with NRAK-")
	case !strings.HasPrefix(cfg.UserKey, userKeyPrefix):
		return nil, errors.New("the New Relic user key does not start with NRAK-: a license key takes data in, but cannot query")
	case strings.ContainsFunc(cfg.UserKey, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, errors.New("the New Relic user key has white space or other characters that no key has (a secret often ends in a new line)")
	case cfg.Account <= 0:
		return nil, errors.New("no New Relic account id: set NEW_RELIC_ACCOUNT_ID to the number that one.newrelic.com shows")
	}
	return &Client{cfg: cfg, http: &http.Client{
		Timeout:       callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the key is for one host
	}}, nil
}

// The query, with the account and NRQL as variables, so that no text is put
// together.
const nrqlQuery = `query($account: Int!, $nrql: Nrql!, $timeout: Seconds) {
  actor { account(id: $account) { nrql(query: $nrql, timeout: $timeout) { results } } }
}`

type graphQLAnswer struct {
	Data struct {
		Actor struct {
			Account *struct {
				NRQL *struct {
					Results []map[string]any `json:"results"`
				} `json:"nrql"`
			} `json:"account"`
		} `json:"actor"`
	} `json:"data"`
	Errors []graphQLError `json:"errors"`
}

type graphQLError struct {
	Message    string `json:"message"`
	Path       []any  `json:"path"`
	Extensions struct {
		ErrorClass string `json:"errorClass"`
		ErrorCode  string `json:"error_code"`
	} `json:"extensions"`
}

// Query runs NRQL and returns its rows. Whoever puts text into nrql has to
// quote it. An error of NerdGraph is an [*Error].
func (c *Client) Query(ctx context.Context, nrql string) ([]map[string]any, error) {
	body, err := json.Marshal(map[string]any{"query": nrqlQuery, "variables": map[string]any{
		"account": c.cfg.Account, "nrql": nrql, "timeout": queryTimeout,
	}})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.Endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("API-Key", c.cfg.UserKey)
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &Error{Kind: unreachable(err), Message: "no answer: " + errors.Unwrap(err).Error()} // of url.Error, without the URL
	}
	defer resp.Body.Close()
	answer, err := c.read(resp)
	if err != nil {
		return nil, err
	}
	if answer.Data.Actor.Account == nil || answer.Data.Actor.Account.NRQL == nil {
		return nil, &Error{Kind: Failed, Status: resp.StatusCode, Message: "the answer has no results"}
	}
	return answer.Data.Actor.Account.NRQL.Results, nil
}

func unreachable(err error) Kind {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return TimedOut
	}
	return Unreachable
}

// read decodes an answer. NerdGraph gives errors with status 200 as well as
// with others. A key that is in its words is not in the error.
func (c *Client) read(resp *http.Response) (*graphQLAnswer, error) {
	limit := int64(maxAnswer)
	if resp.StatusCode != http.StatusOK {
		limit = maxErrorBytes
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, limit))
	if err != nil {
		return nil, &Error{Kind: Unreachable, Status: resp.StatusCode, Message: "the answer breaks off: " + err.Error()}
	}
	var answer graphQLAnswer
	bad := json.Unmarshal(text, &answer)
	if len(answer.Errors) > 0 {
		e := answer.Errors[0]
		if hide := redact.Secrets(c.cfg.UserKey); hide != nil {
			e.Message = hide.Replace(e.Message)
		}
		return nil, errorOf(resp, e)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errorOf(resp, graphQLError{Message: http.StatusText(resp.StatusCode)})
	}
	if bad != nil {
		return nil, &Error{Kind: Failed, Status: resp.StatusCode, Message: "the answer is not NerdGraph's: " + bad.Error()}
	}
	return &answer, nil
}

// Spans returns what New Relic has of a trace, duplicates included, none if it
// has nothing (yet). The id has 32 hex digits or X-Ray's form. since bounds how
// far back New Relic looks, at least a minute. Of more than 5,000 spans the rest
// is left out.
func (c *Client) Spans(ctx context.Context, traceID string, since time.Duration) ([]Span, error) {
	id, ok := segment.HexTraceID(traceID) // also what keeps the query's text safe
	if !ok {
		return nil, fmt.Errorf("%.60q is no trace id", traceID)
	}
	rows, err := c.Query(ctx, fmt.Sprintf("SELECT * FROM Span WHERE trace.id = '%s' SINCE %d minutes ago LIMIT %s", id, minutes(since), maxRows))
	if err != nil {
		return nil, err
	}
	spans := make([]Span, len(rows))
	for i, row := range rows {
		spans[i] = spanOf(row)
	}
	return spans, nil
}

// Traces returns the ids of the traces that have a span which began in a time
// range, those with the latest spans first, at most 5,000. An id is as it was
// sent: of 32 hex digits, if it was OTLP.
func (c *Client) Traces(ctx context.Context, from, to time.Time) ([]string, error) {
	rows, err := c.Query(ctx, fmt.Sprintf("SELECT latest(timestamp) FROM Span FACET trace.id SINCE %d UNTIL %d LIMIT %s", from.UnixMilli(), to.UnixMilli(), maxRows))
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(rows))
	for _, row := range rows {
		if id, _ := row["facet"].(string); id != "" {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func minutes(d time.Duration) int { return max(int(d.Minutes()), 1) }

// An IntegrationError is New Relic's note that it took data and dropped or cut
// it later.
type IntegrationError struct {
	Time     time.Time
	Feature  string // newRelicFeature, such as Distributed Tracing
	Category string // RateLimit, ApiLimit, …
	Limit    string // limitName or rateLimitType
	Message  string
}

// IntegrationErrors returns the latest notes of that time, at most 100.
func (c *Client) IntegrationErrors(ctx context.Context, since time.Duration) ([]IntegrationError, error) {
	rows, err := c.Query(ctx, fmt.Sprintf("SELECT * FROM NrIntegrationError SINCE %d minutes ago LIMIT 100", minutes(since)))
	if err != nil {
		return nil, err
	}
	notes := make([]IntegrationError, len(rows))
	for i, row := range rows {
		text := func(name string) string { s, _ := row[name].(string); return s }
		at, _ := row["timestamp"].(float64)
		notes[i] = IntegrationError{
			Time: time.UnixMilli(int64(at)).UTC(), Feature: text("newRelicFeature"), Category: text("category"),
			Limit: cmp.Or(text("rateLimitType"), text("limitName")), Message: text("message"),
		}
	}
	return notes, nil
}

// retryAfter reads the header of that name, in seconds.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 || seconds > 3600 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
