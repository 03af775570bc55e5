package oracle

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// A Class says what contrib's exporter makes of a case.
type Class string

// The classes.
const (
	Equal    Class = "equal"     // documents, to which ours must be equal
	Panics   Class = "panics"    // it would take the collector down
	Drops    Class = "drops"     // no document
	TooLarge Class = "too large" // a document over 64 KB, which X-Ray refuses
)

// Compare judges ours, the documents of a case in compat mode, by what contrib
// made of it: its documents, or the error that Contrib.Translate returned.
func Compare(c Case, contrib []string, err error, ours []string) (Class, error) {
	var panicked *PanicError
	switch {
	case errors.As(err, &panicked):
		return Panics, Valid(c, ours)
	case err != nil:
		return "", err
	case len(contrib) == 0:
		return Drops, Valid(c, ours)
	}
	if slices.ContainsFunc(contrib, tooLarge) {
		err := Valid(c, ours)
		if len(contrib) > 1 {
			err = errors.Join(err, equal(c, contrib, ours))
		}
		return TooLarge, err
	}
	return Equal, equal(c, contrib, ours)
}

func tooLarge(doc string) bool { return len(doc) > segment.MaxSize+1 } // contrib's ends with a line feed

// Documents is how many documents a span yields.
func Documents(span ptrace.Span) int {
	kind, ok := span.Attributes().Get("aws.span.kind")
	if ok && kind.Str() == "LOCAL_ROOT" && span.Kind() != ptrace.SpanKindServer && span.Kind() != ptrace.SpanKindInternal {
		return 2
	}
	return 1
}

// Valid returns an error unless docs are as many as the span must yield, and
// X-Ray would accept each.
func Valid(c Case, docs []string) error {
	if want := Documents(c.Span); len(docs) != want {
		return fmt.Errorf("%d documents, want %d", len(docs), want)
	}
	for _, doc := range docs {
		if _, err := decode(doc); err != nil {
			return err
		}
		parsed, err := segment.Parse([]byte(doc))
		if missing(c.Span, err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%w: %s", err, doc)
		}
		if want, _ := segment.FormatTraceID(c.Span.TraceID().String()); parsed.TraceID != want {
			return fmt.Errorf("trace id %s, want %s", parsed.TraceID, want)
		}
	}
	return nil
}

// missing reports whether err says what is the span's own fault: no id or no
// start.
func missing(span ptrace.Span, err error) bool {
	var refused *segment.Error
	if !errors.As(err, &refused) {
		return false
	}
	return refused.Code == segment.MissingID && span.SpanID().IsEmpty() ||
		refused.Code == segment.MissingStartTime && span.StartTimestamp() == 0
}

// equal returns an error unless both sides' documents are JSON-equal but for
// what is random. If one of two is too large, X-Ray refuses it, and the other is
// compared if X-Ray accepts it.
func equal(c Case, contrib, ours []string) error {
	want, err := normalise(contrib)
	if err != nil {
		return fmt.Errorf("contrib's document: %w", err)
	}
	got, err := normalise(ours)
	if err != nil {
		return fmt.Errorf("our document: %w", err)
	}
	for i := range min(len(want), len(got)) {
		settle(c, want[i], got[i])
	}
	if slices.ContainsFunc(contrib, tooLarge) {
		for i, doc := range contrib {
			if _, err := segment.Parse([]byte(doc)); err != nil && i < len(got) {
				want[i], got[i] = nil, nil
			}
		}
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Errorf("documents differ (-contrib +ours):\n%s", cmp.Diff(want, got))
	}
	return nil
}

// normalise decodes the documents of one span and puts names in the place of
// random ids.
func normalise(docs []string) ([]map[string]any, error) {
	decoded := make([]map[string]any, len(docs))
	for i, doc := range docs {
		var err error
		if decoded[i], err = decode(doc); err != nil {
			return nil, err
		}
		if err := nameExceptions(decoded[i]); err != nil {
			return nil, fmt.Errorf("%w: %s", err, doc)
		}
	}
	if len(decoded) == 2 {
		dependency, service := decoded[0], decoded[1]
		if id, _ := service["id"].(string); !segment.IsID(id) || dependency["parent_id"] != id {
			return nil, fmt.Errorf("the dependency's parent is %v, the service %v", dependency["parent_id"], service["id"])
		}
		dependency["parent_id"], service["id"] = "service", "service"
	}
	return decoded, nil
}

// decode decodes a document whose objects hold no member twice.
func decode(doc string) (map[string]any, error) {
	d := json.NewDecoder(strings.NewReader(doc))
	d.UseNumber()
	var tree map[string]any
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("%w: %s", err, doc)
	}
	if err := unique(doc, tree); err != nil {
		return nil, err
	}
	return canonical(tree).(map[string]any), nil
}

// nameExceptions numbers the exceptions of a document.
func nameExceptions(doc map[string]any) error {
	cause, _ := doc["cause"].(map[string]any)
	exceptions, _ := cause["exceptions"].([]any)
	names := map[any]string{}
	for i, e := range exceptions {
		e := e.(map[string]any)
		id, _ := e["id"].(string)
		if !segment.IsID(id) || names[id] != "" {
			return fmt.Errorf("exception %d has the id %q", i, id)
		}
		names[id] = "exception " + strconv.Itoa(i)
		e["id"] = names[id]
	}
	for _, e := range exceptions {
		e := e.(map[string]any)
		if name, ok := names[e["cause"]]; ok {
			e["cause"] = name
		}
	}
	return nil
}

// canonical makes equal numbers equal text, with all digits of integers.
func canonical(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, e := range v {
			v[key] = canonical(e)
		}
	case []any:
		for i, e := range v {
			v[i] = canonical(e)
		}
	case json.Number:
		if !strings.ContainsAny(string(v), ".eE") {
			return v
		}
		f, err := v.Float64()
		switch {
		case err != nil:
			return v
		case math.Trunc(f) == f && math.Abs(f) < 1<<53:
			return json.Number(strconv.FormatFloat(f, 'f', -1, 64))
		}
		return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
	}
	return v
}

// unique returns an error if an object of doc holds a member twice, which
// decoding hides.
func unique(doc string, tree any) error {
	if written, read := colons(doc), members(tree); written != read {
		return fmt.Errorf("%d members, %d of them different: %s", written, read, doc)
	}
	return nil
}

// colons counts the colons outside of strings: one for each member.
func colons(doc string) int {
	n, quoted := 0, false
	for i := 0; i < len(doc); i++ {
		switch c := doc[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && c == ':':
			n++
		}
	}
	return n
}

func members(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		n = len(v)
		for _, e := range v {
			n += members(e)
		}
	case []any:
		for _, e := range v {
			n += members(e)
		}
	}
	return n
}
