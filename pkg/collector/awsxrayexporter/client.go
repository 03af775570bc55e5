package awsxrayexporter

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.uber.org/zap"
)

// A client is AWS's client of X-Ray: configuration, endpoint, credentials,
// errors. Only the requests of PutTraceSegments are not made by it: see
// putSegments.
type client struct {
	xray        *xray.Client
	region      string
	credentials *credentials
	transport   *http.Transport
	timeout     time.Duration // of one request; 0: none

	template *http.Request // PutTraceSegments without body and signature
	signer   *v4.Signer
	offset   atomic.Int64 // X-Ray's time less ours, nanoseconds
}

// newClient finds the region and says where credentials come from. It may ask
// the metadata service of EC2 for the region.
func newClient(ctx context.Context, set exporter.Settings, cfg *Config) (*client, error) {
	session := cfg.Session
	options := []func(*config.LoadOptions) error{config.WithRegion(session.Region), config.WithLogger(sdkLogger(set.Logger))}
	if session.LocalMode {
		options = append(options, config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	} else {
		options = append(options, config.WithEC2IMDSRegion())
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", err)
	}
	if loaded.Region == "" {
		return nil, errors.New("no AWS region: set region, or AWS_REGION in the environment; EC2's metadata service told none")
	}
	if session.RoleARN != "" {
		provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(loaded), session.RoleARN, func(o *stscreds.AssumeRoleOptions) {
			if session.ExternalID != "" {
				o.ExternalID = &session.ExternalID
			}
		})
		loaded.Credentials = aws.NewCredentialsCache(provider)
	}
	transport, err := newTransport(session)
	if err != nil {
		return nil, err
	}
	c := &client{region: loaded.Region, credentials: &credentials{loaded.Credentials}, transport: transport,
		timeout: time.Duration(session.RequestTimeoutSeconds) * time.Second, signer: v4.NewSigner()}
	loaded.Credentials = c.credentials
	loaded.HTTPClient = &http.Client{Transport: transport, Timeout: c.timeout}
	c.xray = xray.NewFromConfig(loaded, func(o *xray.Options) {
		o.Retryer = aws.NopRetryer{} // deliver tries again, and only what failed
		if session.Endpoint != "" {  // wins over AWS_ENDPOINT_URL_XRAY
			o.BaseEndpoint = &session.Endpoint
		}
		o.APIOptions = append(o.APIOptions, userAgent(set.BuildInfo))
	})
	if c.template, err = c.newTemplate(ctx); err != nil {
		return nil, fmt.Errorf("endpoint of X-Ray: %w", err)
	}
	return c, nil
}

// sdkLogger takes what the AWS SDK says. Its warnings are about requests whose
// errors are judged and told elsewhere.
func sdkLogger(logger *zap.Logger) logging.Logger {
	return logging.LoggerFunc(func(_ logging.Classification, format string, v ...any) {
		logger.Debug(fmt.Sprintf(format, v...))
	})
}

func newTransport(session SessionConfig) (*http.Transport, error) {
	via, err := proxy(session.ProxyAddress)
	if err != nil {
		return nil, err
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = via
	t.MaxIdleConnsPerHost = max(session.NumberOfWorkers, defaultWorkers)
	t.WriteBufferSize = 128 << 10 // a put of the usual size goes out in one write
	t.TLSClientConfig = &tls.Config{InsecureSkipVerify: session.NoVerifySSL, MinVersion: tls.VersionTLS12}
	return t, nil
}

// proxy returns how a request finds its proxy.
func proxy(address string) (func(*http.Request) (*url.URL, error), error) {
	if address == "" {
		return http.ProxyFromEnvironment, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("proxy_address: %w", err)
	}
	return http.ProxyURL(u), nil
}

func userAgent(info component.BuildInfo) func(*middleware.Stack) error {
	return awsmiddleware.AddUserAgentKeyValue(info.Command, info.Version)
}

func (c *client) putTelemetry(ctx context.Context, in *xray.PutTelemetryRecordsInput) error {
	_, err := c.xray.PutTelemetryRecords(ctx, in)
	return err
}

func (c *client) refresh() { c.credentials.invalidate() }

func (c *client) close() { c.transport.CloseIdleConnections() }

// credentials marks the errors of a provider, which else look like those of a
// network.
type credentials struct{ provider aws.CredentialsProvider }

// Retrieve implements aws.CredentialsProvider.
func (c *credentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if c.provider == nil {
		return aws.Credentials{}, errCredentials
	}
	found, err := c.provider.Retrieve(ctx)
	if err != nil {
		return found, fmt.Errorf("%w: %w", errCredentials, err)
	}
	return found, nil
}

func (c *credentials) invalidate() {
	if cache, ok := c.provider.(*aws.CredentialsCache); ok {
		cache.Invalidate()
	}
}
