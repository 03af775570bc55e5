package sigv4

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const (
	maxToken  = 64 << 10
	maxAnswer = 1 << 20
)

// webIdentity exchanges the token of a Kubernetes service account for the
// credentials of its role, by one unsigned call of STS. The AWS SDK's client of
// STS would bring five modules more.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
type webIdentity struct {
	client *http.Client
}

type assumeRoleAnswer struct {
	Credentials struct {
		AccessKeyID     string `xml:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
		Expiration      time.Time
	} `xml:"AssumeRoleWithWebIdentityResult>Credentials"`
}

// Retrieve implements aws.CredentialsProvider.
func (w *webIdentity) Retrieve(ctx context.Context) (aws.Credentials, error) {
	answer, err := w.assumeRole(ctx)
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("role of the service account: %w", err)
	}
	c := answer.Credentials
	return aws.Credentials{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
		Source: "web identity", CanExpire: true, Expires: c.Expiration,
	}, nil
}

func (w *webIdentity) assumeRole(ctx context.Context) (answer assumeRoleAnswer, err error) {
	token, err := readToken(os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE"))
	if err != nil {
		return answer, err
	}
	role := os.Getenv("AWS_ROLE_ARN")
	if role == "" {
		return answer, errors.New("AWS_ROLE_ARN is not set")
	}
	form := url.Values{
		"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {role}, "WebIdentityToken": {token},
		"RoleSessionName": {cmp.Or(os.Getenv("AWS_ROLE_SESSION_NAME"), "bragg")},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, stsEndpoint(), strings.NewReader(form.Encode()))
	if err != nil {
		return answer, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := w.client.Do(r)
	if err != nil {
		return answer, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return answer, err
	}
	if response.StatusCode != http.StatusOK {
		return answer, fmt.Errorf("STS answered %s", response.Status)
	}
	if err := xml.Unmarshal(content, &answer); err != nil {
		return answer, fmt.Errorf("answer of STS: %w", err)
	}
	if answer.Credentials.AccessKeyID == "" {
		return answer, errors.New("STS answered without credentials")
	}
	return answer, nil
}

func readToken(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	token, err := io.ReadAll(io.LimitReader(f, maxToken))
	return strings.TrimSpace(string(token)), err
}

// stsEndpoint is the region's, or what AWS_ENDPOINT_URL_STS names.
func stsEndpoint() string {
	if endpoint := cmp.Or(os.Getenv("AWS_ENDPOINT_URL_STS"), os.Getenv("AWS_ENDPOINT_URL")); endpoint != "" {
		return endpoint
	}
	return Endpoint("sts", Region())
}

// Endpoint returns the URL of a service in a region: of the global one for an
// empty region, and in China of that partition.
func Endpoint(service, region string) string {
	switch {
	case region == "":
		return "https://" + service + ".amazonaws.com"
	case strings.HasPrefix(region, "cn-"):
		return "https://" + service + "." + region + ".amazonaws.com.cn"
	}
	return "https://" + service + "." + region + ".amazonaws.com"
}
