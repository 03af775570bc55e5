package segment_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// raw returns a valid document with members changed; nil removes one.
func raw(changes map[string]any) []byte {
	m := map[string]any{
		"id": "0123456789abcdef", "name": "front", "start_time": 1790158405.25, "end_time": 1790158406,
		"trace_id": "1-581cf771-a006649127e371903a2de979",
	}
	for k, v := range changes {
		if v == nil {
			delete(m, k)
		} else {
			m[k] = v
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return b
}

type obj = map[string]any

func TestParse(t *testing.T) {
	sub := func(changes obj) obj {
		m := obj{"id": "0123456789abcde0", "name": "inner", "start_time": 1, "end_time": 2}
		for k, v := range changes {
			if v == nil {
				delete(m, k)
			} else {
				m[k] = v
			}
		}
		return obj{"subsegments": []any{m}}
	}
	const (
		plain = "Invalid segment. ErrorCode: "
		inner = "Invalid subsegment. ErrorCode: "
		null  = ", Cause: null"
	)
	tests := []struct {
		name string
		doc  []byte
		want string // the message; "" if accepted
		id   string // "" stands for the document's own
	}{
		{"complete", raw(nil), "", ""},
		{"in progress", raw(obj{"end_time": nil, "in_progress": true}), "", ""},
		{"end before start", raw(obj{"end_time": 1}), "", ""},
		{"child segment", raw(obj{"parent_id": "00000000000000aa"}), "", ""},
		{"independent subsegment", raw(obj{"type": "subsegment", "parent_id": "00000000000000aa"}), "", ""},
		{"W3C time bits", raw(obj{"trace_id": "1-ffffffff-a006649127e371903a2de979"}), "", ""},
		{"every character of a name", raw(obj{"name": `Ärger 1_.:/%&#=+-@\`}), "", ""},
		{"name of 200 letters", raw(obj{"name": strings.Repeat("é", 200)}), "", ""},
		{"good subsegment", raw(sub(nil)), "", ""},

		{"not JSON", []byte("{"), plain + "ParseError", "-"},
		{"empty object", []byte("{}"), plain + "MissingId", "-"},
		{"invalid id", raw(obj{"id": "invalid"}), plain + "InvalidId", "invalid"},
		{"id is a number", raw(obj{"id": 7}), plain + "MissingId", "-"},
		{"no name", raw(obj{"name": nil}), plain + "MissingName", ""},
		{"odd character in name", raw(obj{"name": "a{b}"}), plain + "InvalidName", ""},
		{"name of 201 letters", raw(obj{"name": strings.Repeat("a", 201)}), plain + "InvalidName", ""},
		{"no trace id", raw(obj{"trace_id": nil}), plain + "MissingTraceId", ""},
		{"trace id in hex", raw(obj{"trace_id": "581cf771a006649127e371903a2de979"}), plain + "InvalidTraceId", ""},
		{"no start", raw(obj{"start_time": nil}), plain + "MissingStartTime", ""},
		{"no end", raw(obj{"end_time": nil}), plain + "MissingEndTime", ""},
		{"no end, explicitly not in progress", raw(obj{"end_time": nil, "in_progress": false}), plain + "MissingEndTime", ""},
		{"in progress with end", raw(obj{"in_progress": true}), plain + "InProgressSegmentHasEndTime", ""},
		{"unknown type", raw(obj{"type": "span"}), plain + "UnknownType", ""},
		{"invalid parent", raw(obj{"parent_id": "xyz"}), plain + "InvalidParentId", ""},
		{"independent subsegment without parent", raw(obj{"type": "subsegment"}), inner + "MissingParentId" + null, ""},
		{"independent subsegment in progress with end", raw(obj{"type": "subsegment", "parent_id": "00000000000000aa", "in_progress": true}),
			inner + "InProgressSubsegmentHasEndTime" + null, ""},
		{"subsegment without id", raw(sub(obj{"id": nil})), inner + "MissingId" + null, ""},
		{"subsegment without end", raw(sub(obj{"end_time": nil})), inner + "MissingEndTime" + null, ""},
		{"subsegment in progress with end", raw(sub(obj{"in_progress": true})), inner + "InProgressSubsegmentHasEndTime" + null, ""},
		{"null subsegment", raw(obj{"subsegments": []any{nil}}), inner + "ParseError" + null, ""},
		{"deep subsegment without name", raw(sub(obj{"subsegments": []any{obj{"id": "0123456789abcde1", "start_time": 1, "end_time": 2}}})),
			inner + "MissingName" + null, ""},
		{"too large", raw(obj{"metadata": obj{"d": obj{"x": strings.Repeat("x", segment.MaxSize)}}}), plain + "InvalidSegment", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := segment.Parse(tt.doc)
			if tt.want == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			var e *segment.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want %s", err, tt.want)
			}
			id := map[string]string{"": "0123456789abcdef", "-": ""}
			want, ok := id[tt.id]
			if !ok {
				want = tt.id
			}
			if e.Error() != tt.want || e.ID != want {
				t.Errorf("got %q of %q, want %q of %q", e.Error(), e.ID, tt.want, want)
			}
		})
	}
}

func TestTraceIDForms(t *testing.T) {
	const x, h = "1-581cf771-a006649127e371903a2de979", "581cf771a006649127e371903a2de979"
	tests := []struct {
		name, in, x, hex string
		ok               bool
	}{
		{"X-Ray's form", x, x, h, true},
		{"hex", h, x, h, true},
		{"upper case", strings.ToUpper(h), x, h, true},
		{"short", h[1:], "", "", false},
		{"not hex", "g" + h[1:], "", "", false},
		{"wrong version", "2" + x[1:], "", "", false},
		{"empty", "", "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			gotX, okX := segment.FormatTraceID(tt.in)
			gotH, okH := segment.HexTraceID(tt.in)
			if gotX != tt.x || gotH != tt.hex || okX != tt.ok || okH != tt.ok {
				t.Errorf("got %q %t, %q %t", gotX, okX, gotH, okH)
			}
		})
	}
}
