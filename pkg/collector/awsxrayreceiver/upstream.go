package awsxrayreceiver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/smithy-go/logging"
	"go.uber.org/zap"
)

// An upstream is X-Ray, or what stands in its place. It implements
// http.RoundTripper: it signs requests and sends them there. Region and
// credentials are looked for when the first call comes.
type upstream struct {
	cfg       *ProxyConfig
	logger    *zap.Logger
	transport *http.Transport
	signer    *v4.Signer
	found     chan *target // holds the target, nil before it is known
}

// A target is where calls go and how they are signed.
type target struct {
	url         *url.URL
	region      string
	credentials aws.CredentialsProvider
}

func newUpstream(cfg *ProxyConfig, logger *zap.Logger) (*upstream, error) {
	via, err := cfg.via()
	if err != nil {
		return nil, err
	}
	security, err := tlsConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("proxy_server: tls: %w", err)
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy, t.TLSClientConfig = via, security
	t.DisableCompression = true // a header that is added after signing
	t.ResponseHeaderTimeout = callTimeout
	u := &upstream{cfg: cfg, logger: logger, transport: t, signer: v4.NewSigner(), found: make(chan *target, 1)}
	u.found <- nil
	return u, nil
}

// tlsConfig takes insecure as contrib does: the certificate is not checked.
func tlsConfig(cfg *ProxyConfig) (*tls.Config, error) {
	if cfg.TLS.Insecure || cfg.TLS.InsecureSkipVerify {
		return &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}, nil
	}
	return cfg.TLS.LoadTLSConfig(context.Background())
}

func (u *upstream) close() { u.transport.CloseIdleConnections() }

// secrets are the headers of a caller's own signature.
var secrets = []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"}

// rewrite leaves what the request says as it is, but for the caller's
// signature; RoundTrip says where it goes.
func rewrite(r *httputil.ProxyRequest) {
	for _, header := range secrets {
		r.Out.Header.Del(header)
	}
}

// RoundTrip implements http.RoundTripper. The request's body must be short.
func (u *upstream) RoundTrip(in *http.Request) (*http.Response, error) {
	to, err := u.target(in.Context())
	if err != nil {
		return nil, err
	}
	var body []byte
	if in.Body != nil {
		defer in.Body.Close()
		if body, err = io.ReadAll(in.Body); err != nil {
			return nil, err
		}
	}
	out := in.Clone(in.Context())
	out.URL.Scheme, out.URL.Host, out.Host = to.url.Scheme, to.url.Host, to.url.Host
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if err := u.sign(out, body, to); err != nil {
		return nil, err
	}
	return u.transport.RoundTrip(out)
}

// sign signs a request. Without credentials it goes to an endpoint of the
// user's own unsigned, for that one to judge.
func (u *upstream) sign(r *http.Request, body []byte, to *target) error {
	found, err := to.credentials.Retrieve(r.Context())
	if err != nil {
		if u.cfg.AWSEndpoint != "" {
			return nil
		}
		return fmt.Errorf("no AWS credentials: %w", err)
	}
	sum := sha256.Sum256(body)
	return u.signer.SignHTTP(r.Context(), found, r, hex.EncodeToString(sum[:]), u.service(), to.region, time.Now())
}

func (u *upstream) service() string {
	if u.cfg.ServiceName == "" {
		return defaultService
	}
	return u.cfg.ServiceName
}

// target returns where calls go. What it found it keeps; if it found nothing,
// the next call looks again.
func (u *upstream) target(ctx context.Context) (*target, error) {
	var to *target
	select {
	case to = <-u.found:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var err error
	if to == nil {
		to, err = u.find(ctx)
	}
	u.found <- to
	return to, err
}

func (u *upstream) find(ctx context.Context) (*target, error) {
	options := []func(*config.LoadOptions) error{config.WithRegion(u.cfg.Region), config.WithLogger(u.awsLogger())}
	if u.cfg.LocalMode {
		options = append(options, config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	} else {
		options = append(options, config.WithEC2IMDSRegion())
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", err)
	}
	if loaded.Region == "" {
		return nil, errors.New("no AWS region: set proxy_server.region, or AWS_REGION in the environment")
	}
	if u.cfg.RoleARN != "" {
		loaded.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(loaded), u.cfg.RoleARN))
	}
	where, err := u.url(ctx, loaded.Region)
	if err != nil {
		return nil, err
	}
	return &target{url: where, region: loaded.Region, credentials: loaded.Credentials}, nil
}

func (u *upstream) url(ctx context.Context, region string) (*url.URL, error) {
	if u.cfg.AWSEndpoint != "" {
		return url.Parse(u.cfg.AWSEndpoint)
	}
	endpoint, err := xray.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, xray.EndpointParameters{Region: &region})
	if err != nil {
		return nil, fmt.Errorf("region %q: %w", region, err)
	}
	to := endpoint.URI
	if rest, ok := strings.CutPrefix(to.Host, "xray."); ok {
		to.Host = u.service() + "." + rest
	}
	return &to, nil
}

// awsLogger takes what the AWS SDK says; its errors come back to callers.
func (u *upstream) awsLogger() logging.Logger {
	return logging.LoggerFunc(func(_ logging.Classification, format string, v ...any) {
		u.logger.Debug(fmt.Sprintf(format, v...))
	})
}

// newStandardLog makes a logger of the standard library of a writer.
func newStandardLog(w io.Writer) *log.Logger { return log.New(w, "", 0) }
