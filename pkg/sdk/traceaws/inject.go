package traceaws

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"slices"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/internal/carried"
	xray "github.com/bragg-tracing/bragg/pkg/sdk/propagation"
)

// The names under which messages carry a trace.
const (
	systemAttribute = "AWSTraceHeader" // of SQS; AWS's services write and read it, too
	kinesisMember   = carried.Member
)

// maxAttributes is how many message attributes SQS takes; SNS delivers no more
// to SQS either.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
const maxAttributes = 10

// withContext returns the input with the trace in its messages, or with the
// wish for the trace of those to be received. It changes a copy: the input is
// the caller's.
func (t *tracer) withContext(ctx context.Context, service, operation string, input any) any {
	v := reflect.ValueOf(input)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return input
	}
	edit, ok := t.edit(ctx, service, operation)
	if !ok {
		return input
	}
	clone := reflect.New(v.Elem().Type())
	clone.Elem().Set(v.Elem())
	edit(clone.Elem())
	return clone.Interface()
}

// edit returns what is to be done to an input.
func (t *tracer) edit(ctx context.Context, service, operation string) (func(input reflect.Value), bool) {
	if service == "SQS" && operation == "ReceiveMessage" {
		return t.askForContext, true
	}
	if !t.carries(service, operation) {
		return nil, false
	}
	header, ok := xray.HeaderFromContext(ctx)
	if !ok {
		return nil, false
	}
	m := message{header: header.String(), fields: propagation.MapCarrier{}}
	t.propagator().Inject(ctx, m.fields)
	delete(m.fields, xray.HeaderName)
	switch service + "." + operation {
	case "SQS.SendMessage":
		return m.addTo, true
	case "SQS.SendMessageBatch":
		return each("Entries", m.addTo), true
	case "SNS.Publish":
		return m.addAttributes, true
	case "SNS.PublishBatch":
		return each("PublishBatchRequestEntries", m.addAttributes), true
	case "EventBridge.PutEvents":
		return each("Entries", m.addHeader), true
	case "SFN.StartExecution", "SFN.StartSyncExecution":
		return m.addHeader, true
	case "Kinesis.PutRecord":
		return m.addData, true
	case "Kinesis.PutRecords":
		return each("Records", m.addData), true
	}
	return nil, false
}

// carries reports whether what an operation sends has a place for the trace.
func (t *tracer) carries(service, operation string) bool {
	return slices.Contains(services[service].sends, operation) && (service != "Kinesis" || t.kinesis)
}

// each edits the elements of a copy of a list.
func each(list string, edit func(reflect.Value)) func(reflect.Value) {
	return func(input reflect.Value) {
		f := input.FieldByName(list)
		if !f.IsValid() || f.Kind() != reflect.Slice || f.Type().Elem().Kind() != reflect.Struct {
			return
		}
		clone := reflect.MakeSlice(f.Type(), f.Len(), f.Len())
		reflect.Copy(clone, f)
		for i := range clone.Len() {
			edit(clone.Index(i))
		}
		f.Set(clone)
	}
}

// A message is what is put into messages.
type message struct {
	header string                 // X-Amzn-Trace-Id
	fields propagation.MapCarrier // the propagator's other headers
}

// addTo puts it into a message of SQS.
func (m message) addTo(v reflect.Value) {
	addAttribute(v.FieldByName("MessageSystemAttributes"), systemAttribute, m.header)
	m.addAttributes(v)
}

// addAttributes puts the propagator's headers, such as traceparent, into
// message attributes, if there is room for them.
func (m message) addAttributes(v reflect.Value) {
	f := v.FieldByName("MessageAttributes")
	if !f.IsValid() || f.Kind() != reflect.Map || f.Len()+len(m.fields) > maxAttributes {
		return
	}
	for name, value := range m.fields {
		if value != "" {
			addAttribute(f, name, value)
		}
	}
}

// addAttribute adds a text to a copy of a map of attributes, unless it has the
// name already.
func addAttribute(f reflect.Value, name, value string) {
	if !f.IsValid() || f.Kind() != reflect.Map || f.Type().Key().Kind() != reflect.String || f.Type().Elem().Kind() != reflect.Struct {
		return
	}
	key := reflect.ValueOf(name).Convert(f.Type().Key())
	if f.MapIndex(key).IsValid() {
		return
	}
	attribute := reflect.New(f.Type().Elem()).Elem()
	if !setText(attribute.FieldByName("DataType"), "String") || !setText(attribute.FieldByName("StringValue"), value) {
		return
	}
	clone := reflect.MakeMapWithSize(f.Type(), f.Len()+1)
	for i := f.MapRange(); i.Next(); {
		clone.SetMapIndex(i.Key(), i.Value())
	}
	clone.SetMapIndex(key, attribute)
	f.Set(clone)
}

// setText sets a *string.
func setText(f reflect.Value, text string) bool {
	if !f.IsValid() || f.Type() != reflect.TypeFor[*string]() {
		return false
	}
	f.Set(reflect.ValueOf(&text))
	return true
}

// addHeader sets the field that EventBridge and Step Functions have for it.
func (m message) addHeader(v reflect.Value) {
	if f := v.FieldByName("TraceHeader"); f.IsValid() && f.Kind() == reflect.Pointer && f.IsNil() {
		setText(f, m.header)
	}
}

// addData adds a member to a JSON object.
func (m message) addData(v reflect.Value) {
	f := v.FieldByName("Data")
	if !f.IsValid() || f.Type() != reflect.TypeFor[[]byte]() {
		return
	}
	data := bytes.TrimSpace(f.Bytes())
	if len(data) < 2 || data[0] != '{' || data[len(data)-1] != '}' || bytes.Contains(data, []byte(`"`+kinesisMember+`"`)) {
		return
	}
	carrier := propagation.MapCarrier{xray.HeaderName: m.header}
	for name, value := range m.fields {
		carrier.Set(name, value)
	}
	member, err := json.Marshal(carrier)
	if err != nil {
		return // not reached: strings always encode
	}
	with := append(append([]byte(`{"`+kinesisMember+`":`), member...), data[1:]...)
	if inner := bytes.TrimSpace(data[1 : len(data)-1]); len(inner) > 0 {
		with = append(append(append([]byte(`{"`+kinesisMember+`":`), member...), ','), data[1:]...)
	}
	f.SetBytes(with)
}

// askForContext asks SQS for what messages carry.
func (t *tracer) askForContext(input reflect.Value) {
	f := input.FieldByName("MessageSystemAttributeNames")
	if !f.IsValid() {
		f = input.FieldByName("AttributeNames") // clients from before 2024-06
	}
	ask(f, systemAttribute, "All")
	for _, name := range t.propagator().Fields() {
		if name != xray.HeaderName {
			ask(input.FieldByName("MessageAttributeNames"), name, "All", ".*")
		}
	}
}

// ask appends a name to a copy of a list of names, unless the list covers it.
func ask(f reflect.Value, name string, covers ...string) {
	if !f.IsValid() || f.Kind() != reflect.Slice || f.Type().Elem().Kind() != reflect.String {
		return
	}
	for i := range f.Len() {
		has := f.Index(i).String()
		if has == name {
			return
		}
		for _, c := range covers {
			if has == c {
				return
			}
		}
	}
	clone := reflect.MakeSlice(f.Type(), f.Len(), f.Len()+1)
	reflect.Copy(clone, f)
	f.Set(reflect.Append(clone, reflect.ValueOf(name).Convert(f.Type().Elem())))
}

// maxLinks is how many links a span takes by default.
const maxLinks = 128

// linkMessages links the span of a receiving call to those that sent what it
// got.
func (t *tracer) linkMessages(span trace.Span, id, operation string, output any) {
	list := ""
	switch id + "." + operation {
	case "SQS.ReceiveMessage":
		list = "Messages"
	case "Kinesis.GetRecords":
		list = "Records"
	default:
		return
	}
	for i, m := range objectOf(output).field(list).elements() {
		if i == maxLinks {
			return
		}
		if sc := trace.SpanContextFromContext(t.extract(context.Background(), m)); sc.IsValid() {
			span.AddLink(trace.Link{SpanContext: sc})
		}
	}
}
