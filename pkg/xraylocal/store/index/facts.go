package index

import (
	"encoding/binary"
	"errors"
	"iter"
	"math"
	"strconv"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

// Facts are what filter expressions ask of a whole trace, and what its summary
// says: with its service graph they answer most expressions, exactly and without
// its documents. They are what was encoded, read when it is asked for.
type Facts struct {
	Flags    Flags
	Status   int      // of the root segment; 0 if it does not tell
	Response *float64 // seconds, of the root segment; nil if there is none, see summary.ResponseTime
	Duration *float64 // seconds; nil while anything is in progress

	texts [4][]byte // of the root segment: see the text constants
	rest  []byte    // services and root causes, see rest.go; nil in version 1
	terms []byte
}

// The texts of Facts.
const (
	textMethod = iota
	textURL
	textUserAgent
	textClientIP
)

// Text returns what the root segment says, "" if it does not.
func (f *Facts) Text(k filter.Keyword) string { return string(f.RawText(k)) }

// RawText is Text in the memory of the Facts.
func (f *Facts) RawText(k filter.Keyword) []byte {
	switch k {
	case filter.HTTPMethod:
		return f.texts[textMethod]
	case filter.HTTPURL:
		return f.texts[textURL]
	case filter.HTTPUserAgent:
		return f.texts[textUserAgent]
	case filter.HTTPClientIP:
		return f.texts[textClientIP]
	default:
		return nil
	}
}

// The versions of facts. Those of the first have no rest: they answer filters as
// well, until the background has made them anew.
const (
	factsWithoutRest = 1
	factsVersion     = 2
)

// The kinds of terms, as they are stored: never change one.
const (
	factUser = iota + 1
	factARN
	factInstance
	factZone
	factAccount
	factString // annotations, by the kind of their value
	factNumber
	factBool
)

var factKeyword = [...]filter.Keyword{
	factUser: filter.User, factARN: filter.ResourceARN, factInstance: filter.InstanceID, factZone: filter.AvailabilityZone,
	factAccount: filter.AccountID, factString: filter.Annotation, factNumber: filter.Annotation, factBool: filter.Annotation,
}

// The bits of a facts' second byte, beside it the Flags.
const (
	hasResponse = 1 << iota
	hasDuration
)

// AppendFacts appends the facts of a trace, of which e is the entry.
func AppendFacts(dst []byte, trace *assembly.Trace, e *Entry) []byte {
	var texts [4]string
	var response *float64
	if root := trace.Root(); root != nil {
		response = summary.ResponseTime(root)
		texts[textMethod], texts[textURL] = e.Method, e.URL
		if root.HTTP != nil && root.HTTP.Request != nil {
			texts[textUserAgent], texts[textClientIP] = root.HTTP.Request.UserAgent, root.HTTP.Request.ClientIP
		}
	}
	flags := e.Flags &^ Inferred
	for _, seg := range trace.Segments {
		if seg.Inferred {
			flags |= Inferred
		}
	}
	status := 0
	if e.Status != nil {
		status = *e.Status
	}
	var has byte
	if response != nil {
		has |= hasResponse
	}
	if e.Duration != nil {
		has |= hasDuration
	}
	dst = append(dst, factsVersion, byte(flags), has)
	dst = binary.AppendVarint(dst, int64(status))
	dst = appendSeconds(appendSeconds(dst, response), e.Duration)
	for _, text := range texts {
		dst = appendText(dst, text)
	}
	var scratch [512]byte
	rest := appendRest(scratch[:0], trace)
	dst = append(binary.AppendUvarint(dst, uint64(len(rest))), rest...)
	return appendTerms(dst, trace)
}

func appendSeconds(dst []byte, seconds *float64) []byte {
	if seconds == nil {
		return dst
	}
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(*seconds))
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// A fact is a term that tells itself apart from others.
type fact struct {
	kind       byte
	key, value string
}

// appendTerms appends what any entity that was sent contributes, each once.
func appendTerms(dst []byte, trace *assembly.Trace) []byte {
	var known [24]fact // most traces have fewer, and need no map
	few := known[:0]
	var many map[fact]bool
	add := func(kind byte, key, value string) {
		if value == "" && kind != factString {
			return
		}
		f := fact{kind, key, value}
		for i := range few {
			if few[i] == f {
				return
			}
		}
		if len(few) < cap(few) {
			few = append(few, f)
		} else {
			if many[f] {
				return
			}
			if many == nil {
				many = make(map[fact]bool)
			}
			many[f] = true
		}
		dst = append(dst, kind)
		if kind >= factString {
			dst = appendText(dst, key)
		}
		dst = appendText(dst, value)
	}
	for e := range trace.All() {
		if !e.Inferred {
			termsOf(e.Document, add)
		}
	}
	return dst
}

func termsOf(doc *segment.Document, add func(kind byte, key, value string)) {
	add(factUser, "", doc.User)
	add(factARN, "", doc.ResourceARN)
	if doc.AWS != nil {
		instance, zone := summary.Where(doc)
		account, _ := doc.AWS["account_id"].(string)
		add(factInstance, "", instance)
		add(factZone, "", zone)
		add(factAccount, "", account)
	}
	for key, value := range doc.Annotations {
		switch v := value.(type) {
		case string:
			add(factString, key, v)
		case bool:
			add(factBool, key, strconv.FormatBool(v))
		case float64:
			add(factNumber, key, strconv.FormatFloat(v, 'g', -1, 64))
		}
	}
}

var errFacts = errors.New("stored facts of a trace are damaged")

// ReadFacts reads what AppendFacts wrote. The facts share its memory.
func ReadFacts(b []byte) (Facts, error) {
	var f Facts
	if len(b) < 3 || b[0] != factsVersion && b[0] != factsWithoutRest {
		return f, errFacts
	}
	version := b[0]
	f.Flags = Flags(b[1])
	has := b[2]
	status, n := binary.Varint(b[3:])
	if n <= 0 {
		return f, errFacts
	}
	f.Status = int(status)
	b = b[3+n:]
	for _, s := range []struct {
		bit byte
		to  **float64
	}{{hasResponse, &f.Response}, {hasDuration, &f.Duration}} {
		if has&s.bit == 0 {
			continue
		}
		if len(b) < 8 {
			return f, errFacts
		}
		seconds := math.Float64frombits(binary.BigEndian.Uint64(b))
		*s.to, b = &seconds, b[8:]
	}
	for i := range f.texts {
		var ok bool
		if f.texts[i], b, ok = cutText(b); !ok {
			return f, errFacts
		}
	}
	if version != factsWithoutRest {
		var ok bool
		if f.rest, b, ok = cutText(b); !ok {
			return f, errFacts
		}
	}
	f.terms = b
	return f, nil
}

func cutText(b []byte) (text, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return nil, nil, false
	}
	return b[size : size+int(n)], b[size+int(n):], true
}

// Values iterates over the values that the trace has of a field, each once. What
// is damaged ends it.
func (f *Facts) Values(of filter.Field) iter.Seq[filter.Value] {
	return func(yield func(filter.Value) bool) {
		for t := range f.Terms() {
			if t.Is(of) && !yield(t.Value()) {
				return
			}
		}
	}
}

// A Term is one value of one field, as it is encoded. It shares the memory of the
// Facts.
type Term struct {
	encoded    []byte
	key, value []byte
}

// Encoded returns bytes that tell the term from all that are not equal to it.
func (t Term) Encoded() []byte { return t.encoded }

// Is reports whether the term is a value of a field.
func (t Term) Is(of filter.Field) bool {
	return factKeyword[t.encoded[0]] == of.Keyword && string(t.key) == of.Key
}

// Counts reports whether traces are told apart by the field: a user or an
// annotation.
func (t Term) Counts() bool { return t.encoded[0] == factUser || t.encoded[0] >= factString }

// Field returns the field.
func (t Term) Field() filter.Field {
	return filter.Field{Keyword: factKeyword[t.encoded[0]], Key: string(t.key)}
}

// Value returns the value.
func (t Term) Value() filter.Value { return valueOf(t.encoded[0], t.value) }

// Terms iterates over the values of all fields that any entity may have, each
// once, in the order in which the trace has them. What is damaged ends it.
func (f *Facts) Terms() iter.Seq[Term] {
	return func(yield func(Term) bool) {
		for b := f.terms; len(b) > 0; {
			t := Term{encoded: b}
			kind := b[0]
			ok := kind >= factUser && kind <= factBool
			if b = b[1:]; ok && kind >= factString {
				t.key, b, ok = cutText(b)
			}
			if ok {
				t.value, b, ok = cutText(b)
			}
			if !ok {
				return
			}
			if t.encoded = t.encoded[:len(t.encoded)-len(b)]; !yield(t) {
				return
			}
		}
	}
}

func valueOf(kind byte, value []byte) filter.Value {
	switch kind {
	case factNumber:
		number, _ := strconv.ParseFloat(string(value), 64) // which was printed
		return filter.Value{Kind: filter.Number, Number: number}
	case factBool:
		return filter.Value{Kind: filter.Bool, Bool: string(value) == "true"}
	default:
		return filter.Value{Kind: filter.String, Text: string(value)}
	}
}
