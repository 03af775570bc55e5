package xray

import (
	"encoding/json"
	"sync"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/header"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/strategy/exception"
)

// Segment is a segment or a subsegment: what one service, or a part of it, did
// for a request. The exported fields are those of the segment document:
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
type Segment struct {
	sync.RWMutex
	node

	Sampled          bool           `json:"-"`
	RequestWasTraced bool           `json:"-"` // the request had a trace header
	ContextDone      bool           `json:"-"`
	Emitted          bool           `json:"-"`
	IncomingHeader   *header.Header `json:"-"`
	ParentSegment    *Segment       `json:"-"` // the segment that a subsegment is part of; a segment's is itself

	// Required
	TraceID   string  `json:"trace_id,omitempty"`
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	StartTime float64 `json:"start_time"` // seconds since the epoch
	EndTime   float64 `json:"end_time,omitempty"`

	// Optional
	InProgress  bool       `json:"in_progress,omitempty"`
	ParentID    string     `json:"parent_id,omitempty"`
	Fault       bool       `json:"fault,omitempty"`
	Error       bool       `json:"error,omitempty"`
	Throttle    bool       `json:"throttle,omitempty"`
	Cause       *CauseData `json:"cause,omitempty"`
	ResourceARN string     `json:"resource_arn,omitempty"`
	Origin      string     `json:"origin,omitempty"`

	Type         string   `json:"type,omitempty"`
	Namespace    string   `json:"namespace,omitempty"`
	User         string   `json:"user,omitempty"`
	PrecursorIDs []string `json:"precursor_ids,omitempty"`

	HTTP    *HTTPData              `json:"http,omitempty"`
	AWS     map[string]interface{} `json:"aws,omitempty"`
	Service *ServiceData           `json:"service,omitempty"`
	SQL     *SQLData               `json:"sql,omitempty"`

	Annotations map[string]interface{}            `json:"annotations,omitempty"`
	Metadata    map[string]map[string]interface{} `json:"metadata,omitempty"`

	// Subsegments are filled when an emitter packs the document.
	Subsegments []json.RawMessage `json:"subsegments,omitempty"`

	Configuration *Config `json:"-"`

	// Facade is true for the stand-in of a segment that somebody else made.
	Facade bool `json:"-"`

	// Dummy is true for a segment that is not recorded.
	Dummy bool
}

// CauseData is the cause of a fault.
type CauseData struct {
	WorkingDirectory string                `json:"working_directory,omitempty"`
	Paths            []string              `json:"paths,omitempty"`
	Exceptions       []exception.Exception `json:"exceptions,omitempty"`
}

// HTTPData is a request and its response.
type HTTPData struct {
	Request  *RequestData  `json:"request,omitempty"`
	Response *ResponseData `json:"response,omitempty"`
}

// RequestData is an HTTP request.
type RequestData struct {
	Method        string `json:"method,omitempty"`
	URL           string `json:"url,omitempty"` // without query
	ClientIP      string `json:"client_ip,omitempty"`
	UserAgent     string `json:"user_agent,omitempty"`
	XForwardedFor bool   `json:"x_forwarded_for,omitempty"` // ClientIP is from that header
	Traced        bool   `json:"traced,omitempty"`
}

// ResponseData is an HTTP response.
type ResponseData struct {
	Status        int `json:"status,omitempty"`
	ContentLength int `json:"content_length,omitempty"` // bytes
}

// ServiceData is the program that made a segment.
type ServiceData struct {
	Version        string `json:"version,omitempty"`
	RuntimeVersion string `json:"runtime_version,omitempty"`
	Runtime        string `json:"runtime,omitempty"`
}

// SQLData is a query.
type SQLData struct {
	ConnectionString string `json:"connection_string,omitempty"` // if it is no URL
	URL              string `json:"url,omitempty"`
	DatabaseType     string `json:"database_type,omitempty"`
	DatabaseVersion  string `json:"database_version,omitempty"`
	DriverVersion    string `json:"driver_version,omitempty"`
	User             string `json:"user,omitempty"`
	Preparation      string `json:"preparation,omitempty"` // "statement" or "call"
	SanitizedQuery   string `json:"sanitized_query,omitempty"`
}

// SDK is what made a segment, and the sampling rule by which.
type SDK struct {
	Version  string `json:"sdk_version,omitempty"`
	Type     string `json:"sdk,omitempty"`
	RuleName string `json:"sampling_rule_name,omitempty"`
}

// SDKVersion is the version of the X-Ray SDK whose API and documents these are.
const SDKVersion = "2.0.1"

// SDKType is what segments name as their SDK.
const SDKType = "X-Ray for Go"

// GetCause returns the cause, which it makes if there is none.
func (s *Segment) GetCause() *CauseData {
	if s == nil {
		return &CauseData{}
	}
	if s.Cause == nil {
		s.Cause = &CauseData{}
	}
	return s.Cause
}

// GetHTTP returns the HTTP block, which it makes if there is none.
func (s *Segment) GetHTTP() *HTTPData {
	if s == nil {
		return &HTTPData{}
	}
	if s.HTTP == nil {
		s.HTTP = &HTTPData{}
	}
	return s.HTTP
}

// GetAWS returns the AWS block, which it makes if there is none.
func (s *Segment) GetAWS() map[string]interface{} {
	if s == nil {
		return map[string]interface{}{}
	}
	if s.AWS == nil {
		s.AWS = make(map[string]interface{})
	}
	return s.AWS
}

// GetService returns the service block, which it makes if there is none.
func (s *Segment) GetService() *ServiceData {
	if s == nil {
		return &ServiceData{}
	}
	if s.Service == nil {
		s.Service = &ServiceData{}
	}
	return s.Service
}

// GetSQL returns the SQL block, which it makes if there is none.
func (s *Segment) GetSQL() *SQLData {
	if s == nil {
		return &SQLData{}
	}
	if s.SQL == nil {
		s.SQL = &SQLData{}
	}
	return s.SQL
}

// GetConfiguration returns the configuration, which it makes if there is none.
func (s *Segment) GetConfiguration() *Config {
	if s == nil {
		return &Config{}
	}
	if s.Configuration == nil {
		s.Configuration = &Config{}
	}
	return s.Configuration
}

// GetRequest returns the request, which it makes if there is none.
func (d *HTTPData) GetRequest() *RequestData {
	if d.Request == nil {
		d.Request = &RequestData{}
	}
	return d.Request
}

// GetResponse returns the response, which it makes if there is none.
func (d *HTTPData) GetResponse() *ResponseData {
	if d.Response == nil {
		d.Response = &ResponseData{}
	}
	return d.Response
}
