package segment

import (
	"encoding/json"
	"math"
)

func decodeHTTP(c *cursor) *HTTP {
	h := new(HTTP)
	ok := c.members(func(key []byte) {
		switch string(key) {
		case "request":
			h.Request = decodeRequest(c)
		case "response":
			h.Response = decodeResponse(c)
		default:
			c.skip()
		}
	})
	return orNil(h, ok)
}

func decodeRequest(c *cursor) *HTTPRequest {
	r := new(HTTPRequest)
	ok := c.members(func(key []byte) {
		switch string(key) {
		case "method":
			r.Method = c.str()
		case "url":
			r.URL = c.str()
		case "user_agent":
			r.UserAgent = c.str()
		case "client_ip":
			r.ClientIP = c.str()
		case "x_forwarded_for":
			r.XForwardedFor = c.flag()
		case "traced":
			r.Traced = c.flag()
		default:
			c.skip()
		}
	})
	return orNil(r, ok)
}

func decodeResponse(c *cursor) *HTTPResponse {
	r := new(HTTPResponse)
	ok := c.members(func(key []byte) {
		switch string(key) {
		case "status":
			r.Status = c.integer()
		case "content_length":
			if n, ok := c.number(); ok && math.Abs(n) < 1<<53 {
				length := int64(n)
				r.ContentLength = &length
			}
		default:
			c.skip()
		}
	})
	return orNil(r, ok)
}

func decodeSQL(c *cursor) *SQL {
	s := new(SQL)
	ok := c.members(func(key []byte) {
		switch string(key) {
		case "connection_string":
			s.ConnectionString = c.str()
		case "url":
			s.URL = c.str()
		case "sanitized_query":
			s.SanitizedQuery = c.str()
		case "database_type":
			s.DatabaseType = c.str()
		case "database_version":
			s.DatabaseVersion = c.str()
		case "driver_version":
			s.DriverVersion = c.str()
		case "user":
			s.User = c.str()
		case "preparation":
			s.Preparation = c.str()
		default:
			c.skip()
		}
	})
	return orNil(s, ok)
}

func decodeCause(c *cursor) *Cause {
	cause := new(Cause)
	if c.kind() == '"' {
		cause.ExceptionID = c.str()
		return orNil(cause, cause.ExceptionID != "")
	}
	ok := c.members(func(key []byte) {
		switch string(key) {
		case "working_directory":
			cause.WorkingDirectory = c.str()
		case "paths":
			cause.Paths = c.strs()
		case "exceptions":
			c.elements(func() {
				if x, ok := decodeException(c); ok {
					cause.Exceptions = append(cause.Exceptions, x)
				}
			})
		default:
			c.skip()
		}
	})
	return orNil(cause, ok)
}

func decodeException(c *cursor) (x Exception, ok bool) {
	ok = c.members(func(key []byte) {
		switch string(key) {
		case "id":
			x.ID = c.str()
		case "message":
			x.Message = c.str()
		case "type":
			x.Type = c.str()
		case "remote":
			x.Remote = c.flag()
		case "truncated":
			x.Truncated = c.integer()
		case "skipped":
			x.Skipped = c.integer()
		case "cause":
			x.Cause = c.str()
		case "stack":
			c.elements(func() {
				if f, ok := decodeFrame(c); ok {
					x.Stack = append(x.Stack, f)
				}
			})
		default:
			c.skip()
		}
	})
	return x, ok
}

func decodeFrame(c *cursor) (f Frame, ok bool) {
	ok = c.members(func(key []byte) {
		switch string(key) {
		case "path":
			f.Path = c.str()
		case "line":
			f.Line = c.integer()
		case "label":
			f.Label = c.str()
		default:
			c.skip()
		}
	})
	return f, ok
}

// decodeAnnotations keeps what can be indexed: strings, numbers and booleans.
func decodeAnnotations(c *cursor) map[string]any {
	m := make(map[string]any)
	ok := c.members(func(key []byte) {
		switch c.kind() {
		case '{', '[', 'n':
			c.skip()
		default:
			if v := c.any(); v != nil { // a number out of range
				m[string(key)] = v
			}
		}
	})
	if !ok {
		return nil
	}
	return m
}

// decodeMetadata keeps the namespaces that are objects, their values verbatim.
func decodeMetadata(c *cursor) map[string]map[string]json.RawMessage {
	m := make(map[string]map[string]json.RawMessage)
	ok := c.members(func(namespace []byte) {
		values := make(map[string]json.RawMessage)
		if c.members(func(key []byte) { values[string(key)] = json.RawMessage(append([]byte(nil), c.skip()...)) }) {
			m[string(namespace)] = values
		}
	})
	if !ok {
		return nil
	}
	return m
}

func decodeLinks(c *cursor) []Link {
	var links []Link
	c.elements(func() {
		var l Link
		ok := c.members(func(key []byte) {
			switch string(key) {
			case "trace_id":
				l.TraceID = c.str()
			case "id":
				l.ID = c.str()
			case "attributes":
				l.Attributes = c.object()
			default:
				c.skip()
			}
		})
		if ok {
			links = append(links, l)
		}
	})
	return links
}

func orNil[T any](v *T, ok bool) *T {
	if !ok {
		return nil
	}
	return v
}
