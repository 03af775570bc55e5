package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/time/rate"

	spans "github.com/bragg-tracing/bragg/pkg/xraylocal/otlp"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// Limits of requests.
const (
	MaxBody      = 16 << 20 // bytes: 50 documents of 64 KB fit, however they are escaped
	MaxDocuments = 50       // of PutTraceSegments
	MaxTraceIDs  = 5        // of BatchGetTraces
	PageSize     = 100      // traces in a page of GetTraceSummaries
)

// A Config says what a Handler serves, and how. Store and Logger are required.
type Config struct {
	Store  *store.Store // remains the caller's to close
	Logger *slog.Logger
	// Strict holds calls to AWS's limits, with AWS's errors; see README.md of
	// package xraylocal for the table of them.
	Strict bool
	// Isolate gives each region of the signatures' credential scopes, and each
	// account, a namespace of its own. The account is the access key id if that
	// has 12 digits. Otherwise all callers share one namespace.
	Isolate bool
	// TimeBasis is the time by which service graphs and time series count.
	TimeBasis servicegraph.Basis
	// CallsPerSecond is how many calls are answered, as many at once after a
	// second of rest; more get a ThrottledException. 0 is no bound. AWS
	// publishes none: it is for trying out what a client does then. Calls that
	// are not held to AWS's limits are not held to it either.
	CallsPerSecond float64
	Now            func() time.Time // time.Now if nil
}

// Handler serves the API. It is safe for concurrent use.
type Handler struct {
	cfg    Config
	store  *store.Store
	logger *slog.Logger
	now    func() time.Time
	spans  *spans.Converter
	calls  *rate.Limiter // nil: no bound

	refused refusals

	mu       sync.Mutex
	samplers map[string]*sampler // by namespace
}

// New returns a handler.
func New(cfg Config) *Handler {
	h := &Handler{
		cfg: cfg, store: cfg.Store, logger: cfg.Logger, now: cfg.Now,
		spans: spans.NewConverter(), samplers: make(map[string]*sampler),
	}
	if h.now == nil {
		h.now = time.Now
	}
	if n := cfg.CallsPerSecond; n > 0 {
		h.calls = rate.NewLimiter(rate.Limit(n), max(1, int(n)))
	}
	return h
}

// ServeHTTP answers one call of the API, or takes spans at OTLPPath. Paths that
// X-Ray does not have are answered 404, with X-Ray's error for them.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == OTLPPath {
		h.serveOTLP(w, r)
		return
	}
	out, err := h.call(w, r)
	if err != nil {
		h.writeError(w, r, err)
		return
	}
	if more, ok := out.(interface{ headers(http.Header) }); ok {
		more.headers(w.Header())
	}
	write(w, http.StatusOK, out)
}

func (h *Handler) call(w http.ResponseWriter, r *http.Request) (any, error) {
	op, ok := operations[r.URL.Path]
	if !ok {
		return nil, unknownOperation("X-Ray has no operation at " + r.Method + " " + r.URL.Path)
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, &apiError{status: http.StatusMethodNotAllowed, shape: "MethodNotAllowedException",
			message: r.Method + " " + r.URL.Path + ": every operation of X-Ray is a POST"}
	}
	buffer := bodies.Get().(*bytes.Buffer)
	defer release(buffer)
	_, err := buffer.ReadFrom(http.MaxBytesReader(w, r.Body, MaxBody))
	body := buffer.Bytes()
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return nil, &apiError{status: http.StatusRequestEntityTooLarge, shape: "RequestEntityTooLargeException",
			message: "Request body exceeds " + strconv.Itoa(MaxBody) + " bytes"}
	}
	if err != nil || !utf8.Valid(body) {
		return nil, &apiError{status: http.StatusBadRequest, shape: "SerializationException", message: "the request body could not be read"}
	}
	who := h.identify(r)
	if h.calls != nil && !who.own && !h.calls.AllowN(h.now(), 1) {
		return nil, &apiError{status: http.StatusTooManyRequests, shape: "ThrottledException", message: "Rate exceeded"}
	}
	ctx := context.WithValue(r.Context(), callerKey{}, who)
	out, err := op(h, ctx, body)
	if err == nil && h.cfg.Isolate {
		h.explainEmpty(ctx, r.URL.Path, out)
	}
	return out, err
}

// bodies are buffers for the bodies of requests, of which no operation keeps any
// part.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxKept is the largest buffer that is kept, in bytes.
const maxKept = 1 << 20

func release(buffer *bytes.Buffer) {
	if buffer.Cap() <= maxKept {
		buffer.Reset()
		bodies.Put(buffer)
	}
}

func (h *Handler) writeError(w http.ResponseWriter, r *http.Request, err error) {
	var e *apiError
	if !errors.As(err, &e) {
		if r.Context().Err() != nil {
			return // the client has gone, and this is why it failed
		}
		e = &apiError{status: http.StatusInternalServerError, shape: "InternalFailure", framework: true}
		if errors.Is(err, store.ErrClosed) {
			e = &apiError{status: http.StatusServiceUnavailable, shape: "ServiceUnavailable", message: "X-Ray Local is shutting down", framework: true}
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
