package sink

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/bragg-tracing/bragg/pkg/otlp"
)

// refusal is the answer to a request that is not accepted: New Relic's status
// codes, with a reason, which New Relic does not give.
type refusal struct {
	http   int
	grpc   codes.Code
	reason string
}

// refuse answers an HTTP request with OTLP's error body, a google.rpc.Status
// in the request's own encoding.
func (f *refusal) refuse(w http.ResponseWriter, contentType string) {
	otlp.WriteError(w, contentType, f.http, f.grpc, f.reason)
}

// refuseGRPC answers a gRPC request before gRPC sees it, with headers alone
// ("Trailers-Only" in the gRPC over HTTP/2 specification).
func (f *refusal) refuseGRPC(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Grpc-Status", strconv.Itoa(int(f.grpc)))
	w.Header().Set("Grpc-Message", strings.ReplaceAll(url.QueryEscape(f.reason), "+", " "))
	w.WriteHeader(http.StatusOK)
}
