// Package exception makes the exceptions of segments from Go's errors.
package exception

import (
	"fmt"
	"strings"
)

// FormattingStrategy makes errors with stacks, and exceptions from errors.
type FormattingStrategy interface {
	Error(message string) *XRayError
	Errorf(formatString string, args ...interface{}) *XRayError
	Panic(message string) *XRayError
	Panicf(formatString string, args ...interface{}) *XRayError
	ExceptionFromError(err error) Exception
}

// Exception is an exception of a segment document.
type Exception struct {
	ID      string  `json:"id,omitempty"`
	Type    string  `json:"type,omitempty"`
	Message string  `json:"message,omitempty"`
	Stack   []Stack `json:"stack,omitempty"`
	Remote  bool    `json:"remote,omitempty"`
}

// Stack is a frame of an exception's stack.
type Stack struct {
	Path  string `json:"path,omitempty"`
	Line  int    `json:"line,omitempty"`
	Label string `json:"label,omitempty"`
}

// StackTracer is implemented by errors that know where they come from, as
// runtime.Callers gives it.
type StackTracer interface {
	StackTrace() []uintptr
}

// Error is the interface of the errors of AWS's SDK for Go, version 1.
type Error interface {
	error
	Code() string    // of the kind of error
	Message() string // about this one
	OrigErr() error  // that caused it, or nil
}

// RequestFailure is the interface of the errors of AWS's SDK for Go, version
// 1, that a service answered with.
type RequestFailure interface {
	Error
	StatusCode() int
	RequestID() string // "" if there was no answer
}

// XRayError is an error with a stack.
type XRayError struct {
	Type    string
	Message string
	Stack   []uintptr
}

// Error returns the message.
func (e *XRayError) Error() string { return e.Message }

// StackTrace returns the stack.
func (e *XRayError) StackTrace() []uintptr { return e.Stack }

// MultiError is several errors.
type MultiError []error

// Error lists the errors, one a line.
func (e MultiError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d errors occurred:\n", len(e))
	for _, err := range e {
		fmt.Fprintf(&b, "* %v\n", err)
	}
	return b.String()
}
