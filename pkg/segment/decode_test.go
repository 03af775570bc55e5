package segment_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

func ptr[T any](v T) *T { return &v }

func TestDecode(t *testing.T) {
	const id = `"id":"0123456789abcdef"`
	base := segment.Document{ID: "0123456789abcdef"}
	with := func(change func(*segment.Document)) *segment.Document {
		d := base
		change(&d)
		return &d
	}
	tests := []struct {
		name string
		in   string
		want *segment.Document
	}{
		{"empty object", `{}`, &segment.Document{}},
		{"unknown members are left out", `{` + id + `,"x":{"subsegments":[null]}}`, &base},
		{"members are case-sensitive", `{` + id + `,"Name":"a","ID":"b"}`, &base},
		{"nulls are absent", `{` + id + `,"name":null,"end_time":null,"http":null,"aws":null,"cause":null,"subsegments":null}`, &base},
		{"odd types are absent", `{` + id + `,"user":7,"fault":"true","http":"x","sql":[],"aws":3,"annotations":[],"metadata":"m","links":{},"precursor_ids":1}`, &base},
		{"subsegments as object", `{` + id + `,"subsegments":{"a":[{}]}}`, &base},
		{"subsegments as string", `{` + id + `,"subsegments":"bad"}`, &base},
		{"subsegments as number", `{` + id + `,"subsegments":42}`, &base},
		{"odd types inside blocks", `{` + id + `,"http":{"request":{"url":1,"method":"GET"},"response":{"status":"200","content_length":null}}}`,
			with(func(d *segment.Document) {
				d.HTTP = &segment.HTTP{Request: &segment.HTTPRequest{Method: "GET"}, Response: &segment.HTTPResponse{}}
			})},
		{"content length of -1", `{` + id + `,"http":{"response":{"status":200.0,"content_length":-1}}}`,
			with(func(d *segment.Document) {
				d.HTTP = &segment.HTTP{Response: &segment.HTTPResponse{Status: 200, ContentLength: ptr(int64(-1))}}
			})},
		{"annotations that cannot be indexed", `{` + id + `,"annotations":{"s":"x","n":1.5,"b":true,"o":{},"z":null,"a":[]}}`,
			with(func(d *segment.Document) { d.Annotations = map[string]any{"s": "x", "n": 1.5, "b": true} })},
		{"metadata is kept verbatim", `{` + id + `,"metadata":{"ns":{"n":1.0E2,"big":12345678901234567890},"odd":3}}`,
			with(func(d *segment.Document) {
				d.Metadata = map[string]map[string]json.RawMessage{"ns": {"n": json.RawMessage("1.0E2"), "big": json.RawMessage("12345678901234567890")}}
			})},
		{"cause as id", `{` + id + `,"cause":"aaaabbbbccccdddd"}`,
			with(func(d *segment.Document) { d.Cause = &segment.Cause{ExceptionID: "aaaabbbbccccdddd"} })},
		{"cause as object", `{` + id + `,"cause":{"exceptions":[null,{"id":"e","type":"T","remote":true,"stack":[{"path":"p","line":3},7]}]}}`,
			with(func(d *segment.Document) {
				d.Cause = &segment.Cause{Exceptions: []segment.Exception{{ID: "e", Type: "T", Remote: true, Stack: []segment.Frame{{Path: "p", Line: 3}}}}}
			})},
		{"nested subsegments", `{"subsegments":[{` + id + `,"subsegments":[{"name":"deep"}],"start_time":1.25,"end_time":2}],` + id + `}`,
			with(func(d *segment.Document) {
				d.Subsegments = []*segment.Document{{ID: base.ID, StartTime: 1.25, EndTime: ptr(2.0),
					Subsegments: []*segment.Document{{Name: "deep"}}}}
			})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := segment.Decode([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	tests := []struct{ name, in, id string }{
		{"nothing", ``, ""},
		{"half an object", `{`, ""},
		{"null", `null`, ""},
		{"array", `[]`, ""},
		{"string", `"{}"`, ""},
		{"two objects", `{}{}`, ""},
		{"null subsegment", `{"subsegments":[null],"id":"0123456789abcdef"}`, "0123456789abcdef"},
		{"array as subsegment", `{"id":"0123456789abcdef","subsegments":[[]]}`, "0123456789abcdef"},
		{"too deep", strings.Repeat(`{"subsegments":[`, 4100) + strings.Repeat(`]}`, 4100), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := segment.Decode([]byte(tt.in))
			var e *segment.Error
			if !errors.As(err, &e) || e.Code != segment.ParseError || e.ID != tt.id {
				t.Errorf("got %#v, want ParseError with id %q", err, tt.id)
			}
		})
	}
}

func TestMarshalIsCanonical(t *testing.T) {
	const want = `{"id":"0123456789abcdef","name":"n","start_time":1790158405.25,"trace_id":"1-00000001-000000000000000000000002","end_time":1790158406.5,"http":{"response":{"status":200}},"annotations":{"k":"v"},"subsegments":[{"id":"0123456789abcde0","name":"s","start_time":1790158405.5,"in_progress":true}]}`
	doc, err := segment.Decode([]byte(want))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// FuzzDecode holds that no input makes the decoder or the rules panic, and
// that what was decoded survives a round trip.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"id":"0123456789abcdef","name":"n","start_time":1,"end_time":2,"trace_id":"1-00000001-000000000000000000000002"}`,
		`{"subsegments":[{"subsegments":[null]}]}`, `{"cause":"x","http":{"response":{"content_length":-1e300}}}`,
		`{"metadata":{"a":{"b":[1,{"c":null}]}},"annotations":{"a":1e999}}`, `{"subsegments":{"a":{"b":[]}}}`, "{\"name\":\"\xff\"}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := segment.Decode(b)
		if err != nil {
			var e *segment.Error
			if !errors.As(err, &e) {
				t.Fatalf("error of type %T", err)
			}
			return
		}
		_ = segment.Validate(doc)
		out, err := json.Marshal(doc)
		if err != nil {
			t.Fatalf("marshal: %v", err)
		}
		again, err := segment.Decode(out)
		if err != nil {
			t.Fatalf("decode what was marshalled: %v", err)
		}
		second, err := json.Marshal(again)
		if err != nil || string(second) != string(out) {
			t.Fatalf("not stable: %v\n%s\n%s", err, out, second)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	doc := []byte(`{"name":"scoring","id":"53995c3f42cd8ad8","start_time":1790158405.25,"trace_id":"1-581cf771-a006649127e371903a2de979","end_time":1790158405.75,"http":{"request":{"method":"GET","url":"http://localhost/score","user_agent":"Go-http-client/1.1","client_ip":"127.0.0.1"},"response":{"status":200,"content_length":42}},"aws":{"xray":{"sdk":"opentelemetry for go","sdk_version":"1.47.0","auto_instrumentation":false}},"origin":"AWS::ECS::Container","annotations":{"client_id":"c-1","decision":"approved"},"metadata":{"default":{"otel.resource.service.name":"scoring","a":[1,2,3]}}}`)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := segment.Decode(doc); err != nil {
			b.Fatal(err)
		}
	}
}
