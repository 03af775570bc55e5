package sink

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
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
	var body []byte
	if contentType == contentProtobuf {
		body, _ = proto.Marshal(status.New(f.grpc, f.reason).Proto()) // a Status always marshals
	} else {
		contentType = contentJSON
		body, _ = json.Marshal(map[string]any{"code": f.grpc, "message": f.reason}) // so does this
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if f.http == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(f.http)
	_, _ = w.Write(body)
}

// refuseGRPC answers a gRPC request before gRPC sees it, with headers alone
// ("Trailers-Only" in the gRPC over HTTP/2 specification).
func (f *refusal) refuseGRPC(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Grpc-Status", strconv.Itoa(int(f.grpc)))
	w.Header().Set("Grpc-Message", strings.ReplaceAll(url.QueryEscape(f.reason), "+", " "))
	w.WriteHeader(http.StatusOK)
}
