package tracelambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"sync"

	"github.com/aws/aws-lambda-go/lambda"
)

// A response is what aws-lambda-go reads a function's answer from, and closes
// when it has sent it.
type response struct {
	io.Reader
	text        []byte // the whole answer, nil for one that is streamed
	contentType string
	sent        func()
}

const (
	contentJSON  = "application/json"
	contentBytes = "application/octet-stream" // aws-lambda-go's own default
)

// ContentType is asked for by aws-lambda-go.
func (r *response) ContentType() string { return r.contentType }

// MarshalJSON fails: that is how aws-lambda-go finds out that an answer is to
// be read.
func (r *response) MarshalJSON() ([]byte, error) {
	return nil, errors.New("a response is read, not encoded")
}

// Close is called when the answer has been sent.
func (r *response) Close() error {
	defer r.sent()
	if c, ok := r.Reader.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

func newResponse(text []byte) *response {
	return &response{Reader: bytes.NewReader(text), text: text, contentType: contentJSON}
}

// A caller calls a function of the user's.
type caller func(ctx context.Context, payload []byte) (*response, error)

// buffered calls a handler whose answer is there at once.
func buffered(handler any, options []lambda.Option) caller {
	free := &handlers{make: func() lambda.Handler { return lambda.NewHandlerWithOptions(handler, options...) }}
	free.put(free.make()) // what is wrong with the handler shows at once
	return func(ctx context.Context, payload []byte) (*response, error) {
		h := free.get()
		defer free.put(h)
		text, err := h.Invoke(ctx, payload)
		if err != nil {
			return nil, err
		}
		return newResponse(bytes.Clone(text)), nil
	}
}

// handlers are as many as were ever called at the same time: the answer of one
// of aws-lambda-go's lies in memory that its next call uses
// (https://github.com/aws/aws-lambda-go/blob/v1.55.1/lambda/handler.go#L193).
type handlers struct {
	make func() lambda.Handler
	mu   sync.Mutex
	free []lambda.Handler
}

func (h *handlers) get() lambda.Handler {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.free) - 1
	if n < 0 {
		return h.make()
	}
	last := h.free[n]
	h.free = h.free[:n]
	return last
}

func (h *handlers) put(x lambda.Handler) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.free = append(h.free, x)
}

var (
	contextType = reflect.TypeFor[context.Context]()
	readerType  = reflect.TypeFor[io.Reader]()
	errorType   = reflect.TypeFor[error]()
)

// streaming calls a function that returns a reader. It is nil for all others,
// and for what lambda.Start would refuse.
func streaming(handler any) caller {
	t := reflect.TypeOf(handler)
	if t == nil || t.Kind() != reflect.Func || t.IsVariadic() || t.NumOut() != 2 ||
		!t.Out(0).Implements(readerType) || !t.Out(1).Implements(errorType) {
		return nil
	}
	takesContext := t.NumIn() > 0 && contextType.AssignableTo(t.In(0)) && t.In(0).Implements(contextType)
	events := t.NumIn()
	if takesContext {
		events--
	}
	if events > 1 {
		return nil
	}
	f := reflect.ValueOf(handler)
	return func(ctx context.Context, payload []byte) (*response, error) {
		var args []reflect.Value
		if takesContext {
			args = append(args, reflect.ValueOf(ctx))
		}
		if events == 1 {
			event := reflect.New(t.In(t.NumIn() - 1))
			if err := json.Unmarshal(payload, event.Interface()); err != nil {
				return nil, err
			}
			args = append(args, event.Elem())
		}
		out := f.Call(args)
		if err, ok := out[1].Interface().(error); ok && err != nil {
			return nil, err
		}
		return stream(out[0].Interface())
	}
}

// stream is the answer that a value stands for: by aws-lambda-go's rule its
// JSON, and what is read from it only where that is nothing.
func stream(value any) (*response, error) {
	if text, err := json.Marshal(value); err == nil && string(text) != "{}" {
		return newResponse(text), nil
	}
	r := &response{Reader: value.(io.Reader), contentType: contentBytes}
	if t, ok := value.(interface{ ContentType() string }); ok {
		r.contentType = t.ContentType()
	}
	return r, nil
}
