package api

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc/codes"

	"github.com/bragg-tracing/bragg/pkg/otlp"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// OTLPPath is where spans come in over OTLP, as at X-Ray's own endpoint.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html
const OTLPPath = "/v1/traces"

// Limits of a request to OTLPPath. The first two are AWS's.
const (
	MaxOTLPBytes    = 5 << 20 // when decompressed
	MaxOTLPSpans    = 10_000
	maxLenientBytes = 64 << 20 // without AWS's limits
)

// A refusal is an error of OTLP.
type refusal struct {
	status int
	code   codes.Code
	reason string
}

func (r *refusal) Error() string { return r.reason }

// serveOTLP takes spans in protobuf or JSON, plain or in gzip.
func (h *Handler) serveOTLP(w http.ResponseWriter, r *http.Request) {
	contentType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	response, err := h.export(w, r, contentType)
	var body []byte
	if err == nil {
		body, err = otlp.Encode(response, contentType)
	}
	var refused *refusal
	switch {
	case err == nil:
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(body)
	case errors.As(err, &refused):
		otlp.WriteError(w, contentType, refused.status, refused.code, refused.reason)
	case r.Context().Err() != nil: // the client has gone, and this is why it failed
	default:
		h.logger.ErrorContext(r.Context(), "X-Ray Local cannot store spans", "error", err)
		otlp.WriteError(w, contentType, http.StatusServiceUnavailable, codes.Unavailable, "X-Ray Local cannot store the spans")
	}
}

func (h *Handler) export(w http.ResponseWriter, r *http.Request, contentType string) (ptraceotlp.ExportResponse, error) {
	response := ptraceotlp.NewExportResponse()
	c := h.identify(r)
	body, err := readOTLP(w, r, contentType, c.strict)
	if err != nil {
		return response, err
	}
	request := ptraceotlp.NewExportRequest()
	if err := otlp.Decode(request, contentType, body); err != nil {
		return response, &refusal{http.StatusBadRequest, codes.InvalidArgument, err.Error()}
	}
	td := request.Traces()
	if n := td.SpanCount(); c.strict && n > MaxOTLPSpans {
		return response, &refusal{http.StatusBadRequest, codes.InvalidArgument,
			fmt.Sprintf("the request has %d spans, and X-Ray takes %d: send smaller batches", n, MaxOTLPSpans)}
	}
	docs, refused, err := h.spans.Documents(td, c.strict)
	if err != nil {
		return response, err
	}
	if refused.Spans > 0 {
		response.PartialSuccess().SetRejectedSpans(int64(refused.Spans))
		response.PartialSuccess().SetErrorMessage(refused.Reason)
		h.RefuseSpans(ByOTLP, refused)
	}
	return response, h.store.In(c.namespace).Put(r.Context(), docs)
}

// readOTLP returns the body of a request, decompressed.
func readOTLP(w http.ResponseWriter, r *http.Request, contentType string, strict bool) ([]byte, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, &refusal{http.StatusMethodNotAllowed, codes.Unimplemented, "spans are sent by POST"}
	}
	if contentType != otlp.Protobuf && contentType != otlp.JSON {
		return nil, &refusal{http.StatusUnsupportedMediaType, codes.InvalidArgument,
			fmt.Sprintf("content type %.100q: want %s or %s", contentType, otlp.Protobuf, otlp.JSON)}
	}
	limit := int64(maxLenientBytes)
	if strict {
		limit = MaxOTLPBytes
	}
	var plain io.Reader = http.MaxBytesReader(w, r.Body, limit)
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(plain)
		if err != nil {
			return nil, unreadable(err, limit)
		}
		plain = z
	default:
		return nil, &refusal{http.StatusUnsupportedMediaType, codes.InvalidArgument,
			fmt.Sprintf("content encoding %.100q: want gzip or none", encoding)}
	}
	body, err := io.ReadAll(io.LimitReader(plain, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = &http.MaxBytesError{Limit: limit}
	}
	if err != nil {
		return nil, unreadable(err, limit)
	}
	return body, nil
}

func unreadable(err error, limit int64) error {
	if errors.As(err, new(*http.MaxBytesError)) {
		return &refusal{http.StatusRequestEntityTooLarge, codes.ResourceExhausted,
			fmt.Sprintf("the request has more than %d bytes: send smaller batches", limit)}
	}
	return &refusal{http.StatusBadRequest, codes.InvalidArgument, "the body cannot be read: " + err.Error()}
}

// Put stores documents that came by another way than a call, for a caller of
// whom nothing is known.
func (h *Handler) Put(ctx context.Context, docs []store.Document) error {
	return h.store.In(h.anybody().namespace).Put(ctx, docs)
}
