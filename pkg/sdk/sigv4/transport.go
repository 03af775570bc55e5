package sigv4

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// maxBody is the longest body that is signed, which must be in memory. X-Ray's
// OTLP endpoint takes 5 MB.
const maxBody = 16 << 20

// transport signs requests.
type transport struct {
	base        http.RoundTripper
	signer      *v4.Signer
	service     string
	region      string
	credentials aws.CredentialsProvider
}

// NewTransport returns a transport that signs each request with Signature
// Version 4 for a service (xray) in a region, and sends it by base. The body of
// a request may have 16 MB. A request for which there are no credentials fails.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
func NewTransport(base http.RoundTripper, service, region string, credentials aws.CredentialsProvider) http.RoundTripper {
	return &transport{base: base, signer: v4.NewSigner(), service: service, region: region, credentials: credentials}
}

// RoundTrip implements http.RoundTripper. It leaves r as it is.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	credentials, err := t.credentials.Retrieve(r.Context())
	if err != nil {
		return nil, fmt.Errorf("AWS credentials: %w", err)
	}
	signed := r.Clone(r.Context())
	signed.Body, signed.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	hash := sha256.Sum256(body)
	if err := t.signer.SignHTTP(r.Context(), credentials, signed, hex.EncodeToString(hash[:]), t.service, t.region, time.Now()); err != nil {
		return nil, fmt.Errorf("sign the request: %w", err)
	}
	return t.base.RoundTrip(signed)
}

// CloseIdleConnections lets http.Client close those of base.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	defer r.Body.Close()
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("more than %d bytes", maxBody)
	}
	if err != nil {
		return nil, fmt.Errorf("body of the request to sign: %w", err)
	}
	return body, nil
}
