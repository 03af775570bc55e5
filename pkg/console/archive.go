package console

import (
	"net/http"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/archive"
)

// maxImport bounds a file that is imported, in bytes.
const maxImport = 1 << 30

// export serves the traces of a selection as a file, ?format=documents or otlp.
func (c *console) export(w http.ResponseWriter, r *http.Request) {
	q, err := c.selection(r)
	if err != nil {
		answer(func(*http.Request) (any, error) { return nil, err })(w, r)
		return
	}
	format, end := archive.Documents, ".jsonl"
	if r.FormValue("format") == string(archive.OTLP) {
		format, end = archive.OTLP, ".otlp.jsonl"
	}
	asFile(w, "traces"+end)
	_, err = archive.Write(r.Context(), w, format, archive.FromAPI(c.xray), archive.Selection{From: q.From, To: q.To, Filter: q.Filter}, nil)
	if err != nil {
		panic(http.ErrAbortHandler) // the file is cut off, and the browser says so
	}
}

// An importAnswer says what of a file was stored.
type importAnswer struct {
	Documents int    `json:"documents"`
	Spans     int    `json:"spans"`
	Refused   int    `json:"refused"`
	Why       string `json:"why"` // of the first that was refused
}

// imported stores a file of segment documents or OTLP's JSON.
func (c *console) imported(r *http.Request) (any, error) {
	var out importAnswer
	n, err := archive.Read(r.Context(), http.MaxBytesReader(nil, r.Body, maxImport), archive.ToAPI(c.xray), nil, func(why string) {
		if out.Why == "" {
			out.Why = why
		}
	})
	if err != nil {
		return nil, badRequest("The file cannot be imported", err.Error())
	}
	out.Documents, out.Spans, out.Refused = n.Documents, n.Spans, n.Refused
	return out, nil
}
