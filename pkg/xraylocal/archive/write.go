package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/otlp"
)

// A Format is how an archive is written.
type Format string

// The formats. Both have one JSON value to a line.
const (
	Documents Format = "documents" // segment documents, as PutTraceSegments takes them
	OTLP      Format = "otlp"      // OTLP's TracesData, as /v1/traces takes it, of one span each
)

// A Count says how much was written or read so far.
type Count struct {
	Traces    int // written
	Documents int
	Spans     int // written in OTLP, or read
	Refused   int // documents and spans that were read and could not be stored
	Bytes     int64
}

// Write writes what is selected of a source. Progress, if not nil, is called
// after each trace.
func Write(ctx context.Context, w io.Writer, format Format, from Source, sel Selection, progress func(Count)) (Count, error) {
	var n Count
	line := new(bytes.Buffer)
	err := from(ctx, sel, func(documents [][]byte) error {
		n.Traces++
		for _, raw := range documents {
			line.Reset()
			spans, err := appendDocument(line, format, raw)
			if err != nil {
				return err
			}
			n.Documents++
			n.Spans += spans
			n.Bytes += int64(line.Len())
			if _, err := w.Write(line.Bytes()); err != nil {
				return fmt.Errorf("write the archive: %w", err)
			}
		}
		if progress != nil {
			progress(n)
		}
		return nil
	})
	return n, err
}

// appendDocument writes a document's lines, and returns of how many spans.
func appendDocument(b *bytes.Buffer, format Format, raw []byte) (spans int, err error) {
	if format != OTLP {
		if err := json.Compact(b, raw); err != nil {
			return 0, fmt.Errorf("document: %w", err)
		}
		b.WriteByte('\n')
		return 0, nil
	}
	all, err := otlp.Spans(raw)
	if err != nil {
		return 0, err
	}
	for _, span := range all {
		b.WriteString(span.Document)
		b.WriteByte('\n')
	}
	return len(all), nil
}
