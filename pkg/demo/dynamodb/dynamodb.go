// Package dynamodb is as much of Amazon DynamoDB as the demo uses: CreateTable,
// DescribeTable, PutItem and GetItem over the JSON 1.0 protocol, in memory.
// Unlike the real one it can be told to fail, item by item (see [FailAttribute]).
//
// Rules: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
// and, for the errors, Programming.Errors.html beside it.
package dynamodb

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// FailAttribute is the string attribute by which an item asks for a failure of
// the PutItem that brings it: Throttle or Fail.
const FailAttribute = "simulate"

// Values of FailAttribute.
const (
	Throttle = "throttle" // ProvisionedThroughputExceededException, status 400
	Fail     = "fail"     // InternalServerError, status 500
)

// Limits of the real service, in bytes.
const (
	maxRequest = 16 << 20
	maxItem    = 400 << 10
)

const targetPrefix = "DynamoDB_20120810."

// DB holds tables. Its methods are safe for concurrent use. Credentials and
// signatures are not looked at.
type DB struct {
	mu     sync.Mutex
	tables map[string]*table
	keep   int
}

// New returns an empty database that keeps the latest items of each table, so
// that a demo that runs for days does not grow.
func New(keep int) *DB {
	return &DB{tables: map[string]*table{}, keep: keep}
}

// apiError is an error of the API. It becomes the "__type" of the response.
type apiError struct {
	status  int
	kind    string
	message string
}

func (e *apiError) Error() string { return e.kind + ": " + e.message }

const (
	serviceNamespace = "com.amazonaws.dynamodb.v20120810#"
	coralNamespace   = "com.amazon.coral.service#"
	coralValidate    = "com.amazon.coral.validate#"
)

func validation(format string, args ...any) error {
	return &apiError{http.StatusBadRequest, coralValidate + "ValidationException", fmt.Sprintf(format, args...)}
}

// ServeHTTP answers one call.
func (d *DB) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" || r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	out, err := d.call(r.Header.Get("X-Amz-Target"), http.MaxBytesReader(w, r.Body, maxRequest))
	status := http.StatusOK
	if err != nil {
		status, out = errorResponse(err)
	}
	body, err := json.Marshal(out)
	if err != nil { // cannot be: everything in it came from JSON
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/x-amz-json-1.0")
	h.Set("X-Amzn-RequestId", rand.Text())
	h.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	w.WriteHeader(status)
	w.Write(body)
}

func errorResponse(err error) (status int, body any) {
	var e *apiError
	if !errors.As(err, &e) {
		e = &apiError{http.StatusBadRequest, coralNamespace + "SerializationException", err.Error()}
	}
	return e.status, map[string]string{"__type": e.kind, "message": e.message}
}

func (d *DB) call(target string, body io.Reader) (any, error) {
	operation, ok := strings.CutPrefix(target, targetPrefix)
	if !ok {
		return nil, &apiError{http.StatusBadRequest, coralNamespace + "UnknownOperationException", ""}
	}
	switch operation {
	case "CreateTable":
		return decoded(body, d.createTable)
	case "DescribeTable":
		return decoded(body, d.describeTable)
	case "PutItem":
		return decoded(body, d.putItem)
	case "GetItem":
		return decoded(body, d.getItem)
	}
	return nil, &apiError{http.StatusBadRequest, coralNamespace + "UnknownOperationException", ""}
}

// decoded calls f with what body holds. Errors that are not of the API are the
// decoder's.
func decoded[In any](body io.Reader, f func(In) (any, error)) (any, error) {
	var in In
	if err := json.NewDecoder(body).Decode(&in); err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	return f(in)
}
