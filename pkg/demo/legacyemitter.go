package demo

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-xray-sdk-go/v2/xray"
	"github.com/aws/aws-xray-sdk-go/v2/xraylog"

	"github.com/bragg-tracing/bragg/pkg/demo/internal/xrayenv"
)

func init() {
	xrayenv.Restore()
	// The X-Ray SDK logs to standard output unless told otherwise, and can be
	// told so only here.
	xray.SetLogger(xrayLogger{})
}

// xrayLogger hands what the X-Ray SDK says to slog's default, from warnings on.
type xrayLogger struct{}

func (xrayLogger) Log(level xraylog.LogLevel, message fmt.Stringer) {
	switch level {
	case xraylog.LogLevelError:
		slog.Error("X-Ray SDK", "message", message.String())
	case xraylog.LogLevelWarn:
		slog.Warn("X-Ray SDK", "message", message.String())
	}
}

// legacyEmitter is the original SDK's emitter with an eye on what it emits. It
// is both the Emitter and the StreamingStrategy of the SDK: the strategy is
// asked about each segment and subsegment right before it is written, whether
// it leaves in its parent's document or in one of its own, and that is the only
// place where subsegments can be seen from outside.
type legacyEmitter struct {
	xray.StreamingStrategy
	daemon   *xray.DefaultEmitter
	recorder *Recorder // may be nil

	drop    int64 // which segment is lost, from 1; 0 is none
	emitted atomic.Int64
	nowhere *xray.DefaultEmitter // takes what is lost
	unread  *net.UDPConn         // where nowhere sends to
}

func newLegacyEmitter(ctx context.Context, cfg *Config) (*legacyEmitter, error) {
	address, err := resolveDaemon(ctx, cfg.DaemonAddress)
	if err != nil {
		return nil, err
	}
	e := &legacyEmitter{recorder: cfg.Recorder, drop: int64(cfg.DropLegacySegment)}
	if e.StreamingStrategy, err = xray.NewDefaultStreamingStrategy(); err != nil {
		return nil, fmt.Errorf("X-Ray SDK: %w", err)
	}
	if e.daemon, err = xray.NewDefaultEmitter(address); err != nil {
		return nil, fmt.Errorf("X-Ray SDK: %w", err)
	}
	if e.drop == 0 {
		return e, nil
	}
	if e.unread, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		return nil, fmt.Errorf("open a socket to lose a segment in: %w", err)
	}
	if e.nowhere, err = xray.NewDefaultEmitter(e.unread.LocalAddr().(*net.UDPAddr)); err != nil {
		return nil, fmt.Errorf("X-Ray SDK: %w", err)
	}
	return e, nil
}

// Emit sends a segment that has ended. The SDK holds the segment's lock.
//
// The SDK can emit a segment twice, when the goroutine that waits for the end
// of its context runs in the middle of Close. The second time its children are
// in it twice, so it is left out.
func (e *legacyEmitter) Emit(seg *xray.Segment) {
	if len(seg.Subsegments) > 0 { // filled in by the first time
		return
	}
	if e.emitted.Add(1) == e.drop {
		e.nowhere.Emit(seg)
		return
	}
	e.daemon.Emit(seg)
}

// RefreshEmitterWithAddress does nothing: the address is given once, and the
// SDK would give the one of its environment variable.
func (e *legacyEmitter) RefreshEmitterWithAddress(*net.UDPAddr) {}

// RequiresStreaming records the segment and leaves the answer to the SDK.
func (e *legacyEmitter) RequiresStreaming(seg *xray.Segment) bool {
	if e.recorder != nil {
		e.recorder.add(RecordedSpan{hexTraceID(seg.TraceID), seg.ID, Legacy})
	}
	return e.StreamingStrategy.RequiresStreaming(seg)
}

func (e *legacyEmitter) close() error {
	if e.unread == nil {
		return nil
	}
	return e.unread.Close()
}

// hexTraceID turns 1-5759e988-bd862e3fe1be46a994272793 into 32 digits.
func hexTraceID(xrayID string) string {
	return strings.ReplaceAll(strings.TrimPrefix(xrayID, "1-"), "-", "")
}

// resolveDaemon resolves what AWS_XRAY_DAEMON_ADDRESS can say: host:port, or
// "tcp:host:port udp:host:port" in any order, of which the UDP part counts.
func resolveDaemon(ctx context.Context, address string) (*net.UDPAddr, error) {
	if address == "" {
		address = "127.0.0.1:2000"
	}
	for part := range strings.FieldsSeq(address) {
		if udp, ok := strings.CutPrefix(part, "udp:"); ok {
			address = udp
		}
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("X-Ray daemon address %q: want host:port: %w", address, err)
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("X-Ray daemon address %q: %w", address, err)
	}
	number, err := net.DefaultResolver.LookupPort(ctx, "udp", port)
	if err != nil {
		return nil, fmt.Errorf("X-Ray daemon address %q: %w", address, err)
	}
	ip := ips[0]
	for _, candidate := range ips { // as the SDK does: receivers listen on 127.0.0.1 more often than on ::1
		if candidate.Unmap().Is4() {
			ip = candidate
			break
		}
	}
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip.Unmap(), uint16(number))), nil
}
