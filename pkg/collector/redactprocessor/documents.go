package redactprocessor

import (
	"bytes"
	"encoding/json"
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver/passthrough"
	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver/spans"
	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
	"github.com/bragg-tracing/bragg/pkg/segment"
)

// documents are the X-Ray documents of which a batch holds spans. The text of a
// document travels on one of its spans, and the awsxray exporter sends it if the
// spans are what the text makes (segment.DocumentAttribute). So it is redacted
// with them: else what they hide would be in it, or X-Ray would get less than
// the X-Ray SDK recorded.
type documents map[[8]byte]*document

type document struct {
	root     ptrace.Span       // has the text
	hasRoot  bool              // the root is in the batch
	whole    bool              // all spans are in the batch, as the text has them
	changed  bool              // a span was redacted
	replaced map[string]string // what texts of the spans became
}

// of returns the document that a span is part of, nil if it is of none.
func (d *documents) of(span ptrace.Span, verdict passthrough.Verdict) *document {
	v, ok := span.Attributes().Get(segment.PartAttribute)
	if !ok {
		return nil
	}
	part, ok := segment.ParsePart(v.Str())
	if !ok {
		return nil
	}
	if *d == nil {
		*d = documents{}
	}
	doc := (*d)[part.Document]
	if doc == nil {
		doc = &document{}
		(*d)[part.Document] = doc
	}
	if part.Index == 0 {
		doc.root, doc.hasRoot, doc.whole = span, true, verdict == passthrough.Send
	}
	return doc
}

// note remembers what became of a text. The nil document forgets it.
func (d *document) note(was, is string) {
	if d == nil {
		return
	}
	if d.replaced == nil {
		d.replaced = map[string]string{}
	}
	d.replaced[was] = is
}

// redact redacts the documents' texts.
func (d documents) redact(r redactor, td ptrace.Traces) {
	var changed map[[8]byte]bool
	for id, doc := range d {
		if doc.hasRoot && doc.redact(r) {
			if changed == nil {
				changed = map[[8]byte]bool{}
			}
			changed[id] = true
		}
	}
	if changed != nil {
		passthrough.Remark(td, changed)
	}
}

// redact puts the redacted text on the document's span, or removes it if there
// is something to hide in it still. It reports whether there is another text,
// which says what the spans say.
func (d *document) redact(r redactor) bool {
	v, ok := d.root.Attributes().Get(segment.DocumentAttribute)
	if !ok {
		return false
	}
	text, changed := d.text(r, v.Str())
	if d.whole && !changed && !d.changed {
		return false
	}
	if !d.whole && !changed && !r.hides(text) {
		return false
	}
	if !d.whole || r.hides(text) {
		d.root.Attributes().Remove(segment.DocumentAttribute)
		return false
	}
	d.root.Attributes().PutStr(segment.DocumentAttribute, text)
	return true
}

// hides reports whether there is something to hide in the spans of a document.
func (r redactor) hides(text string) (hidden bool) {
	made := ptrace.NewTraces()
	if _, err := spans.Append(made, []byte(text), spans.Options{HTTP: spans.BothHTTP}); err != nil {
		return true
	}
	r.document = nil
	eachSpan(made, func(span ptrace.Span) { hidden = r.span(span) || hidden })
	return hidden
}

// text returns a document with what its spans have instead. Of a data source
// the spans lack the options, among which may be a password.
func (d *document) text(r redactor, was string) (text string, changed bool) {
	if len(d.replaced) == 0 && !strings.Contains(was, `"sql"`) {
		return was, false
	}
	decoder := json.NewDecoder(strings.NewReader(was))
	decoder.UseNumber()
	var content any
	if err := decoder.Decode(&content); err != nil {
		return was, false
	}
	w := rewriter{d.replaced, r, false}
	content = w.value(content, "", "")
	if !w.changed {
		return was, false
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(content); err != nil {
		return was, false
	}
	return strings.TrimSuffix(b.String(), "\n"), true
}

// rewriter replaces texts in a decoded document.
type rewriter struct {
	replaced map[string]string
	r        redactor
	changed  bool
}

// value returns what takes the place of a value under a key of a block.
func (w *rewriter) value(v any, block, key string) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			if key == "metadata" {
				v[k] = w.metadata(v[k], k)
				continue
			}
			v[k] = w.value(v[k], key, k)
		}
	case []any:
		for i := range v {
			v[i] = w.value(v[i], block, key)
		}
	case string:
		is, ok := w.replaced[v]
		if !ok && block == "sql" && (key == "url" || key == "connection_string") && w.r.RuleOf("db.connection_string") == redact.Connection {
			is = w.r.Apply(redact.Connection, v, "")
			ok = is != v
		}
		if ok {
			w.changed = true
			return is
		}
	}
	return v
}

// metadata returns a namespace with what a span has of it, which is its JSON.
func (w *rewriter) metadata(v any, namespace string) any {
	was, err := json.Marshal(v)
	if err != nil {
		return v
	}
	is := w.r.Apply(w.r.RuleOf("aws.xray.metadata."+namespace), string(was), "")
	if is == string(was) {
		return v
	}
	w.changed = true
	decoder := json.NewDecoder(strings.NewReader(is))
	decoder.UseNumber()
	var other any
	if decoder.Decode(&other) != nil {
		return map[string]any{} // a namespace is an object
	}
	return other
}
