// Package xrayudp exports spans over UDP to an AWS X-Ray daemon: the one that
// AWS Lambda has in every function's environment, or one beside the service.
// A function that uses it needs no extension layer and no network to send
// traces, and the export takes microseconds.
//
// A datagram is the daemon's header line, the prefix T1S (for spans that are
// sampled, T1U for others) and the spans as OTLP in base64, which is what
// AWS's own OpenTelemetry distributions send. The daemon passes it to X-Ray
// as it is.
//
// A datagram has at most 64 KB, so spans are spread over several, and a span
// that alone does not fit is lost and counted. UDP tells nobody whether
// somebody listens.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-daemon
package xrayudp

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/bragg-tracing/bragg/pkg/sdk/internal/chunk"
)

const (
	// DefaultAddress is where a daemon listens.
	DefaultAddress = "127.0.0.1:2000"

	daemonHeader = `{"format":"json","version":1}` + "\n"
	sampled      = "T1S"
	unsampled    = "T1U"

	// maxDatagram is the largest payload of UDP over IPv4.
	maxDatagram = 65507

	writeTimeout = time.Second
)

// MaxSpan is how many bytes of OTLP fit into one datagram: more than a span may
// have, with its resource and scope.
const MaxSpan = (maxDatagram - len(daemonHeader) - len(sampled)) / 4 * 3

// Exporter is an exporter to one daemon. Its methods may be called
// concurrently.
type Exporter struct {
	*otlptrace.Exporter
	client *client
}

var _ sdktrace.SpanExporter = (*Exporter)(nil)

// New returns an exporter to the daemon at address, host:port or the longer
// form of AWS_XRAY_DAEMON_ADDRESS (tcp:host:port udp:host:port). An empty
// address is that variable's, or [DefaultAddress]. No name is looked up before
// the first export; an error means that the address cannot be read.
func New(address string) (*Exporter, error) {
	address = cmp.Or(address, strings.TrimSpace(os.Getenv("AWS_XRAY_DAEMON_ADDRESS")), DefaultAddress)
	udp, err := UDPAddress(address)
	if err != nil {
		return nil, err
	}
	c := &client{address: udp}
	return &Exporter{otlptrace.NewUnstarted(c), c}, nil
}

// UDPAddress returns the UDP half of a daemon address as the X-Ray SDKs take
// it: host:port, or tcp:host:port and udp:host:port in any order.
func UDPAddress(address string) (string, error) { return half(address, "udp:") }

// TCPAddress returns the TCP half of a daemon address, where sampling calls go.
func TCPAddress(address string) (string, error) { return half(address, "tcp:") }

func half(address, prefix string) (string, error) {
	for _, part := range strings.Fields(address) {
		named := strings.HasPrefix(part, "udp:") || strings.HasPrefix(part, "tcp:")
		if named && !strings.HasPrefix(part, prefix) {
			continue
		}
		if named {
			part = part[len(prefix):]
		}
		if host, port, err := net.SplitHostPort(part); err == nil && host != "" && port != "" {
			return part, nil
		}
	}
	return "", fmt.Errorf("daemon address %q: want host:port, or tcp:host:port udp:host:port", address)
}

// Lost returns how many spans were too large for a datagram, or could not be
// sent.
func (e *Exporter) Lost() uint64 {
	e.client.mu.Lock()
	defer e.client.mu.Unlock()
	return e.client.lost
}

// client sends what otlptrace translated.
type client struct {
	address string

	mu   sync.Mutex
	conn net.Conn // nil before the first export, and after a failure
	lost uint64
}

var _ otlptrace.Client = (*client)(nil)

// Start implements otlptrace.Client.
func (c *client) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *client) Stop(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.close()
}

func (c *client) close() error {
	if c.conn == nil {
		return nil
	}
	err := c.conn.Close()
	c.conn = nil
	return err
}

// UploadTraces implements otlptrace.Client.
func (c *client) UploadTraces(ctx context.Context, traces []*tracepb.ResourceSpans) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	lost := 0
	var errs []error
	for _, part := range []struct {
		prefix string
		spans  []*tracepb.ResourceSpans
	}{{sampled, only(traces, true)}, {unsampled, only(traces, false)}} {
		requests, left := chunk.Split(part.spans, chunk.Limits{Bytes: MaxSpan})
		if left > 0 {
			lost += left
			errs = append(errs, fmt.Errorf("%d are too large for a datagram", left))
		}
		for _, r := range requests {
			if err := c.send(ctx, part.prefix, r); err != nil {
				lost += chunk.Count(r)
				errs = append(errs, err)
			}
		}
	}
	if len(errs) == 0 {
		return nil
	}
	c.lost += uint64(lost)
	return &chunk.LostError{Spans: lost, Cause: errors.Join(errs...)}
}

// send sends one datagram. A refusal of the one before (nobody listened) shows
// at the next write, so a failure is tried again once, on a new socket.
func (c *client) send(ctx context.Context, prefix string, traces []*tracepb.ResourceSpans) error {
	message, err := proto.Marshal(&collectortrace.ExportTraceServiceRequest{ResourceSpans: traces})
	if err != nil {
		return err
	}
	datagram := make([]byte, 0, len(daemonHeader)+len(prefix)+base64.StdEncoding.EncodedLen(len(message)))
	datagram = append(append(datagram, daemonHeader...), prefix...)
	datagram = base64.StdEncoding.AppendEncode(datagram, message)
	if err = c.write(ctx, datagram); err != nil {
		err = c.write(ctx, datagram)
	}
	if err != nil {
		return fmt.Errorf("X-Ray daemon at %s: %w", c.address, err)
	}
	return nil
}

func (c *client) write(ctx context.Context, datagram []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if c.conn == nil {
		conn, err := (&net.Dialer{}).DialContext(ctx, "udp", c.address)
		if err != nil {
			return err
		}
		c.conn = conn
	}
	deadline, _ := ctx.Deadline()
	err := c.conn.SetWriteDeadline(deadline)
	if err == nil {
		_, err = c.conn.Write(datagram)
	}
	if err != nil {
		return errors.Join(err, c.close())
	}
	return nil
}

// only returns the spans that are sampled, or those that are not.
func only(traces []*tracepb.ResourceSpans, sampled bool) []*tracepb.ResourceSpans {
	const flag = 1 // of W3C trace flags
	var kept []*tracepb.ResourceSpans
	for _, rs := range traces {
		out := &tracepb.ResourceSpans{Resource: rs.Resource, SchemaUrl: rs.SchemaUrl}
		for _, ss := range rs.ScopeSpans {
			spans := make([]*tracepb.Span, 0, len(ss.Spans))
			for _, span := range ss.Spans {
				if (span.Flags&flag != 0) == sampled {
					spans = append(spans, span)
				}
			}
			if len(spans) > 0 {
				out.ScopeSpans = append(out.ScopeSpans, &tracepb.ScopeSpans{Scope: ss.Scope, Spans: spans, SchemaUrl: ss.SchemaUrl})
			}
		}
		if len(out.ScopeSpans) > 0 {
			kept = append(kept, out)
		}
	}
	return kept
}
