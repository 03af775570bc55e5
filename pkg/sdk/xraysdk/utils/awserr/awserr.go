// Package awserr has errors like those of AWS's SDK for Go, version 1, for
// code that made or tested such errors with the X-Ray SDK.
package awserr

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Error is an error with a code.
type Error interface {
	error
	Code() string    // of the kind of error
	Message() string // about this one
	OrigErr() error  // that caused it, or nil
}

// BatchError is an error with several causes.
type BatchError interface {
	error
	Code() string
	Message() string
	OrigErrs() []error
}

// BatchedErrors is an Error with several causes.
type BatchedErrors interface {
	Error
	OrigErrs() []error
}

// RequestFailure is an error that a service answered with.
type RequestFailure interface {
	Error
	StatusCode() int
	RequestID() string // "" if there was no answer
}

// UnmarshalError is about bytes that could not be read.
type UnmarshalError interface {
	awsError
	Bytes() []byte
}

type awsError Error

// New returns an Error; origErr may be nil.
func New(code, message string, origErr error) Error {
	if origErr == nil {
		return &baseError{code: code, message: message}
	}
	return &baseError{code, message, []error{origErr}}
}

// NewBatchError returns an error with the given causes.
func NewBatchError(code, message string, errs []error) BatchedErrors {
	return &baseError{code, message, errs}
}

// NewRequestFailure returns err with a status and an id of the request.
func NewRequestFailure(err Error, statusCode int, reqID string) RequestFailure {
	return &requestError{err, statusCode, reqID}
}

// NewUnmarshalError returns an error about bytes.
func NewUnmarshalError(err error, msg string, bytes []byte) UnmarshalError {
	return &unmarshalError{New("UnmarshalError", msg, err), bytes}
}

// SprintError puts an error's parts together; extra and origErr may be empty.
func SprintError(code, message, extra string, origErr error) string {
	text := code + ": " + message
	if extra != "" {
		text += "\n\t" + extra
	}
	if origErr != nil {
		text += "\ncaused by: " + origErr.Error()
	}
	return text
}

type baseError struct {
	code, message string
	causes        []error
}

func (e *baseError) Code() string      { return e.code }
func (e *baseError) Message() string   { return e.message }
func (e *baseError) OrigErrs() []error { return e.causes }
func (e *baseError) String() string    { return e.Error() }

func (e *baseError) Error() string {
	if len(e.causes) == 0 {
		return SprintError(e.code, e.message, "", nil)
	}
	return SprintError(e.code, e.message, "", causes(e.causes))
}

// OrigErr returns the cause; of several, the first with the others as its own
// causes.
func (e *baseError) OrigErr() error {
	switch len(e.causes) {
	case 0:
		return nil
	case 1:
		return e.causes[0]
	}
	if first, ok := e.causes[0].(Error); ok {
		return NewBatchError(first.Code(), first.Message(), e.causes[1:])
	}
	return NewBatchError("BatchedErrors", "multiple errors occurred", e.causes)
}

type requestError struct {
	awsError
	status int
	id     string
}

func (e *requestError) StatusCode() int   { return e.status }
func (e *requestError) RequestID() string { return e.id }
func (e *requestError) String() string    { return e.Error() }

func (e *requestError) Error() string {
	extra := fmt.Sprintf("status code: %d, request id: %s", e.status, e.id)
	return SprintError(e.Code(), e.Message(), extra, e.OrigErr())
}

func (e *requestError) OrigErrs() []error {
	if batch, ok := e.awsError.(BatchedErrors); ok {
		return batch.OrigErrs()
	}
	return []error{e.OrigErr()}
}

type unmarshalError struct {
	awsError
	bytes []byte
}

func (e *unmarshalError) Bytes() []byte  { return e.bytes }
func (e *unmarshalError) String() string { return e.Error() }
func (e *unmarshalError) Error() string {
	return SprintError(e.Code(), e.Message(), hex.Dump(e.bytes), e.OrigErr())
}

// causes is several errors, one a line.
type causes []error

func (list causes) Error() string {
	lines := make([]string, len(list))
	for i, err := range list {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}
