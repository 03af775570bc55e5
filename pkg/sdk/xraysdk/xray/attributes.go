package xray

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/strategy/exception"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// attributes are what a segment says in the terms of OpenTelemetry's semantic
// conventions, and beyond them in those of the collector's awsxray receiver and
// exporter: https://opentelemetry.io/docs/specs/semconv/
func (s *Segment) attributes(kind trace.SpanKind) []attribute.KeyValue {
	list := make(attributes, 0, 16)
	if kind == trace.SpanKindServer {
		list.text("aws.local.service", s.Name)
	}
	list.http(s.HTTP, kind)
	list.aws(s)
	list.sql(s.SQL, s.Name)
	list.text("enduser.id", s.User)
	list.text("aws.xray.resource_arn", s.ResourceARN)
	if len(s.PrecursorIDs) > 0 {
		list = append(list, attribute.StringSlice("aws.xray.precursor_ids", s.PrecursorIDs))
	}
	if s.Cause != nil {
		list.text("aws.xray.cause.working_directory", s.Cause.WorkingDirectory)
	}
	if s.Error && (s.HTTP == nil || s.HTTP.Response == nil || s.HTTP.Response.Status == 0) {
		list = append(list, attribute.Bool("aws.xray.error", true))
	}
	if s.Throttle && (s.HTTP == nil || s.HTTP.Response == nil || s.HTTP.Response.Status != 429) {
		list = append(list, attribute.Bool("aws.xray.throttle", true))
	}
	list.annotations(s.Annotations)
	list.metadata(s.Metadata)
	return list
}

type attributes []attribute.KeyValue

func (list *attributes) text(key attribute.Key, value string) {
	if value != "" {
		*list = append(*list, key.String(valid(value)))
	}
}

// valid replaces what is not UTF-8: one such byte costs a whole batch.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func (list *attributes) number(key attribute.Key, value int) {
	if value != 0 {
		*list = append(*list, key.Int(value))
	}
}

func (list *attributes) http(h *HTTPData, kind trace.SpanKind) {
	if h == nil {
		return
	}
	if r := h.Request; r != nil {
		if isGRPC := strings.HasPrefix(r.URL, "grpc://"); isGRPC {
			list.grpc(r.URL)
		} else {
			list.text("http.request.method", r.Method)
			list.url(r.URL, kind)
		}
		list.text("client.address", r.ClientIP)
		list.text("user_agent.original", r.UserAgent)
		if r.XForwardedFor {
			*list = append(*list, attribute.Bool("aws.xray.x_forwarded_for", true))
		}
	}
	if r := h.Response; r != nil {
		list.number("http.response.status_code", r.Status)
		list.number("http.response.body.size", r.ContentLength)
	}
}

// grpc takes a URL like grpc://host/package.Service/Method.
func (list *attributes) grpc(full string) {
	host, method, _ := strings.Cut(strings.TrimPrefix(full, "grpc://"), "/")
	if i := strings.LastIndexByte(method, '/'); i >= 0 {
		list.text("rpc.service", method[:i])
	}
	list.text("rpc.system.name", "grpc")
	list.text("rpc.method", method)
	list.address(host)
	list.text("url.full", full)
}

func (list *attributes) url(full string, kind trace.SpanKind) {
	u, err := url.Parse(full)
	if err != nil || u.Host == "" || kind != trace.SpanKindServer {
		list.text("url.full", full)
		if err == nil {
			list.address(u.Host)
		}
		return
	}
	list.text("url.scheme", u.Scheme)
	list.text("url.path", u.EscapedPath())
	list.address(u.Host)
}

func (list *attributes) address(hostPort string) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		list.text("server.address", strings.Trim(hostPort, "[]"))
		return
	}
	list.text("server.address", host)
	if n, err := strconv.Atoi(port); err == nil {
		list.number("server.port", n)
	}
}

// awsNames are the attributes for what the aws block says of a call.
var awsNames = map[string]attribute.Key{
	"operation": "rpc.method", "region": "aws.region", "request_id": "aws.request_id", "account_id": "aws.account_id",
	"queue_url": "aws.queue_url", "table_name": "aws.table_name", "retries": "aws.xray.retries",
	"bucket_name": "aws.s3.bucket", "key": "aws.s3.key", "topic_arn": "aws.sns.topic.arn", "function_name": "aws.lambda.invoked_function",
	"id_2": "aws.extended_request_id",
}

func (list *attributes) aws(s *Segment) {
	if s.Namespace == "aws" {
		list.text("rpc.system", "aws-api")
		list.text("rpc.service", s.Name)
		list.text("aws.service", s.Name)
	}
	for _, key := range slices.Sorted(maps.Keys(s.AWS)) {
		switch value := s.AWS[key]; {
		case key == "xray":
			if sdk, ok := value.(SDK); ok {
				list.text("aws.xray.sampling_rule_name", sdk.RuleName)
			}
		case s.Namespace != "aws" && (key == "ec2" || key == "ecs" || key == "elastic_beanstalk"):
			// the resource tells
		case awsNames[key] != "":
			*list = append(*list, attributeOf(awsNames[key], value))
		default:
			*list = append(*list, attributeOf(attribute.Key("aws.xray.aws."+valid(key)), value))
		}
	}
}

// attributeOf is an attribute of a value, as JSON if it is none itself.
func attributeOf(key attribute.Key, value any) attribute.KeyValue {
	switch v := value.(type) {
	case string:
		return key.String(valid(v))
	case bool:
		return key.Bool(v)
	case int:
		return key.Int(v)
	case uint:
		return key.Int64(int64(v))
	case int64:
		return key.Int64(v)
	case float32:
		return key.Float64(float64(v))
	case float64:
		return key.Float64(v)
	case []string:
		return key.StringSlice(v)
	}
	return key.String(jsonOf(value))
}

// jsonOf is a value's JSON, or else how fmt prints it.
func jsonOf(value any) string {
	text, err := marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

// marshal is json.Marshal that takes a panic of a value's own method for an
// error.
func marshal(value any) (text []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return json.Marshal(value)
}

// systems are the values of db.system.name.
var systems = map[string]string{
	"Postgres": "postgresql", "MySQL": "mysql", "MS SQL": "microsoft.sql_server", "Oracle": "oracle.db",
}

func systemOf(databaseType string) string { return cmp.Or(systems[databaseType], "other_sql") }

func (list *attributes) sql(q *SQLData, name string) {
	if q == nil {
		return
	}
	list.text("db.system.name", systemOf(q.DatabaseType))
	database, host, _ := strings.Cut(name, "@")
	list.text("db.namespace", database)
	if u, err := url.Parse(q.URL); err == nil && u.Host != "" {
		list.address(u.Host)
	} else {
		list.text("server.address", host)
	}
	list.text("db.query.text", q.SanitizedQuery)
	list.text("db.user", q.User)
	if q.URL == "" {
		list.text("db.connection_string", q.ConnectionString)
	}
	list.text("aws.xray.sql.database_version", q.DatabaseVersion)
	list.text("aws.xray.sql.driver_version", q.DriverVersion)
	list.text("aws.xray.sql.preparation", q.Preparation)
}

func (list *attributes) annotations(annotations map[string]interface{}) {
	if len(annotations) == 0 {
		return
	}
	keys := slices.Sorted(maps.Keys(annotations))
	for i, key := range keys {
		keys[i] = valid(key)
		*list = append(*list, attributeOf(attribute.Key(valid(key)), annotations[key]))
	}
	*list = append(*list, attribute.StringSlice("aws.xray.annotations", keys))
}

func (list *attributes) metadata(metadata map[string]map[string]interface{}) {
	for _, namespace := range slices.Sorted(maps.Keys(metadata)) {
		text, err := marshal(metadata[namespace])
		if err != nil {
			text, _ = marshal(printable(metadata[namespace]))
		}
		list.text(attribute.Key("aws.xray.metadata."+valid(namespace)), string(text))
	}
}

// printable is a map with what has no JSON replaced by how fmt prints it.
func printable(values map[string]interface{}) map[string]interface{} {
	fixed := make(map[string]interface{}, len(values))
	for key, value := range values {
		if _, err := marshal(value); err != nil {
			value = fmt.Sprint(value)
		}
		fixed[key] = value
	}
	return fixed
}

// events are the exceptions of a segment, at its end.
func (s *Segment) events(at time.Time) []sdktrace.Event {
	if s.Cause == nil || len(s.Cause.Exceptions) == 0 {
		return nil
	}
	events := make([]sdktrace.Event, len(s.Cause.Exceptions))
	for i := range s.Cause.Exceptions {
		e := &s.Cause.Exceptions[i]
		list := make(attributes, 0, 5)
		list.text("exception.type", e.Type)
		list.text("exception.message", e.Message)
		list.text("exception.stacktrace", stacktrace(e))
		list.text("aws.xray.exception.id", e.ID)
		if e.Remote {
			list = append(list, attribute.Bool("aws.xray.exception.remote", true))
		}
		events[i] = sdktrace.Event{Name: "exception", Time: at, Attributes: list}
	}
	return events
}

// stacktrace is a stack as the runtime prints it.
func stacktrace(e *exception.Exception) string {
	if len(e.Stack) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\ngoroutine 1 [running]:\n", e.Type, strings.ReplaceAll(e.Message, "\n", " "))
	for _, frame := range e.Stack {
		b.WriteString(frame.Label)
		b.WriteString("\n\t")
		b.WriteString(frame.Path)
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(frame.Line))
		b.WriteByte('\n')
	}
	return b.String()
}
