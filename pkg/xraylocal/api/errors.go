package api

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// An apiError is an error as X-Ray answers it: the shape in the header
// x-amzn-errortype, the message in the body.
type apiError struct {
	status    int
	shape     string
	message   string
	framework bool   // the framework's, not the service's: its member is in lower case
	resource  string // ResourceName of the shapes that have it; "" for others
}

func (e *apiError) Error() string { return e.shape + ": " + e.message }

// MarshalJSON writes the body.
func (e *apiError) MarshalJSON() ([]byte, error) {
	member := "Message"
	if e.framework {
		member = "message"
	}
	var message any
	if e.message != "" {
		message = e.message
	}
	body := map[string]any{member: message}
	if e.resource != "" {
		body["ResourceName"] = e.resource
	}
	return json.Marshal(body)
}

func invalidRequest(format string, args ...any) error {
	return &apiError{status: http.StatusBadRequest, shape: "InvalidRequestException", message: fmt.Sprintf(format, args...)}
}

func unknownOperation(message string) error {
	return &apiError{status: http.StatusNotFound, shape: "UnknownOperationException", message: message}
}

// WriteError answers a call of the API with an error that this package's caller
// found: shape is X-Ray's name of it.
func WriteError(w http.ResponseWriter, status int, shape, message string) {
	w.Header().Set("x-amzn-errortype", shape)
	write(w, status, &apiError{status: status, shape: shape, message: message})
}

// unmarshal decodes a request body. Members that the operation does not have
// are ignored, an absent body is an empty object.
func unmarshal(body []byte, in any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	err := json.Unmarshal(body, in)
	if err == nil {
		return nil
	}
	message := "the request body is not JSON"
	var te *json.UnmarshalTypeError
	if errors.As(err, &te) {
		message = te.Value + " can not be converted to the type of " + te.Field
		if kind := kinds[te.Value]; kind != "" && te.Type.Kind().String() == "string" {
			message = kind + " can not be converted to a String"
		}
	}
	return &apiError{status: http.StatusBadRequest, shape: "SerializationException", message: message}
}

// kinds are the framework's names of JSON types, by encoding/json's.
var kinds = map[string]string{
	"number": "NUMBER_VALUE", "bool": "TRUE_VALUE", "object": "START_OBJECT", "array": "START_ARRAY",
}

// newRequestID returns a random UUID.
func newRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
