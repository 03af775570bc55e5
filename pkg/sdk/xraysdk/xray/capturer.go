package xray

import (
	"io"
	"net/http"
)

// A capturer is a response writer that notes the status that the client sees:
// that of the first call of WriteHeader.
type capturer struct {
	http.ResponseWriter
	status int // 0 before
}

func (c *capturer) WriteHeader(code int) {
	if c.status == 0 && (code >= 200 || code == http.StatusSwitchingProtocols) {
		c.status = code
	}
	c.ResponseWriter.WriteHeader(code)
}

// WriteString spares a copy.
func (c *capturer) WriteString(s string) (int, error) { return io.WriteString(c.ResponseWriter, s) }

// Unwrap is for http.ResponseController.
func (c *capturer) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// capture returns a response writer that has the optional interfaces of another,
// and no more: programs ask for them.
func capture(w http.ResponseWriter) (http.ResponseWriter, *capturer) {
	c := &capturer{ResponseWriter: w}
	//lint:ignore SA1019 programs may use it
	closeNotifier, isCloseNotifier := w.(http.CloseNotifier)
	flusher, isFlusher := w.(http.Flusher)
	hijacker, isHijacker := w.(http.Hijacker)
	pusher, isPusher := w.(http.Pusher)
	readerFrom, isReaderFrom := w.(io.ReaderFrom)
	has := bit(isCloseNotifier, 0) | bit(isFlusher, 1) | bit(isHijacker, 2) | bit(isPusher, 3) | bit(isReaderFrom, 4)
	return c.as(has, closeNotifier, flusher, hijacker, pusher, readerFrom), c
}

func bit(is bool, n uint) uint {
	if is {
		return 1 << n
	}
	return 0
}

//lint:ignore SA1019 programs may use it
type closeNotifier = http.CloseNotifier

// as returns c with the interfaces that has names, bit by bit in the order of
// the parameters.
func (c *capturer) as(has uint, n closeNotifier, f http.Flusher, h http.Hijacker, p http.Pusher, r io.ReaderFrom) http.ResponseWriter {
	switch has {
	case 0b00001:
		return struct {
			*capturer
			closeNotifier
		}{c, n}
	case 0b00010:
		return struct {
			*capturer
			http.Flusher
		}{c, f}
	case 0b00011:
		return struct {
			*capturer
			closeNotifier
			http.Flusher
		}{c, n, f}
	case 0b00100:
		return struct {
			*capturer
			http.Hijacker
		}{c, h}
	case 0b00101:
		return struct {
			*capturer
			closeNotifier
			http.Hijacker
		}{c, n, h}
	case 0b00110:
		return struct {
			*capturer
			http.Flusher
			http.Hijacker
		}{c, f, h}
	case 0b00111:
		return struct {
			*capturer
			closeNotifier
			http.Flusher
			http.Hijacker
		}{c, n, f, h}
	case 0b01000:
		return struct {
			*capturer
			http.Pusher
		}{c, p}
	case 0b01001:
		return struct {
			*capturer
			closeNotifier
			http.Pusher
		}{c, n, p}
	case 0b01010:
		return struct {
			*capturer
			http.Flusher
			http.Pusher
		}{c, f, p}
	case 0b01011:
		return struct {
			*capturer
			closeNotifier
			http.Flusher
			http.Pusher
		}{c, n, f, p}
	case 0b01100:
		return struct {
			*capturer
			http.Hijacker
			http.Pusher
		}{c, h, p}
	case 0b01101:
		return struct {
			*capturer
			closeNotifier
			http.Hijacker
			http.Pusher
		}{c, n, h, p}
	case 0b01110:
		return struct {
			*capturer
			http.Flusher
			http.Hijacker
			http.Pusher
		}{c, f, h, p}
	case 0b01111:
		return struct {
			*capturer
			closeNotifier
			http.Flusher
			http.Hijacker
			http.Pusher
		}{c, n, f, h, p}
	case 0b10000:
		return struct {
			*capturer
			io.ReaderFrom
		}{c, r}
	case 0b10001:
		return struct {
			*capturer
			closeNotifier
			io.ReaderFrom
		}{c, n, r}
	case 0b10010:
		return struct {
			*capturer
			http.Flusher
			io.ReaderFrom
		}{c, f, r}
	case 0b10011:
		return struct {
			*capturer
			closeNotifier
			http.Flusher
			io.ReaderFrom
		}{c, n, f, r}
	case 0b10100:
		return struct {
			*capturer
			http.Hijacker
			io.ReaderFrom
		}{c, h, r}
	case 0b10101:
		return struct {
			*capturer
			closeNotifier
			http.Hijacker
			io.ReaderFrom
		}{c, n, h, r}
	case 0b10110:
		return struct {
			*capturer
			http.Flusher
			http.Hijacker
			io.ReaderFrom
		}{c, f, h, r}
	case 0b10111:
		return struct {
			*capturer
			closeNotifier
			http.Flusher
			http.Hijacker
			io.ReaderFrom
		}{c, n, f, h, r}
	case 0b11000:
		return struct {
			*capturer
			http.Pusher
			io.ReaderFrom
		}{c, p, r}
	case 0b11001:
		return struct {
			*capturer
			closeNotifier
			http.Pusher
			io.ReaderFrom
		}{c, n, p, r}
	case 0b11010:
		return struct {
			*capturer
			http.Flusher
			http.Pusher
			io.ReaderFrom
		}{c, f, p, r}
	case 0b11011:
		return struct {
			*capturer
			closeNotifier
			http.Flusher
			http.Pusher
			io.ReaderFrom
		}{c, n, f, p, r}
	case 0b11100:
		return struct {
			*capturer
			http.Hijacker
			http.Pusher
			io.ReaderFrom
		}{c, h, p, r}
	case 0b11101:
		return struct {
			*capturer
			closeNotifier
			http.Hijacker
			http.Pusher
			io.ReaderFrom
		}{c, n, h, p, r}
	case 0b11110:
		return struct {
			*capturer
			http.Flusher
			http.Hijacker
			http.Pusher
			io.ReaderFrom
		}{c, f, h, p, r}
	case 0b11111:
		return struct {
			*capturer
			closeNotifier
			http.Flusher
			http.Hijacker
			http.Pusher
			io.ReaderFrom
		}{c, n, f, h, p, r}
	}
	return c
}
