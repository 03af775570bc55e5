package api_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// A service is the API on a listener, over a store that lives through restarts.
type service struct {
	*xray.Client
	t   *testing.T
	cfg api.Config
	dir string
	now time.Time

	store  *store.Store
	server *httptest.Server
	conns  *http.Transport
}

// newService starts the API in strict mode; change may change its settings.
func newService(t *testing.T, change ...func(*api.Config)) *service {
	t.Helper()
	s := &service{t: t, dir: t.TempDir(), now: time.Unix(1790158400, 0)}
	s.cfg = api.Config{Logger: slog.New(slog.DiscardHandler), Strict: true, Now: func() time.Time { return s.now }}
	for _, f := range change {
		f(&s.cfg)
	}
	s.start()
	t.Cleanup(s.stop)
	return s
}

func (s *service) start() {
	s.t.Helper()
	var err error
	if s.store, err = store.Open(s.dir); err != nil {
		s.t.Fatal(err)
	}
	s.cfg.Store = s.store
	s.server = httptest.NewServer(api.New(s.cfg))
	s.conns = &http.Transport{}
	s.Client = s.as("any", "eu-central-1")
}

func (s *service) stop() {
	s.conns.CloseIdleConnections()
	s.server.Close()
	if err := s.store.Close(); err != nil {
		s.t.Error(err)
	}
}

func (s *service) restart() { s.t.Helper(); s.stop(); s.start() }

// as returns a client with an access key id and a region.
func (s *service) as(key, region string) *xray.Client {
	return xray.New(xray.Options{
		BaseEndpoint: &s.server.URL, Region: region, RetryMaxAttempts: 1, HTTPClient: &http.Client{Transport: s.conns},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: key, SecretAccessKey: "thing"}, nil
		}),
	})
}

// must returns the output of a call that must not fail.
func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(out T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// refuses checks that a call failed with the SDK's type E and the message.
func refuses[E interface {
	comparable
	smithy.APIError
}](t *testing.T, err error, message string) {
	t.Helper()
	var e E
	if !errors.As(err, &e) {
		t.Errorf("got %v, want a %T", err, e)
	} else if e.ErrorMessage() != message {
		t.Errorf("got message %q, want %q", e.ErrorMessage(), message)
	}
}

// invalid checks that a call failed in the framework, where the message has part.
func invalid(t *testing.T, err error, part string) {
	t.Helper()
	var e *smithy.GenericAPIError
	if !errors.As(err, &e) || e.Code != "ValidationException" || !containsFold(e.Message, part) {
		t.Errorf("got %v, want a ValidationException with %q", err, part)
	}
}

// same compares values of the SDK's types.
func same(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, ignoreMetadata, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func str[T ~string](s T) *T { return &s }

func epoch(seconds int64) *time.Time { t := time.Unix(seconds, 0).UTC(); return &t }

func named(prefix string, n int) string { return fmt.Sprintf("%s-%02d", prefix, n) }
