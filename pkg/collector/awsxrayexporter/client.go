package awsxrayexporter

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.uber.org/zap"
)

// A client is AWS's client of X-Ray: endpoint, SigV4, clock correction, errors.
// Only the body of PutTraceSegments is not rendered by it.
type client struct {
	xray        *xray.Client
	credentials *credentials
	transport   *http.Transport
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
	c := &client{credentials: &credentials{loaded.Credentials}, transport: transport}
	loaded.Credentials = c.credentials
	loaded.HTTPClient = &http.Client{Transport: transport, Timeout: time.Duration(session.RequestTimeoutSeconds) * time.Second}
	if session.Endpoint != "" {
		loaded.BaseEndpoint = &session.Endpoint
	}
	c.xray = xray.NewFromConfig(loaded, func(o *xray.Options) {
		o.Retryer = aws.NopRetryer{} // deliver tries again, and only what failed
		o.APIOptions = append(o.APIOptions, replaceBody, userAgent(set.BuildInfo))
	})
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

type bodyKey struct{}

// replaceBody gives a request the body that is in its context: documents are
// escaped once, when they are rendered, and AWS's serializer would do it in
// every request.
func replaceBody(stack *middleware.Stack) error {
	return stack.Serialize.Add(middleware.SerializeMiddlewareFunc("DocumentsBody",
		func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
			if b, ok := ctx.Value(bodyKey{}).(*body); ok {
				request, ok := in.Request.(*smithyhttp.Request)
				if !ok {
					return middleware.SerializeOutput{}, middleware.Metadata{}, fmt.Errorf("unknown request %T", in.Request)
				}
				var err error
				if in.Request, err = request.SetStream(b); err != nil {
					return middleware.SerializeOutput{}, middleware.Metadata{}, err
				}
			}
			return next.HandleSerialize(ctx, in)
		}), middleware.After)
}

// putSegments implements backend. data is free to be used again on return.
func (c *client) putSegments(ctx context.Context, data []byte) ([]types.UnprocessedTraceSegment, error) {
	b := &body{data: data}
	defer b.revoke()
	out, err := c.xray.PutTraceSegments(context.WithValue(ctx, bodyKey{}, b),
		&xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{}})
	if err != nil {
		return nil, err
	}
	return out.UnprocessedTraceSegments, nil
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
