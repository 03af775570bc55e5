// Package upload sends OTLP over HTTP to backends that limit a request: it
// splits, compresses, and tries again.
package upload

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/bragg-tracing/bragg/pkg/sdk/internal/chunk"
)

const (
	// attemptTimeout bounds one request, as OTEL_EXPORTER_OTLP_TIMEOUT does by
	// default.
	attemptTimeout = 10 * time.Second

	// retryFor bounds all attempts for one request.
	retryFor = time.Minute

	maxAnswer = 64 << 10
)

// Target is a backend and its limits.
type Target struct {
	URL    string // with its path
	Header http.Header
	Client *http.Client
	Limits chunk.Limits
}

// New returns an exporter to the target. Its errors say how many spans were
// lost and why.
func New(t Target) *otlptrace.Exporter {
	return otlptrace.NewUnstarted(&client{t})
}

type client struct{ Target }

var _ otlptrace.Client = (*client)(nil)

// Start implements otlptrace.Client.
func (c *client) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *client) Stop(context.Context) error {
	c.Client.CloseIdleConnections()
	return nil
}

// UploadTraces implements otlptrace.Client. When one request fails for good,
// the others are sent all the same.
func (c *client) UploadTraces(ctx context.Context, traces []*tracepb.ResourceSpans) error {
	requests, left := chunk.Split(traces, c.Limits)
	var errs []error
	if left > 0 {
		errs = append(errs, fmt.Errorf("%d are larger than %s takes", left, c.host()))
	}
	lost := left
	for _, r := range requests {
		if err := c.send(ctx, r); err != nil {
			errs = append(errs, err)
			lost += chunk.Count(r)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return &chunk.LostError{Spans: lost, Cause: errors.Join(errs...)}
}

func (c *client) send(ctx context.Context, traces []*tracepb.ResourceSpans) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	body, err := encode(&collectortrace.ExportTraceServiceRequest{ResourceSpans: traces})
	if err != nil {
		return err
	}
	var last error
	_, err = backoff.Retry(ctx, func() (struct{}, error) {
		last = c.attempt(ctx, body)
		return struct{}{}, last
	}, backoff.WithMaxElapsedTime(retryFor))
	if err != nil && ctx.Err() != nil && !errors.Is(last, ctx.Err()) {
		return fmt.Errorf("%w, after: %w", err, last)
	}
	return err
}

func encode(m proto.Message) ([]byte, error) {
	message, err := proto.Marshal(m)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	if _, err := z.Write(message); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return body.Bytes(), nil
}

// attempt sends one request. An error that repeating cannot heal is permanent.
func (c *client) attempt(ctx context.Context, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(err)
	}
	for name, values := range c.Header {
		r.Header[name] = values
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	r.Header.Set("Content-Encoding", "gzip")
	response, err := c.Client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	return c.judge(response, content)
}

// judge says what an answer means, as OTLP has it.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
func (c *client) judge(response *http.Response, content []byte) error {
	switch code := response.StatusCode; {
	case code >= 200 && code < 300:
		var answer collectortrace.ExportTraceServiceResponse
		if proto.Unmarshal(content, &answer) == nil && answer.GetPartialSuccess().GetRejectedSpans() > 0 {
			return backoff.Permanent(fmt.Errorf("%s rejected %d spans: %s", c.host(), answer.PartialSuccess.RejectedSpans, answer.PartialSuccess.ErrorMessage))
		}
		return nil
	case code == http.StatusTooManyRequests || code == http.StatusBadGateway || code == http.StatusServiceUnavailable || code == http.StatusGatewayTimeout:
		if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
			return fmt.Errorf("%s answered %s: %w", c.host(), response.Status, backoff.RetryAfter(seconds))
		}
		return fmt.Errorf("%s answered %s", c.host(), response.Status)
	default:
		return backoff.Permanent(fmt.Errorf("%s answered %s", c.host(), response.Status))
	}
}

func (c *client) host() string {
	r, err := http.NewRequest(http.MethodPost, c.URL, nil)
	if err != nil {
		return "the endpoint"
	}
	return r.URL.Host
}
