package demo

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/bragg-tracing/bragg/pkg/sdk/traceaws"
)

// region is what the demo's AWS clients say; nothing is in it.
const region = "us-east-1"

// awsAttempts is how often an AWS call is tried. A throttled one is to fail
// soon, so that it can be seen.
const awsAttempts = 2

// awsConfig returns the configuration of AWS clients that reach one endpoint and
// nothing else: it has all that the SDK would look for in files, variables and
// the metadata service.
func (s *service) awsConfig(endpoint string) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(endpoint),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "BRAGGDEMO", SecretAccessKey: "not-a-secret", Source: "demo"}, nil
		}),
		HTTPClient: &http.Client{Transport: s.transport(), Timeout: 10 * time.Second},
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = awsAttempts
				o.MaxBackoff = 50 * time.Millisecond
				o.RateLimiter = ratelimit.None
			})
		},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
}

// traced returns cfg with the calls of its clients traced.
func (s *service) traced(cfg aws.Config) aws.Config {
	traceaws.Instrument(&cfg, traceaws.WithProviders(s.sdk))
	return cfg
}

// patience is how long a service waits at its start for an endpoint that may
// start at the same time.
const patience = 30 * time.Second

// untilReady calls f until it succeeds, for as long as patience lasts.
func untilReady(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := f(ctx)
		if err == nil || wait(ctx, 250*time.Millisecond) != nil {
			return err
		}
	}
}
