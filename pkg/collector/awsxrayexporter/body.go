package awsxrayexporter

import (
	"errors"
	"io"
	"sync"
)

const hexDigits = "0123456789abcdef"

// appendString appends text as a JSON string in quotes. Bytes that are not
// UTF-8 stay as they are: the translation gives none.
func appendString(dst, text []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i, c := range text {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, text[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	dst = append(dst, text[start:]...)
	return append(dst, '"')
}

// appendPut appends the body of a PutTraceSegments request.
func appendPut(dst []byte, documents []document) []byte {
	dst = append(dst, `{"TraceSegmentDocuments":[`...)
	for i := range documents {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, documents[i].body...)
	}
	return append(dst, "]}"...)
}

// putOverhead is what a put has besides its documents and their commas.
const putOverhead = len(`{"TraceSegmentDocuments":[]}`)

// errRevoked is what a transport gets that reads on after the answer.
var errRevoked = errors.New("the request is over")

// A body is what an HTTP request sends. A transport may still read it after
// the answer is there; revoke ends that, so that the memory can be used again.
type body struct {
	mu      sync.Mutex
	data    []byte
	offset  int
	revoked bool
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.revoked {
		return 0, errRevoked
	}
	if b.offset >= len(b.data) {
		return 0, io.EOF
	}
	n := copy(p, b.data[b.offset:])
	b.offset += n
	return n, nil
}

// Seek implements io.Seeker: signing reads the body before it is sent.
func (b *body) Seek(offset int64, whence int) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += int64(b.offset)
	case io.SeekEnd:
		offset += int64(len(b.data))
	}
	if b.revoked {
		return 0, errRevoked
	}
	if offset < 0 {
		return 0, errors.New("seek before the start")
	}
	b.offset = int(offset)
	return offset, nil
}

func (b *body) revoke() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.revoked, b.data = true, nil
}
