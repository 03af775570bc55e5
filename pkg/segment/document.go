package segment

import (
	"encoding/json"
)

// A Document is one X-Ray segment or subsegment, as it travels in
// PutTraceSegments and as BatchGetTraces gives it back.
//
// Times are seconds since the Unix epoch, with a fraction. Pointers and nil
// maps stand for members that the document does not have. A Document is plain
// data: it may be copied, and is not safe for concurrent mutation. Marshalled
// by encoding/json, its members come in the order in which X-Ray writes them.
// To read one, use Decode, which is as lenient as X-Ray, not json.Unmarshal.
//
// The schema is the developer guide's:
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
type Document struct {
	ID          string                                `json:"id"`
	Name        string                                `json:"name"`
	StartTime   float64                               `json:"start_time"`
	TraceID     string                                `json:"trace_id,omitempty"`
	EndTime     *float64                              `json:"end_time,omitempty"`
	ParentID    string                                `json:"parent_id,omitempty"`
	Type        string                                `json:"type,omitempty"` // "" or TypeSubsegment
	Inferred    bool                                  `json:"inferred,omitempty"`
	InProgress  bool                                  `json:"in_progress,omitempty"`
	Fault       bool                                  `json:"fault,omitempty"`
	Error       bool                                  `json:"error,omitempty"`
	Throttle    bool                                  `json:"throttle,omitempty"`
	HTTP        *HTTP                                 `json:"http,omitempty"`
	SQL         *SQL                                  `json:"sql,omitempty"`
	AWS         map[string]any                        `json:"aws,omitempty"`
	Origin      string                                `json:"origin,omitempty"`
	ResourceARN string                                `json:"resource_arn,omitempty"`
	User        string                                `json:"user,omitempty"`
	Service     map[string]any                        `json:"service,omitempty"`
	Cause       *Cause                                `json:"cause,omitempty"`
	Annotations map[string]any                        `json:"annotations,omitempty"` // string, float64 or bool
	Metadata    map[string]map[string]json.RawMessage `json:"metadata,omitempty"`    // by namespace
	Links       []Link                                `json:"links,omitempty"`
	PrecursorID []string                              `json:"precursor_ids,omitempty"`
	Namespace   string                                `json:"namespace,omitempty"` // subsegments: NamespaceAWS or NamespaceRemote
	Subsegments []*Document                           `json:"subsegments,omitempty"`
}

// The values of Document.Type and Document.Namespace that mean something.
const (
	TypeSubsegment  = "subsegment" // a subsegment sent on its own
	NamespaceAWS    = "aws"        // a call to an AWS service
	NamespaceRemote = "remote"     // a call to anything else
)

// HTTP is the http block of a segment that served a request or of a
// subsegment that made one.
type HTTP struct {
	Request  *HTTPRequest  `json:"request,omitempty"`
	Response *HTTPResponse `json:"response,omitempty"`
}

// HTTPRequest is what was asked for.
type HTTPRequest struct {
	Method        string `json:"method,omitempty"`
	URL           string `json:"url,omitempty"`
	UserAgent     string `json:"user_agent,omitempty"`
	ClientIP      string `json:"client_ip,omitempty"`
	XForwardedFor bool   `json:"x_forwarded_for,omitempty"` // segments only
	Traced        bool   `json:"traced,omitempty"`          // subsegments only
}

// HTTPResponse is what was answered. ContentLength is in bytes and may be
// absent (nil) or, as some clients write it, -1.
type HTTPResponse struct {
	Status        int    `json:"status,omitempty"`
	ContentLength *int64 `json:"content_length,omitempty"`
}

// SQL is the sql block of a subsegment that queried a database.
type SQL struct {
	ConnectionString string `json:"connection_string,omitempty"`
	URL              string `json:"url,omitempty"`
	SanitizedQuery   string `json:"sanitized_query,omitempty"`
	DatabaseType     string `json:"database_type,omitempty"`
	DatabaseVersion  string `json:"database_version,omitempty"`
	DriverVersion    string `json:"driver_version,omitempty"`
	User             string `json:"user,omitempty"`
	Preparation      string `json:"preparation,omitempty"`
}

// Link is a span link. X-Ray allows 20 on a segment and 100 in a trace.
type Link struct {
	TraceID    string         `json:"trace_id"`
	ID         string         `json:"id,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

// Cause says why a segment failed: either the id of an exception that another
// (sub)segment holds (ExceptionID), or the exceptions themselves.
type Cause struct {
	ExceptionID      string      `json:"-"`
	WorkingDirectory string      `json:"working_directory,omitempty"`
	Paths            []string    `json:"paths,omitempty"`
	Exceptions       []Exception `json:"exceptions,omitempty"`
}

// UnmarshalJSON accepts both forms of a cause: a string, which is an exception
// id, or an object.
func (c *Cause) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &c.ExceptionID)
	}
	type object Cause // without this method
	return json.Unmarshal(b, (*object)(c))
}

// MarshalJSON writes the form that the cause has.
func (c Cause) MarshalJSON() ([]byte, error) {
	if c.ExceptionID != "" {
		return json.Marshal(c.ExceptionID)
	}
	type object Cause
	return json.Marshal(object(c))
}

// Exception is one exception of a Cause. Cause is the id of the exception that
// caused this one.
type Exception struct {
	ID        string  `json:"id,omitempty"`
	Message   string  `json:"message,omitempty"`
	Type      string  `json:"type,omitempty"`
	Remote    bool    `json:"remote,omitempty"`
	Truncated int     `json:"truncated,omitempty"`
	Skipped   int     `json:"skipped,omitempty"`
	Cause     string  `json:"cause,omitempty"`
	Stack     []Frame `json:"stack,omitempty"`
}

// Frame is one line of a stack, innermost first.
type Frame struct {
	Path  string `json:"path,omitempty"`
	Line  int    `json:"line,omitempty"`
	Label string `json:"label,omitempty"`
}
