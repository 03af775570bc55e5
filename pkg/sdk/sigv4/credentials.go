package sigv4

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

// ecsEndpoint serves task credentials on ECS.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
const ecsEndpoint = "http://169.254.170.2"

// callTimeout bounds one call for credentials.
const callTimeout = 5 * time.Second

// ErrNoCredentials says that no source of credentials was found.
var ErrNoCredentials = errors.New("no AWS credentials: none of AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE, " +
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI is set, and there is no EC2 instance role; " +
	"for a profile or single sign-on, pass the Credentials of an aws.Config")

// Credentials returns the credentials of the place where the process runs, from
// the first of these that is there: the variables AWS_ACCESS_KEY_ID,
// AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN (a laptop, Lambda); the role of a
// Kubernetes service account (AWS_WEB_IDENTITY_TOKEN_FILE, EKS); the
// credentials endpoint of the container (ECS, EKS Pod Identity); the role of
// the EC2 instance. That is the AWS SDKs' order without their profiles. The
// credentials are kept and renewed a minute before their end. It asks nobody
// before the first use.
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
func Credentials() aws.CredentialsProvider {
	return aws.NewCredentialsCache(find(), func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = time.Minute })
}

func find() aws.CredentialsProvider {
	client := &http.Client{Timeout: callTimeout, Transport: &http.Transport{MaxIdleConns: 1, IdleConnTimeout: time.Second}}
	switch {
	case os.Getenv("AWS_ACCESS_KEY_ID") != "":
		return aws.CredentialsProviderFunc(fromVariables)
	case os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != "":
		return &webIdentity{client: client}
	case os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != "":
		return container(client, ecsEndpoint+os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"))
	case os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI") != "":
		return container(client, os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI"))
	case strings.EqualFold(os.Getenv("AWS_EC2_METADATA_DISABLED"), "true"):
		return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, ErrNoCredentials })
	}
	return instance(client)
}

func fromVariables(context.Context) (aws.Credentials, error) {
	c := aws.Credentials{
		AccessKeyID:     os.Getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    os.Getenv("AWS_SESSION_TOKEN"),
		Source:          "environment",
	}
	if c.SecretAccessKey == "" {
		return aws.Credentials{}, errors.New("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not")
	}
	return c, nil
}

// container asks the credentials endpoint of a container. The token is in a
// file that is renewed, or in a variable.
func container(client *http.Client, endpoint string) aws.CredentialsProvider {
	if err := checkContainerEndpoint(endpoint); err != nil {
		return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, err })
	}
	return endpointcreds.New(endpoint, func(o *endpointcreds.Options) {
		o.HTTPClient = client
		o.AuthorizationToken = os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN")
		if file := os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); file != "" {
			o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
				token, err := os.ReadFile(file)
				return string(token), err
			})
		}
	})
}

// containerHosts are those that may serve credentials without TLS, as the AWS
// SDKs have it.
var containerHosts = map[string]bool{
	"169.254.170.2": true, "169.254.170.23": true, "fd00:ec2::23": true, "127.0.0.1": true, "::1": true, "localhost": true,
}

func checkContainerEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil {
		return errors.New("AWS_CONTAINER_CREDENTIALS_FULL_URI is not a URL")
	}
	if u.Scheme == "https" || u.Scheme == "http" && containerHosts[u.Hostname()] {
		return nil
	}
	return fmt.Errorf("AWS_CONTAINER_CREDENTIALS_FULL_URI: %s may not serve credentials without TLS", u.Hostname())
}

func instance(client *http.Client) aws.CredentialsProvider {
	provider := ec2rolecreds.New(func(o *ec2rolecreds.Options) {
		o.Client = imds.New(imds.Options{
			HTTPClient:     client,
			Endpoint:       os.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT"),
			EnableFallback: aws.FalseTernary,
		})
	})
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		c, err := provider.Retrieve(ctx)
		if err != nil {
			return c, fmt.Errorf("%w (%v)", ErrNoCredentials, err)
		}
		return c, nil
	})
}

// Region returns the region that AWS_REGION or AWS_DEFAULT_REGION names, ""
// for none.
func Region() string {
	return strings.TrimSpace(cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")))
}
