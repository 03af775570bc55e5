package demo

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
)

// applyRequest is what a client sends to web.
type applyRequest struct {
	ClientID string   `json:"client_id"`
	Amount   int64    `json:"amount"` // dollars
	Scenario Scenario `json:"scenario,omitempty"`
}

// An application is a loan application on its way through the company.
type application struct {
	ID       string   `json:"id"`
	ClientID string   `json:"client_id"`
	Amount   int64    `json:"amount"`
	Scenario Scenario `json:"scenario"`
}

// A decision is what became of an application.
type decision struct {
	ID       string `json:"id"`
	ClientID string `json:"client_id"`
	Amount   int64  `json:"amount"`
	Decision string `json:"decision"` // approved, declined or referred
	Score    int    `json:"score"`
	Document string `json:"document"` // key of the letter in S3
}

// maxAmount is the largest loan that web takes an application for, in dollars.
const maxAmount = 1_000_000

// newWeb is the company's entrance.
func newWeb(ctx context.Context, s *service) (http.Handler, error) {
	if err := s.startTelemetry(ctx); err != nil {
		return nil, err
	}
	applications := s.peer(Applications, s.cfg.ApplicationsURL)
	return s.routes(
		route{"POST /apply", func(r *http.Request) (int, any, error) {
			return apply(r, applications)
		}},
		route{"GET /applications/{id}", func(r *http.Request) (int, any, error) {
			var d decision
			err := applications.call(r.Context(), http.MethodGet, "/applications/"+r.PathValue("id"), nil, &d)
			return http.StatusOK, d, err
		}},
	), nil
}

func apply(r *http.Request, applications *peer) (int, any, error) {
	var in applyRequest
	if err := decode(r, &in); err != nil {
		return 0, nil, err
	}
	ctx := r.Context()
	annotate(ctx, xrayattr.Annotation("client_id", in.ClientID), xrayattr.Annotation("amount", in.Amount))
	trace.SpanFromContext(ctx).SetAttributes(semconv.EnduserID(in.ClientID)) // X-Ray's user
	if err := in.check(); err != nil {
		return 0, nil, err
	}
	app := application{newApplicationID(), in.ClientID, in.Amount, in.Scenario}
	var d decision
	if err := applications.call(ctx, http.MethodPost, "/applications", app, &d); err != nil {
		return 0, nil, err
	}
	annotate(ctx, xrayattr.Annotation("decision", d.Decision))
	return http.StatusCreated, d, nil
}

// check refuses what no other service should have to look at.
func (r *applyRequest) check() error {
	switch {
	case r.Scenario != "" && !slices.Contains(Scenarios(), r.Scenario):
		return failed(http.StatusBadRequest, "scenario %q is none", r.Scenario)
	case r.ClientID == "" || len(r.ClientID) > 64:
		return failed(http.StatusBadRequest, "client_id needs 1 to 64 characters")
	case r.Amount <= 0 || r.Amount > maxAmount:
		return failed(http.StatusBadRequest, "amount %d is not between 1 and %d dollars", r.Amount, maxAmount)
	case r.Scenario == Invalid:
		return failed(http.StatusBadRequest, "the application says that it is invalid")
	}
	return nil
}

func newApplicationID() string {
	return "app-" + strings.ToLower(rand.Text()[:12])
}
