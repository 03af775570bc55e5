package awsxrayreceiver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapio"
)

// Limits of one call. The SDKs' own are some KB, and give up after seconds.
const (
	maxCallBytes   = 1 << 20
	maxHeaderBytes = 64 << 10
	callTimeout    = 20 * time.Second
	idleTimeout    = 2 * time.Minute
)

// A proxy takes calls of X-Ray's API over HTTP, signs them and passes them on.
type proxy struct {
	upstream *upstream
	forward  *httputil.ReverseProxy
	logger   *zap.Logger
	loopback bool // bound to a loopback address

	address net.Addr
	server  *http.Server
	log     *zapio.Writer
	gone    chan struct{} // closed when the goroutine has ended
}

// startProxy binds the endpoint and serves. Its owner must call close.
func startProxy(cfg *ProxyConfig, logger *zap.Logger, host component.Host) (*proxy, error) {
	up, err := newUpstream(cfg, logger)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", cfg.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("sampling calls: %w", err)
	}
	p := &proxy{upstream: up, logger: logger, address: listener.Addr(), gone: make(chan struct{})}
	if a, ok := listener.Addr().(*net.TCPAddr); ok {
		p.loopback = a.IP.IsLoopback()
	}
	p.forward = &httputil.ReverseProxy{Rewrite: rewrite, Transport: up, ErrorHandler: p.fail}
	p.log = &zapio.Writer{Log: logger, Level: zap.DebugLevel}
	p.forward.ErrorLog = newStandardLog(p.log)
	p.server = &http.Server{
		Handler: p, ErrorLog: p.forward.ErrorLog, MaxHeaderBytes: maxHeaderBytes,
		ReadHeaderTimeout: callTimeout, ReadTimeout: callTimeout, WriteTimeout: 2 * callTimeout, IdleTimeout: idleTimeout,
	}
	go p.serve(listener, host)
	logger.Info("Passing sampling calls to X-Ray", zap.Stringer("tcp", p.address))
	return p, nil
}

func (p *proxy) serve(listener net.Listener, host component.Host) {
	defer close(p.gone)
	if err := p.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(fmt.Errorf("sampling calls: %w", err)))
	}
}

// close ends the calls that are under way when ctx ends. A nil proxy is closed.
func (p *proxy) close(ctx context.Context) error {
	if p == nil {
		return nil
	}
	err := p.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, p.server.Close())
	}
	<-p.gone
	p.upstream.close()
	return errors.Join(err, p.log.Close())
}

// ServeHTTP implements http.Handler.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if why := p.refuses(r); why != "" {
		answer(w, http.StatusForbidden, "AccessDeniedException", why)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallBytes))
	if err != nil {
		status := http.StatusBadRequest
		if errors.As(err, new(*http.MaxBytesError)) {
			status = http.StatusRequestEntityTooLarge
		}
		answer(w, status, "InvalidRequestException", "read the request: "+err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
	defer cancel()
	r = r.WithContext(ctx)
	r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	p.forward.ServeHTTP(w, r)
}

// fail answers a call that did not reach X-Ray.
func (p *proxy) fail(w http.ResponseWriter, r *http.Request, err error) {
	p.logger.Debug("A sampling call did not reach X-Ray", zap.String("path", r.URL.Path), zap.Error(err))
	answer(w, http.StatusBadGateway, "BadGatewayException", "the collector cannot reach X-Ray: "+err.Error())
}

// answer answers as AWS does.
func answer(w http.ResponseWriter, status int, shape, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Errortype", shape)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": shape, "message": message})
}
