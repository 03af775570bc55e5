package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-xray-sdk-go/v2/awsplugins/ecs"
	"github.com/aws/aws-xray-sdk-go/v2/strategy/ctxmissing"
	"github.com/aws/aws-xray-sdk-go/v2/strategy/sampling"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
)

// bureauReport is what the credit bureau says of a client.
type bureauReport struct {
	ClientID string `json:"client_id"`
	Score    int    `json:"score"`
	Accounts int    `json:"accounts"`
	Document string `json:"document"` // key of the report in S3
}

// everything samples each request that brings no decision.
const everything = `{"version": 2, "default": {"fixed_target": 1, "rate": 1}}`

// loadECSPlugin is for the process: the SDK keeps what a plugin says in a
// variable of its own.
var loadECSPlugin = sync.OnceFunc(ecs.Init)

// A bureau is the legacy service.
type bureau struct {
	documentsURL string
	client       *http.Client
}

// newLegacy is the credit bureau, with the original X-Ray SDK as its users have
// it: a handler, captures, annotations, metadata and a client. Its SDK is
// configured by the context alone, so that several run in one process.
func newLegacy(ctx context.Context, s *service) (http.Handler, error) {
	if s.cfg.OnECS {
		loadECSPlugin()
	}
	emitter, err := newLegacyEmitter(ctx, s.cfg)
	if err != nil {
		return nil, err
	}
	s.onStop(emitter.close)
	sampler, err := sampling.NewLocalizedStrategyFromJSONBytes([]byte(everything))
	if err != nil {
		return nil, fmt.Errorf("X-Ray SDK: %w", err)
	}
	// xray.ContextWithConfig would let environment variables decide.
	configured := context.WithValue(context.Background(), xray.RecorderContextKey{}, &xray.Config{
		ServiceVersion:         version,
		Emitter:                emitter,
		StreamingStrategy:      emitter,
		SamplingStrategy:       sampler,
		ContextMissingStrategy: ctxmissing.NewDefaultLogErrorStrategy(),
	})
	// One connection for each request: on a reused one, a dial that another
	// request has started can end in this one's trace after its root has ended,
	// and the SDK then sends the root twice.
	transport := s.transport()
	transport.DisableKeepAlives = true
	b := &bureau{s.cfg.DocumentsURL, xray.Client(&http.Client{Transport: transport, Timeout: 10 * time.Second})}
	mux := http.NewServeMux()
	mux.Handle("POST /reports", s.respond(b.report))
	return xray.HandlerWithContext(configured, xray.NewFixedSegmentNamer(Legacy), mux), nil
}

// report looks a client up, has the report filed in documents and returns it.
func (b *bureau) report(r *http.Request) (int, any, error) {
	var app application
	if err := decode(r, &app); err != nil {
		return 0, nil, err
	}
	ctx := r.Context()
	var report bureauReport
	err := xray.Capture(ctx, "read credit file", func(ctx context.Context) error {
		report = readCreditFile(app.ClientID)
		return xray.AddMetadataToNamespace(ctx, "bureau", "credit_file", report)
	})
	err = errors.Join(err,
		xray.AddAnnotation(ctx, "client_id", app.ClientID),
		xray.AddAnnotation(ctx, "bureau_score", report.Score),
		xray.AddMetadata(ctx, "application", app))
	if err != nil {
		return 0, nil, fmt.Errorf("read credit file: %w", err)
	}
	report.Document, err = b.fileReport(ctx, app, report)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, report, nil
}

func readCreditFile(clientID string) bureauReport {
	return bureauReport{
		ClientID: clientID,
		Score:    560 + int(slowness(clientID).Milliseconds())%240,
		Accounts: 2 + len(clientID)%5,
	}
}

func (b *bureau) fileReport(ctx context.Context, app application, report bureauReport) (key string, err error) {
	body, err := json.Marshal(document{
		ApplicationID: app.ID, ClientID: app.ClientID, Kind: "credit-report",
		Text: fmt.Sprintf("Score %d from %d accounts.", report.Score, report.Accounts),
	})
	if err != nil {
		return "", fmt.Errorf("file report: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.documentsURL+"/documents", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("file report: %w", err)
	}
	r.Host = Documents // the SDK names the subsegment by it
	r.Header.Set("Content-Type", "application/json")
	resp, err := b.client.Do(r)
	if err != nil {
		return "", failed(http.StatusBadGateway, "ask %s: %w", Documents, err)
	}
	defer resp.Body.Close()
	var filed document
	if err := readAnswer(Documents, resp, &filed); err != nil {
		return "", err
	}
	return filed.Key, nil
}
