// Package client reads traces from X-Ray Local with AWS's own client.
//
// A client made here never looks at AWS files, variables or metadata services,
// never uses a proxy and tries twice at most: what it talks to is on this machine
// or next to it, and answers at once or not at all.
package client

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// DefaultEndpoint is where X-Ray Local listens unless told otherwise.
const DefaultEndpoint = "http://127.0.0.1:2080"

// dummy are the credentials that X-Ray Local takes from everybody.
const dummy = "local"

// Limits of one call. The largest answer is a trace of some 10,000 segments.
const (
	connectTimeout = 2 * time.Second
	callTimeout    = 15 * time.Second
	maxAnswer      = 256 << 20 // bytes
)

// New returns a client of the X-Ray Local at endpoint, an http or https URL
// without query. token is X-Ray Local's access token and becomes the access key
// id; "" stands for none. New does not connect.
func New(endpoint, token string) (*xray.Client, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" {
		return nil, fmt.Errorf("endpoint %q is not a URL like %s", endpoint, DefaultEndpoint)
	}
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout: connectTimeout,
		DisableKeepAlives:   true, // a command makes a few calls and ends
	}
	return xray.New(options(endpoint, token, transport)), nil
}

// options are the same for all clients: one region, dummy credentials, two
// attempts, nothing from the environment.
func options(endpoint, token string, transport http.RoundTripper) xray.Options {
	key := token
	if key == "" {
		key = dummy
	}
	return xray.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(endpoint),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: key, SecretAccessKey: dummy, Source: "bragg"}, nil
		}),
		// What people look at is not held to AWS's limits on queries.
		APIOptions: []func(*middleware.Stack) error{smithyhttp.AddHeaderValue("X-Bragg-Limits", "off")}, // api.LimitsHeader
		// A second attempt is for an answer whose connection closes while it is
		// read, which the SDK reports as an error in one of some 10,000 calls
		// (https://github.com/aws/aws-sdk-go-v2/issues/2737).
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = 2
			o.MaxBackoff = 50 * time.Millisecond
		}),
		HTTPClient: &http.Client{
			Transport: limited{transport},
			Timeout:   callTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse // X-Ray does not redirect
			},
		},
	}
}

// limited bounds the size of answers.
type limited struct{ http.RoundTripper }

func (l limited) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := l.RoundTripper.RoundTrip(req)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	}
	return resp, err
}
