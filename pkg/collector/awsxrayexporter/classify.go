package awsxrayexporter

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// A kind is what an error of a put asks for.
type kind int

const (
	unavailable kind = iota // try again later: 5xx, 408, no or half an answer
	throttled               // try again later and slower
	invalid                 // something in the request is not acceptable, whoever sends it
	expired                 // try again with fresh credentials
	skewed                  // try again with the time that the answer told
	denied                  // somebody must change a key, a role or the configuration
)

// A verdict is the kind of an error and the code to count it under.
type verdict struct {
	kind kind
	code string
}

// errCredentials is the error of every put for which no credentials were found.
var errCredentials = errors.New("no AWS credentials")

// expiredCodes and skewCodes are of
// https://docs.aws.amazon.com/xray/latest/api/CommonErrors.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html.
// A wrong secret key has the code of a wrong clock: one more try tells them
// apart. deniedCodes are those that come with status 400, where any other code
// means that the request itself is bad.
var (
	expiredCodes = codes("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired")
	skewCodes    = codes("RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture",
		"InvalidSignatureException", "SignatureDoesNotMatch")
	deniedCodes = codes("UnrecognizedClientException", "InvalidClientTokenId", "MissingAuthenticationToken",
		"MissingAuthenticationTokenException", "IncompleteSignature", "IncompleteSignatureException",
		"AccessDenied", "AccessDeniedException", "NotAuthorized", "OptInRequired", "AuthFailure",
		"UnknownOperationException", "InvalidAction")
)

func codes(all ...string) map[string]bool {
	set := make(map[string]bool, len(all))
	for _, c := range all {
		set[c] = true
	}
	return set
}

// classify judges the error of a put. The context of the put has not ended.
func classify(err error) verdict {
	if errors.Is(err, errCredentials) {
		return verdict{denied, "NoCredentials"}
	}
	var status int
	if response := (*awshttp.ResponseError)(nil); errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	var code string
	if api := smithy.APIError(nil); errors.As(err, &api) {
		code = api.ErrorCode()
	}
	v := verdict{kindOf(status, code), code}
	if code == "" || code == "UnknownError" {
		if v.code = http.StatusText(status); status/100 == 2 || status == 0 {
			v.code = "NoAnswer"
		}
	}
	return v
}

func kindOf(status int, code string) kind {
	_, throttles := retry.DefaultThrottleErrorCodes[code]
	switch {
	case throttles || status == http.StatusTooManyRequests:
		return throttled
	case expiredCodes[code]:
		return expired
	case skewCodes[code]:
		return skewed
	case status < 300 || status >= 500 || status == http.StatusRequestTimeout:
		return unavailable
	case status == http.StatusRequestEntityTooLarge, status == http.StatusBadRequest && !deniedCodes[code]:
		return invalid
	}
	return denied
}

// Parts of the codes of UnprocessedTraceSegments that speak of X-Ray's state
// and not of the document. AWS documents no list; the others that it gives
// (InvalidId, MissingName, ParseError, InvalidSegment...) hold for ever.
var (
	throttlingParts  = []string{"thrott", "toomany", "limitexceeded", "slowdown", "capacity"}
	unavailableParts = []string{"internal", "unavailable", "timeout"}
)

// documentKind judges the code of one unprocessed document: throttled,
// unavailable or invalid.
func documentKind(code string) kind {
	code = strings.ToLower(code)
	contained := func(part string) bool { return strings.Contains(code, part) }
	switch {
	case slices.ContainsFunc(throttlingParts, contained):
		return throttled
	case slices.ContainsFunc(unavailableParts, contained):
		return unavailable
	}
	return invalid
}

// remedies say what to do about a code that no retry mends.
var remedies = map[string]string{
	"NoCredentials":               "give the collector AWS credentials: a task role, an instance profile or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
	"AccessDeniedException":       "attach the policy AWSXRayDaemonWriteAccess (xray:PutTraceSegments) to the collector's role, or to role_arn",
	"AccessDenied":                "attach the policy AWSXRayDaemonWriteAccess (xray:PutTraceSegments) to the collector's role, or let it assume role_arn",
	"UnrecognizedClientException": "the access key is unknown in this region or partition: check AWS_ACCESS_KEY_ID, region and endpoint",
	"InvalidClientTokenId":        "the access key is unknown in this region or partition: check AWS_ACCESS_KEY_ID, region and endpoint",
	"InvalidSignatureException":   "the secret key does not belong to the access key, or this machine's clock is wrong, or a proxy changes requests",
	"SignatureDoesNotMatch":       "the secret key does not belong to the access key, or this machine's clock is wrong, or a proxy changes requests",
	"RequestTimeTooSkewed":        "set this machine's clock",
	"RequestExpired":              "set this machine's clock",
	"RequestInTheFuture":          "set this machine's clock",
	"ExpiredToken":                "renew the credentials: the session token has expired and its provider gives no newer one",
	"ExpiredTokenException":       "renew the credentials: the session token has expired and its provider gives no newer one",
	"TokenRefreshRequired":        "renew the credentials: the session token has expired and its provider gives no newer one",
}

// remedy says what to do about a put that was denied with this code.
func remedy(code string) string {
	if r, ok := remedies[code]; ok {
		return r
	}
	return "check endpoint, region and credentials"
}

// String is the kind as metrics name it.
func (k kind) String() string {
	return [...]string{"unavailable", "throttled", "invalid", "expired", "skewed", "denied"}[k]
}
