package exception

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"

	pkgerrors "github.com/pkg/errors"
)

const maxFrames = 32

// DefaultFormattingStrategy makes exceptions with stacks of at most FrameCount
// frames.
type DefaultFormattingStrategy struct {
	FrameCount int
}

// NewDefaultFormattingStrategy returns a strategy with 32 frames.
func NewDefaultFormattingStrategy() (*DefaultFormattingStrategy, error) {
	return &DefaultFormattingStrategy{FrameCount: maxFrames}, nil
}

// NewDefaultFormattingStrategyWithDefinedErrorFrameCount returns a strategy
// with 0 to 32 frames, and an error for another number.
func NewDefaultFormattingStrategyWithDefinedErrorFrameCount(frameCount int) (*DefaultFormattingStrategy, error) {
	if frameCount < 0 || frameCount > maxFrames {
		return nil, errors.New("frameCount must be a non-negative integer and less than 32")
	}
	return &DefaultFormattingStrategy{FrameCount: frameCount}, nil
}

// Error returns an error of the type "error" with the stack of its caller.
func (s *DefaultFormattingStrategy) Error(message string) *XRayError {
	return &XRayError{Type: "error", Message: message, Stack: s.callers()}
}

// Errorf is Error with a message that fmt.Sprintf makes.
func (s *DefaultFormattingStrategy) Errorf(formatString string, args ...interface{}) *XRayError {
	return &XRayError{Type: "error", Message: fmt.Sprintf(formatString, args...), Stack: s.callers()}
}

// Panic returns an error of the type "panic", with the stack of what panicked
// when it is called by a deferred function, else of its caller.
func (s *DefaultFormattingStrategy) Panic(message string) *XRayError {
	return &XRayError{Type: "panic", Message: message, Stack: s.panicked()}
}

// Panicf is Panic with a message that fmt.Sprintf makes.
func (s *DefaultFormattingStrategy) Panicf(formatString string, args ...interface{}) *XRayError {
	return &XRayError{Type: "panic", Message: fmt.Sprintf(formatString, args...), Stack: s.panicked()}
}

// ExceptionFromError returns the exception of an error: its type and message,
// the stack that it or an error that it wraps has, of [StackTracer] or of
// github.com/pkg/errors, or else the stack of the caller outside of this
// module. Remote is true for answers of AWS's services.
func (s *DefaultFormattingStrategy) ExceptionFromError(err error) Exception {
	if err == nil {
		return Exception{ID: newID(), Type: "nil", Message: "<nil>", Stack: frames(s.callers())}
	}
	e := Exception{
		ID:      newID(),
		Type:    strings.ReplaceAll(fmt.Sprintf("%T", err), "*", ""),
		Message: err.Error(),
		Remote:  isRemote(err),
	}
	var xrayError *XRayError
	if errors.As(err, &xrayError) {
		e.Type = xrayError.Type
	}
	stack, ok := stackOf(err)
	if !ok {
		stack = s.callers()
	}
	e.Stack = frames(stack)
	return e
}

// isRemote reports whether a service answered with the error: those of AWS's
// SDKs of version 1 and of version 2 know the id of the request.
func isRemote(err error) bool {
	var v1 RequestFailure
	if errors.As(err, &v1) {
		return v1.RequestID() != ""
	}
	var v2 interface {
		error
		ServiceRequestID() string
	}
	return errors.As(err, &v2) && v2.ServiceRequestID() != ""
}

func stackOf(err error) (stack []uintptr, ok bool) {
	var own StackTracer
	if errors.As(err, &own) {
		return own.StackTrace(), true
	}
	var wrapped interface {
		error
		StackTrace() pkgerrors.StackTrace
	}
	if !errors.As(err, &wrapped) {
		return nil, false
	}
	for _, frame := range wrapped.StackTrace() {
		stack = append(stack, uintptr(frame))
	}
	return stack, true
}

// thisModule begins the names of this module's functions.
const thisModule = "github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/"

// shims begins the names of functions of the modules that stand in for AWS's.
const shims = "github.com/aws/aws-xray-sdk-go/"

// callers returns the stack of the caller outside of this module.
func (s *DefaultFormattingStrategy) callers() []uintptr {
	stack, _ := s.stack()
	return stack
}

// panicked returns the stack of what panicked.
func (s *DefaultFormattingStrategy) panicked() []uintptr {
	stack, all := s.stack()
	for i, pc := range all {
		if name(pc) == "runtime.gopanic" {
			return s.cut(all[i+1:])
		}
	}
	return stack
}

func (s *DefaultFormattingStrategy) stack() (outside, all []uintptr) {
	pcs := make([]uintptr, maxFrames+16)
	all = pcs[:runtime.Callers(3, pcs)]
	outside = all
	for len(outside) > 1 && isOwn(name(outside[0])) {
		outside = outside[1:]
	}
	return s.cut(outside), all
}

func (s *DefaultFormattingStrategy) cut(stack []uintptr) []uintptr {
	return stack[:min(len(stack), max(s.FrameCount, 0))]
}

func isOwn(function string) bool {
	return (strings.HasPrefix(function, thisModule) || strings.HasPrefix(function, shims)) && !strings.Contains(function, "_test.")
}

func name(pc uintptr) string {
	if f := runtime.FuncForPC(pc - 1); f != nil {
		return f.Name()
	}
	return ""
}

func newID() string {
	const digits = "0123456789abcdef"
	var id [16]byte
	for i, r := 0, rand.Uint64(); i < len(id); i, r = i+1, r>>4 {
		id[i] = digits[r&15]
	}
	return string(id[:])
}

func frames(stack []uintptr) []Stack {
	if len(stack) == 0 {
		return nil
	}
	list := make([]Stack, 0, len(stack))
	all := runtime.CallersFrames(stack)
	for {
		frame, more := all.Next()
		list = append(list, frameOf(frame))
		if !more {
			return list
		}
	}
}

// frameOf shortens the file to the package's path and its name, and the
// function to what follows the package.
func frameOf(frame runtime.Frame) Stack {
	path := frame.File
	keep := strings.Count(frame.Function, "/") + 2 // of the path's elements
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] != '/' {
			continue
		}
		if keep--; keep == 0 {
			path = path[i+1:]
			break
		}
	}
	label := frame.Function[strings.LastIndexByte(frame.Function, '/')+1:]
	label = label[strings.IndexByte(label, '.')+1:]
	return Stack{Path: path, Line: frame.Line, Label: label}
}
