package sink

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc/codes"
)

const (
	// maxWireBytes is New Relic's limit of one request, 1 MB = 10^6 bytes, as
	// it travels: after compression.
	maxWireBytes = 1_000_000
	// maxBodyBytes bounds what a request may grow to when decompressed.
	maxBodyBytes = 20_000_000
)

var (
	tooLarge = &refusal{http.StatusRequestEntityTooLarge, codes.ResourceExhausted,
		fmt.Sprintf("the request has more than %d bytes, New Relic's limit: send smaller batches", maxWireBytes)}
	grownTooLarge = &refusal{http.StatusRequestEntityTooLarge, codes.ResourceExhausted,
		fmt.Sprintf("the request has more than %d bytes when decompressed: send smaller batches", maxBodyBytes)}
)

// readBody returns the decompressed body of a request.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	if r.ContentLength > maxWireBytes {
		return nil, tooLarge
	}
	wire := http.MaxBytesReader(w, r.Body, maxWireBytes)
	plain, closeReader, err := decompress(wire, r.Header.Get("Content-Encoding"))
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, &refusal{http.StatusUnsupportedMediaType, codes.InvalidArgument,
			fmt.Sprintf("content encoding %.100q: want gzip, zstd or none", r.Header.Get("Content-Encoding"))}
	}
	var body []byte
	if err == nil {
		defer closeReader()
		body, err = io.ReadAll(io.LimitReader(plain, maxBodyBytes+1))
	}
	var overWire *http.MaxBytesError
	switch {
	case errors.As(err, &overWire):
		return nil, tooLarge
	case len(body) > maxBodyBytes, errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, grownTooLarge
	case err != nil:
		return nil, &refusal{http.StatusBadRequest, codes.InvalidArgument, "the body cannot be read: " + err.Error()}
	}
	return body, nil
}

// decompress returns a reader of the plain body, and what ends it.
func decompress(body io.Reader, encoding string) (io.Reader, func(), error) {
	switch encoding {
	case "", "identity":
		return body, func() {}, nil
	case "gzip":
		z, err := gzip.NewReader(body)
		return z, func() {}, err
	case "zstd":
		z, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxBodyBytes))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return nil, nil, errors.ErrUnsupported
}
