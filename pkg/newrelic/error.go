package newrelic

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A Kind says what sort of failure a query met.
type Kind string

// The kinds of failures.
const (
	BadKey      Kind = "bad key"     // no account of that region has the user key
	NoAccount   Kind = "no account"  // the key may not read the account
	BadQuery    Kind = "bad query"   // NRQL or GraphQL that NerdGraph does not understand
	TimedOut    Kind = "timeout"     // the query took too long
	Throttled   Kind = "rate limit"  // too many queries
	Unpaid      Kind = "payment"     // the account's plan does not allow it
	Failed      Kind = "failure"     // New Relic's own
	Unreachable Kind = "unreachable" // no answer at all
)

// An Error is an answer of NerdGraph that is no result, or that there was none.
type Error struct {
	Kind       Kind
	Status     int    // of HTTP; 0 if there was no answer
	Message    string // NerdGraph's own words
	RetryAfter time.Duration
}

func (e *Error) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("NerdGraph: %s", e.Message)
	}
	return fmt.Sprintf("NerdGraph answers %d, %s: %s", e.Status, e.Kind, e.Message)
}

// Temporary says whether the same query may succeed later.
func (e *Error) Temporary() bool {
	switch e.Kind {
	case TimedOut, Throttled, Failed, Unreachable:
		return true
	}
	return false
}

// Remedy says what to do about it, in one line.
func (e *Error) Remedy() string {
	switch e.Kind {
	case BadKey:
		return "use a user key (NRAK-…) of this account, and the NerdGraph endpoint of the account's region (--newrelic-region US, EU, JP or FedRAMP): a key of one region is unknown in another"
	case NoAccount:
		return "check NEW_RELIC_ACCOUNT_ID, and that the user of the key may read this account"
	case BadQuery:
		return "report this: the query is this program's own"
	case TimedOut:
		return "try again; New Relic was slow"
	case Throttled:
		return "wait a minute: New Relic allows 3,000 queries in a minute for an account, and 120 of the same"
	case Unpaid:
		return "the account's plan does not allow queries: ask its owner"
	case Unreachable:
		return "check the endpoint, and that this machine may reach it (HTTPS_PROXY)"
	}
	return "try again; see https://status.newrelic.com"
}

// errorOf classifies an error. The classes and codes are those that New Relic's
// own client knows, https://github.com/newrelic/newrelic-client-go.
func errorOf(resp *http.Response, e graphQLError) *Error {
	answer := &Error{Status: resp.StatusCode, Message: e.Message, RetryAfter: retryAfter(resp.Header)}
	class, code, lower := e.Extensions.ErrorClass, e.Extensions.ErrorCode, strings.ToLower(e.Message)
	switch {
	case resp.StatusCode == http.StatusTooManyRequests, class == "TOO_MANY_REQUESTS", strings.Contains(lower, "rate limit"):
		answer.Kind = Throttled
	case code == "BAD_API_KEY", resp.StatusCode == http.StatusUnauthorized, class == "UNAUTHENTICATED":
		answer.Kind = BadKey
	case resp.StatusCode == http.StatusPaymentRequired:
		answer.Kind = Unpaid
	case class == "ACCESS_DENIED", class == "FORBIDDEN", class == "NOT_FOUND", resp.StatusCode == http.StatusForbidden:
		answer.Kind = NoAccount
	case class == "TIMEOUT", resp.StatusCode == http.StatusGatewayTimeout:
		answer.Kind = TimedOut
	case strings.Contains(lower, "syntax error"), class == "BAD_USER_INPUT", class == "GRAPHQL_VALIDATION_FAILED", resp.StatusCode == http.StatusBadRequest:
		answer.Kind = BadQuery
	default:
		answer.Kind = Failed
	}
	return answer
}
