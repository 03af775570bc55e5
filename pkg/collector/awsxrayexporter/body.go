package awsxrayexporter

import (
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"slices"
	"sync"
)

const hexDigits = "0123456789abcdef"

// appendString appends text as a JSON string in quotes. Bytes that are not
// UTF-8 stay as they are: the translation gives none.
//
// Documents are full of quotes, so that the text between two has some eight
// bytes: it is copied by words, each from its start, and a word's bytes from
// the first quote on are written over.
func appendString(dst, text []byte) []byte {
	const most = len(`\u0000`) // that a byte becomes
	dst = slices.Grow(dst, 2+len(text)+len(text)/4+8*most)
	dst = append(dst, '"')
	for len(text) >= 8 {
		word := binary.LittleEndian.Uint64(text)
		n := bits.TrailingZeros64(special(word)) / 8 // 8 if there is none
		if cap(dst)-len(dst) < 8+most {
			dst = slices.Grow(dst, 2*len(text)+8*most)
		}
		end := len(dst)
		binary.LittleEndian.PutUint64(dst[end:end+8], word)
		dst = dst[:end+n]
		if n < 8 {
			dst = appendEscaped(dst, text[n])
			n++
		}
		text = text[n:]
	}
	for _, c := range text {
		if c >= ' ' && c != '"' && c != '\\' {
			dst = append(dst, c)
		} else {
			dst = appendEscaped(dst, c)
		}
	}
	return append(dst, '"')
}

// special returns a word with the highest bit set in each byte that holds a
// quote, a backslash or a control character in word, up to and including the
// first such byte; bytes after that may be marked wrongly.
func special(word uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, backslash := word^ones*'"', word^ones*'\\'
	return ((word - ones*' ') | (quote - ones) | (backslash - ones)) & ^word & highs
}

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
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

// WriteTo implements io.WriterTo, for the hash that is signed.
func (b *body) WriteTo(w io.Writer) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.revoked {
		return 0, errRevoked
	}
	n, err := w.Write(b.data[min(b.offset, len(b.data)):])
	b.offset += n
	return int64(n), err
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
