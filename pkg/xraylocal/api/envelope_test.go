package api

import (
	"encoding/json"
	"testing"
)

var envelopes = []string{
	`{"TraceSegmentDocuments":["{\"id\":\"1\"}","b\/\b\f\n\r\t\\"]}`, ` { "TraceSegmentDocuments" : [ "a" , "é\u003c\u00e9" ] } `,
	`{"TraceSegmentDocuments":[]}`, `{"TraceSegmentDocuments":null}`, `{"TraceSegmentDocuments":[null,"a"]}`, `{"TraceSegmentDocuments":["a",]}`,
	`{"TraceSegmentDocuments":["a"],"X":1}`, `{"X":1,"TraceSegmentDocuments":["a"]}`, `{"tracesegmentdocuments":["a"]}`, `{"TraceSegmentDocuments":"a"}`,
	`{"TraceSegmentDocuments":["a"]}}`, `{"TraceSegmentDocuments":["a"]} x`, `{"TraceSegmentDocuments":["a"`, `{"TraceSegmentDocuments":["a`, `{"TraceSegmentDocuments":["\`,
	"{\"TraceSegmentDocuments\":[\"a\x01\"]}", "{\"TraceSegmentDocuments\":[\"\xff\"]}", `{"TraceSegmentDocuments":["\ud83d\ude00\u20ac"]}`, "{\"TraceSegmentDocuments\":[\"a\"]}\x00",
	`{"TraceSegmentDocuments":["\x"]}`, `{"TraceSegmentDocuments":["\u00g0"]}`, `{"TraceSegmentDocuments":[""]}`, ``, `[]`, `{}`,
}

// checkEnvelope holds that what the fast reader takes, the usual one reads alike.
func checkEnvelope(t *testing.T, body []byte) {
	t.Helper()
	var fast, usual putTraceSegmentsRequest
	if !fast.readFast(body) {
		return
	}
	if err := json.Unmarshal(body, &usual); err != nil {
		t.Fatalf("%q was read, but %v", body, err)
	}
	got, want := fast.documents(), usual.documents()
	if len(got) != len(want) {
		t.Fatalf("%q: %d documents, want %d", body, len(got), len(want))
	}
	for i := range got {
		if string(got[i]) != string(want[i]) {
			t.Fatalf("%q: document %d is %q, want %q", body, i, got[i], want[i])
		}
	}
}

func TestFastEnvelope(t *testing.T) {
	for _, body := range envelopes {
		for i := range len(body) + 1 {
			checkEnvelope(t, []byte(body[:i]))
		}
	}
	var in putTraceSegmentsRequest
	for _, body := range envelopes[:2] {
		if !in.readFast([]byte(body)) {
			t.Errorf("%s was not read", body)
		}
	}
}

func FuzzFastEnvelope(f *testing.F) {
	for _, body := range envelopes {
		f.Add([]byte(body))
	}
	f.Fuzz(checkEnvelope)
}
