package segment

import (
	"regexp"
	"unicode/utf8"
)

// MaxSize is the largest document that X-Ray accepts, in bytes: 64 KB.
const MaxSize = 64 << 10

// A Code is X-Ray's reason to refuse a document, as PutTraceSegments gives it
// back in UnprocessedTraceSegments.
type Code string

// The codes, as the service writes them.
const (
	ParseError                     Code = "ParseError"
	MissingID                      Code = "MissingId"
	InvalidID                      Code = "InvalidId"
	MissingName                    Code = "MissingName"
	InvalidName                    Code = "InvalidName"
	MissingTraceID                 Code = "MissingTraceId"
	InvalidTraceID                 Code = "InvalidTraceId"
	MissingStartTime               Code = "MissingStartTime"
	MissingEndTime                 Code = "MissingEndTime"
	InProgressSegmentHasEndTime    Code = "InProgressSegmentHasEndTime"
	InProgressSubsegmentHasEndTime Code = "InProgressSubsegmentHasEndTime"
	MissingParentID                Code = "MissingParentId"
	InvalidParentID                Code = "InvalidParentId"
	UnknownType                    Code = "UnknownType"
	InvalidSegment                 Code = "InvalidSegment" // too large
)

// An Error says why X-Ray refuses a document.
type Error struct {
	Code       Code
	ID         string // of the whole document; "" if it has none that could be read
	Subsegment bool   // the fault lies in a subsegment of the document
}

// Error is the Message that PutTraceSegments gives.
func (e *Error) Error() string {
	if e.Subsegment {
		return "Invalid subsegment. ErrorCode: " + string(e.Code) + ", Cause: null"
	}
	return "Invalid segment. ErrorCode: " + string(e.Code)
}

// Parse is what X-Ray does with one element of TraceSegmentDocuments: it
// refuses what is larger than MaxSize, decodes and validates. The error, if
// any, is an *Error.
func Parse(b []byte) (*Document, error) {
	doc, err := Decode(b)
	if err != nil {
		return nil, err
	}
	if len(b) > MaxSize {
		return nil, &Error{Code: InvalidSegment, ID: doc.ID}
	}
	if err := Validate(doc); err != nil {
		return nil, err
	}
	return doc, nil
}

// Validate applies the rules by which X-Ray accepts a document that was sent
// on its own, and returns the first that it breaks as an *Error, or nil. A
// fault of an embedded subsegment refuses the whole document, under the
// document's id. An end before the start is accepted, as X-Ray accepts it, and
// the time in a trace id is not looked at.
func Validate(doc *Document) error {
	if code := check(doc); code != "" {
		return &Error{Code: code, ID: doc.ID, Subsegment: doc.Type == TypeSubsegment}
	}
	if code := checkEmbedded(doc.Subsegments); code != "" {
		return &Error{Code: code, ID: doc.ID, Subsegment: true}
	}
	return nil
}

// check looks at a document of its own, without its subsegments.
func check(d *Document) Code {
	if code := checkEntity(d, d.Type == TypeSubsegment); code != "" {
		return code
	}
	switch {
	case d.TraceID == "":
		return MissingTraceID
	case !IsTraceID(d.TraceID):
		return InvalidTraceID
	case d.Type != "" && d.Type != TypeSubsegment:
		return UnknownType
	case d.Type == TypeSubsegment && d.ParentID == "":
		return MissingParentID
	case d.ParentID != "" && !IsID(d.ParentID):
		return InvalidParentID
	}
	return ""
}

// checkEmbedded looks at subsegments, at any depth.
func checkEmbedded(docs []*Document) Code {
	for _, d := range docs {
		if d == nil {
			return ParseError
		}
		if code := checkEntity(d, true); code != "" {
			return code
		}
		if code := checkEmbedded(d.Subsegments); code != "" {
			return code
		}
	}
	return ""
}

// checkEntity looks at what segments and subsegments have alike.
func checkEntity(d *Document, subsegment bool) Code {
	switch {
	case d.ID == "":
		return MissingID
	case !IsID(d.ID):
		return InvalidID
	case d.Name == "":
		return MissingName
	case !IsName(d.Name):
		return InvalidName
	case d.StartTime == 0:
		return MissingStartTime
	case d.EndTime == nil && !d.InProgress:
		return MissingEndTime
	case d.EndTime != nil && d.InProgress && subsegment:
		return InProgressSubsegmentHasEndTime
	case d.EndTime != nil && d.InProgress:
		return InProgressSegmentHasEndTime
	}
	return ""
}

// nameCharacters is the pattern of the segment document schema; the developer
// guide's prose adds the backslash.
var nameCharacters = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/%&#=+\-@\\]*$`)

// IsName reports whether X-Ray takes s as the name of a segment: 1 to 200
// characters of letters, digits, white space and _ . : / % & # = + - @ \.
func IsName(s string) bool {
	return s != "" && utf8.RuneCountInString(s) <= 200 && nameCharacters.MatchString(s)
}
