package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// Limits of requests.
const (
	MaxBody      = 16 << 20 // bytes: 50 documents of 64 KB fit, however they are escaped
	MaxDocuments = 50       // of PutTraceSegments
	MaxTraceIDs  = 5        // of BatchGetTraces
	PageSize     = 100      // traces in a page of GetTraceSummaries
)

// Handler serves the API. It is safe for concurrent use.
type Handler struct {
	store  *store.Store
	logger *slog.Logger
}

// New returns a handler over a store, which remains the caller's to close.
func New(s *store.Store, logger *slog.Logger) *Handler {
	return &Handler{store: s, logger: logger}
}

// An operation answers a request body with a value to marshal. An error that is
// not an *apiError is the service's own fault.
type operation func(h *Handler, ctx context.Context, body []byte) (any, error)

// The operations that are served, by path.
var operations = map[string]operation{
	"/TraceSegments":    (*Handler).putTraceSegments,
	"/TelemetryRecords": (*Handler).putTelemetryRecords,
	"/Traces":           (*Handler).batchGetTraces,
	"/TraceSummaries":   (*Handler).getTraceSummaries,
}

// notServed are X-Ray's other operations, by path.
var notServed = map[string]string{
	"/ServiceGraph":                  "GetServiceGraph",
	"/TimeSeriesServiceStatistics":   "GetTimeSeriesServiceStatistics",
	"/TraceGraph":                    "GetTraceGraph",
	"/CreateSamplingRule":            "CreateSamplingRule",
	"/DeleteSamplingRule":            "DeleteSamplingRule",
	"/GetSamplingRules":              "GetSamplingRules",
	"/SamplingStatisticSummaries":    "GetSamplingStatisticSummaries",
	"/SamplingTargets":               "GetSamplingTargets",
	"/UpdateSamplingRule":            "UpdateSamplingRule",
	"/CreateGroup":                   "CreateGroup",
	"/DeleteGroup":                   "DeleteGroup",
	"/GetGroup":                      "GetGroup",
	"/Groups":                        "GetGroups",
	"/UpdateGroup":                   "UpdateGroup",
	"/Insight":                       "GetInsight",
	"/InsightEvents":                 "GetInsightEvents",
	"/InsightImpactGraph":            "GetInsightImpactGraph",
	"/InsightSummaries":              "GetInsightSummaries",
	"/ListTagsForResource":           "ListTagsForResource",
	"/TagResource":                   "TagResource",
	"/UntagResource":                 "UntagResource",
	"/EncryptionConfig":              "GetEncryptionConfig",
	"/PutEncryptionConfig":           "PutEncryptionConfig",
	"/DeleteResourcePolicy":          "DeleteResourcePolicy",
	"/ListResourcePolicies":          "ListResourcePolicies",
	"/PutResourcePolicy":             "PutResourcePolicy",
	"/CancelTraceRetrieval":          "CancelTraceRetrieval",
	"/GetIndexingRules":              "GetIndexingRules",
	"/GetRetrievedTracesGraph":       "GetRetrievedTracesGraph",
	"/GetTraceSegmentDestination":    "GetTraceSegmentDestination",
	"/ListRetrievedTraces":           "ListRetrievedTraces",
	"/StartTraceRetrieval":           "StartTraceRetrieval",
	"/UpdateIndexingRule":            "UpdateIndexingRule",
	"/UpdateTraceSegmentDestination": "UpdateTraceSegmentDestination",
}

// IsPath reports whether X-Ray has an operation at a path, served here or not.
func IsPath(path string) bool {
	_, served := operations[path]
	_, known := notServed[path]
	return served || known
}

// ServeHTTP answers one call of the API. Paths that X-Ray does not have are
// answered 404, with X-Ray's error for them.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, err := h.call(w, r)
	if err != nil {
		h.writeError(w, r, err)
		return
	}
	write(w, http.StatusOK, out)
}

func (h *Handler) call(w http.ResponseWriter, r *http.Request) (any, error) {
	op, ok := operations[r.URL.Path]
	if name, known := notServed[r.URL.Path]; known {
		return nil, unknownOperation("operation " + name + " (" + r.URL.Path + ") is not served by this build of X-Ray Local yet")
	}
	if !ok {
		return nil, unknownOperation("X-Ray has no operation at " + r.Method + " " + r.URL.Path)
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, &apiError{http.StatusMethodNotAllowed, "MethodNotAllowedException",
			r.Method + " " + r.URL.Path + ": every operation of X-Ray is a POST", false}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return nil, &apiError{http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException",
			"Request body exceeds " + strconv.Itoa(MaxBody) + " bytes", false}
	}
	if err != nil {
		return nil, &apiError{http.StatusBadRequest, "SerializationException", "the request body could not be read", false}
	}
	return op(h, r.Context(), body)
}

func (h *Handler) writeError(w http.ResponseWriter, r *http.Request, err error) {
	var e *apiError
	if !errors.As(err, &e) {
		if r.Context().Err() != nil {
			return // the client has gone, and this is why it failed
		}
		e = &apiError{http.StatusInternalServerError, "InternalFailure", "", true}
		if errors.Is(err, store.ErrClosed) {
			e = &apiError{http.StatusServiceUnavailable, "ServiceUnavailable", "X-Ray Local is shutting down", true}
		}
		h.logger.ErrorContext(r.Context(), "X-Ray API call failed", "path", r.URL.Path, "error", err)
	}
	w.Header().Set("x-amzn-errortype", e.shape)
	write(w, e.status, e)
}

func write(w http.ResponseWriter, status int, v any) {
	body, err := marshal(v)
	if err != nil { // a type of this package that JSON cannot have: a bug, which its tests show
		status, body = http.StatusInternalServerError, []byte(`{"message":null}`)
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("x-amzn-RequestId", newRequestID())
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone
}

// marshal is json.Marshal without the escapes that protect HTML: URLs in
// documents are to be read by people.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
