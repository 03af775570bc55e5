package cli

import (
	"bytes"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
)

// refusals is a client of X-Ray's in whose refusals there are no credentials:
// errors show what the server says, and a proxy may say what it was sent.
type refusals struct{ xray.HTTPClient }

// maxRefusal is more than X-Ray's largest.
const maxRefusal = 64 << 10

// Do implements xray.HTTPClient.
func (c refusals) Do(r *http.Request) (*http.Response, error) {
	resp, err := c.HTTPClient.Do(r)
	hide := redact.Secrets(r.Header.Get("X-Amz-Security-Token"), r.Header.Get("Authorization"))
	if err != nil || resp.StatusCode < http.StatusBadRequest || hide == nil {
		return resp, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	if err != nil {
		return nil, err
	}
	body = []byte(hide.Replace(string(body)))
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}
