package segment

import (
	"errors"
)

// MaxDepth is how deep subsegments may be nested in a document that Decode
// reads. A document of at most MaxSize bytes cannot reach it; a trace that was
// put together from many documents can come near it.
const MaxDepth = 4096

// What Decode finds wrong in subsegments; both become ParseError.
var (
	errDepth   = errors.New("subsegments are nested too deep")
	errElement = errors.New("an element of subsegments is not an object")
)

// Decode reads one document as leniently as X-Ray does: members that it does
// not know, and members of a type other than the schema's, are left out; null
// stands for absent. Names of members are case-sensitive. What a document must
// have is not judged here but by Validate.
//
// The error, if any, is an *Error: ParseError if b is not one JSON object, or
// if an element of subsegments is not an object. Its ID is the document's if
// that could be read. Decode never retains b.
func Decode(b []byte) (*Document, error) {
	c := &cursor{b: b}
	if !valid(b) || c.kind() != '{' {
		return nil, &Error{Code: ParseError}
	}
	doc := new(Document)
	if err := decodeDocument(c, doc, 1); err != nil {
		return nil, &Error{Code: ParseError, ID: doc.ID, Subsegment: true}
	}
	return doc, nil
}

// decodeDocument reads the object at c into doc. On an error it reads on, so
// that doc.ID is known wherever it stands, and returns the first.
func decodeDocument(c *cursor, doc *Document, depth int) error {
	var first error
	c.members(func(key []byte) {
		if string(key) == "subsegments" {
			subs, err := decodeSubsegments(c, depth+1)
			if doc.Subsegments = subs; first == nil {
				first = err
			}
		} else if read := members[string(key)]; read != nil && c.kind() != 'n' {
			read(doc, c)
		} else {
			c.skip()
		}
	})
	return first
}

// decodeSubsegments reads the value of "subsegments": an array of objects, or
// something else, which counts as absent.
func decodeSubsegments(c *cursor, depth int) (docs []*Document, first error) {
	if depth > MaxDepth {
		c.skip()
		return nil, errDepth
	}
	c.elements(func() {
		if c.kind() != '{' {
			c.skip()
			first = errElement
			return
		}
		doc := new(Document)
		if err := decodeDocument(c, doc, depth); err != nil && first == nil {
			first = err
		}
		docs = append(docs, doc)
	})
	return docs, first
}

// members says how each member of a document but "subsegments" is read. The
// value at the cursor is not null; one of an unexpected type counts as absent.
var members = map[string]func(*Document, *cursor){
	"id":            func(d *Document, c *cursor) { d.ID = c.str() },
	"name":          func(d *Document, c *cursor) { d.Name = c.str() },
	"start_time":    func(d *Document, c *cursor) { d.StartTime, _ = c.number() },
	"trace_id":      func(d *Document, c *cursor) { d.TraceID = c.str() },
	"end_time":      func(d *Document, c *cursor) { d.EndTime = c.optionalNumber() },
	"parent_id":     func(d *Document, c *cursor) { d.ParentID = c.str() },
	"type":          func(d *Document, c *cursor) { d.Type = c.str() },
	"inferred":      func(d *Document, c *cursor) { d.Inferred = c.flag() },
	"in_progress":   func(d *Document, c *cursor) { d.InProgress = c.flag() },
	"namespace":     func(d *Document, c *cursor) { d.Namespace = c.str() },
	"fault":         func(d *Document, c *cursor) { d.Fault = c.flag() },
	"error":         func(d *Document, c *cursor) { d.Error = c.flag() },
	"throttle":      func(d *Document, c *cursor) { d.Throttle = c.flag() },
	"http":          func(d *Document, c *cursor) { d.HTTP = decodeHTTP(c) },
	"sql":           func(d *Document, c *cursor) { d.SQL = decodeSQL(c) },
	"aws":           func(d *Document, c *cursor) { d.AWS = c.object() },
	"origin":        func(d *Document, c *cursor) { d.Origin = c.str() },
	"resource_arn":  func(d *Document, c *cursor) { d.ResourceARN = c.str() },
	"user":          func(d *Document, c *cursor) { d.User = c.str() },
	"service":       func(d *Document, c *cursor) { d.Service = c.object() },
	"cause":         func(d *Document, c *cursor) { d.Cause = decodeCause(c) },
	"annotations":   func(d *Document, c *cursor) { d.Annotations = decodeAnnotations(c) },
	"metadata":      func(d *Document, c *cursor) { d.Metadata = decodeMetadata(c) },
	"links":         func(d *Document, c *cursor) { d.Links = decodeLinks(c) },
	"precursor_ids": func(d *Document, c *cursor) { d.PrecursorID = c.strs() },
}
