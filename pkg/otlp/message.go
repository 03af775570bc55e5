package otlp

import (
	"encoding/json"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// The content types of OTLP over HTTP.
const (
	Protobuf = "application/x-protobuf"
	JSON     = "application/json"
)

// A Message is what the requests and responses of pdata have in common.
type Message interface {
	MarshalProto() ([]byte, error)
	MarshalJSON() ([]byte, error)
	UnmarshalProto([]byte) error
	UnmarshalJSON([]byte) error
}

// A DecodeError says what is wrong with a body.
type DecodeError struct{ Err error }

func (e DecodeError) Error() string { return "the body is not OTLP: " + e.Err.Error() }

// Unwrap returns the cause.
func (e DecodeError) Unwrap() error { return e.Err }

// Decode reads a body of one of the two content types. One that nests too deep
// is an error before it is read. The error is a DecodeError.
func Decode(m Message, contentType string, body []byte) error {
	check, unmarshal := CheckProtoDepth, m.UnmarshalProto
	if contentType == JSON {
		check, unmarshal = checkJSONDepth, m.UnmarshalJSON
	}
	err := check(body)
	if err == nil {
		err = unmarshal(body)
	}
	if err != nil {
		return DecodeError{err}
	}
	return nil
}

// Encode writes a message for one of the two content types.
func Encode(m Message, contentType string) ([]byte, error) {
	if contentType == Protobuf {
		return m.MarshalProto()
	}
	return m.MarshalJSON()
}

// WriteError answers a request with OTLP's error body, a google.rpc.Status in the
// request's own encoding, or in JSON if that is not known.
func WriteError(w http.ResponseWriter, contentType string, httpStatus int, code codes.Code, reason string) {
	var body []byte
	if contentType == Protobuf {
		body, _ = proto.Marshal(status.New(code, reason).Proto()) // a Status always marshals
	} else {
		contentType = JSON
		body, _ = json.Marshal(map[string]any{"code": code, "message": reason}) // so does this
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if httpStatus == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(httpStatus)
	_, _ = w.Write(body)
}
