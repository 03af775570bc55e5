package client

import (
	"bytes"
	"io"
	"net/http"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/xray"
)

// InProcess returns a client whose calls go straight to h, in memory and on the
// caller's goroutine, without a socket. The requests carry the Host
// "localhost", a loopback RemoteAddr and a signature by dummy credentials.
func InProcess(h http.Handler) *xray.Client {
	return xray.New(options("http://localhost", "", inProcess{h}))
}

type inProcess struct{ handler http.Handler }

// RoundTrip answers as a server would that runs the handler.
func (p inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	in := req.Clone(req.Context())
	in.RequestURI = req.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:0"
	if in.Host == "" {
		in.Host = req.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer in.Body.Close() // the transport owns the body of a request

	w := &recorder{header: make(http.Header)}
	p.handler.ServeHTTP(w, in)
	return w.response(req), nil
}

// recorder is the http.ResponseWriter that keeps the answer.
type recorder struct {
	header http.Header // the handler's
	sent   http.Header // a copy of it, as it was when the status was written
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 { // 1xx are not the answer yet
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

func (w *recorder) response(req *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	return &http.Response{
		Status:     strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		StatusCode: w.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        w.sent,
		Body:          io.NopCloser(&w.body),
		ContentLength: int64(w.body.Len()),
		Request:       req,
	}
}
