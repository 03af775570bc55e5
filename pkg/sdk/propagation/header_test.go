package propagation_test

import (
	"strings"
	"testing"

	contrib "go.opentelemetry.io/contrib/propagators/aws/xray"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	xray "github.com/bragg-tracing/bragg/pkg/sdk/propagation"
)

const (
	root   = "Root=1-67891233-abcdef012345678912345678"
	parent = "Parent=53995c3f42cd8ad8"
	id     = "67891233abcdef012345678912345678"
)

// headerCases are AWS's documented examples, and what is near them.
var headerCases = []struct {
	name, text string
	parent     string
	sampling   xray.Sampling
	self       string
	fields     string
	written    string // "" for the same as text
}{
	// https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
	{name: "X-Ray, root decided", text: root + ";Sampled=1", sampling: xray.Sampled},
	{name: "X-Ray, with parent", text: root + ";" + parent + ";Sampled=1", parent: "53995c3f42cd8ad8", sampling: xray.Sampled},
	{name: "X-Ray, with parent and lineage", text: root + ";" + parent + ";Sampled=1;Lineage=a87bd80c:0|68fd508a:5|c512fbe3:2",
		parent: "53995c3f42cd8ad8", sampling: xray.Sampled, fields: "Lineage=a87bd80c:0|68fd508a:5|c512fbe3:2"},
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html
	{name: "load balancer, new", text: root},
	{name: "load balancer, more", text: "Self=1-67891233-12456789abcdef012345678;" + root, self: "1-67891233-12456789abcdef012345678"},
	{name: "load balancer, with a field of the application", text: "Self=1-67891233-12456789abcdef012345678;" + root + ";CalledFrom=app",
		self: "1-67891233-12456789abcdef012345678", fields: "CalledFrom=app"},
	// https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
	{name: "Lambda, not sampled", text: root + ";" + parent + ";Sampled=0;Lineage=1:a87bd80c:1", parent: "53995c3f42cd8ad8",
		sampling: xray.NotSampled, fields: "Lineage=1:a87bd80c:1"},

	{name: "asked", text: root + ";Sampled=?", sampling: xray.SamplingRequested},
	{name: "another decision", text: root + ";Sampled=2", written: root},
	{name: "no decision", text: root + ";" + parent, parent: "53995c3f42cd8ad8"},
	{name: "empty parent", text: root + ";Parent=;Sampled=1", sampling: xray.Sampled, written: root + ";Sampled=1"},
	{name: "spaces", text: " " + root + " ; " + parent + " ; Sampled=1 ", parent: "53995c3f42cd8ad8", sampling: xray.Sampled, written: root + ";" + parent + ";Sampled=1"},
	{name: "another order", text: "Sampled=1;" + parent + ";" + root, parent: "53995c3f42cd8ad8", sampling: xray.Sampled, written: root + ";" + parent + ";Sampled=1"},
	{name: "semicolons", text: ";;" + root + ";", written: root},
	{name: "no field", text: root + ";x;=y", written: root},
	{name: "upper case", text: "Root=1-67891233-ABCDEF012345678912345678", written: root},
	{name: "fields apart", text: "a=1;" + root + ";b=2", fields: "a=1;b=2", written: root + ";a=1;b=2"},
	{name: "names that begin alike", text: root + ";Parental=1;RootCause=2;SampledBy=3", fields: "Parental=1;RootCause=2;SampledBy=3"},
	{name: "twice", text: root + ";Root=1-00000001-000000000000000000000001;Sampled=1;Sampled=0", sampling: xray.Sampled, written: root + ";Sampled=1"},
}

func TestHeader(t *testing.T) {
	for _, tt := range headerCases {
		t.Run(tt.name, func(t *testing.T) {
			h, err := xray.ParseHeader(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			gotParent := ""
			if h.ParentID.IsValid() {
				gotParent = h.ParentID.String()
			}
			if h.TraceID.String() != id || gotParent != tt.parent || h.Sampling != tt.sampling || h.Self != tt.self || h.Fields != tt.fields {
				t.Errorf("header: %+v", h)
			}
			want := tt.written
			if want == "" {
				want = tt.text
			}
			if got := h.String(); got != want {
				t.Errorf("written %q, want %q", got, want)
			}
		})
	}
}

func TestHeaderErrors(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "no root": "Self=1-67891233-12456789abcdef012345678", "no fields": "hello", "version": strings.Replace(root, "=1-", "=2-", 1),
		"short": root[:len(root)-1], "long": root + "0", "no hexadecimal digit": strings.Replace(root, "a", "g", 1), "one dash": strings.Replace(root, "3-a", "30a", 1),
		"zero": "Root=1-00000000-000000000000000000000000", "parent": root + ";Parent=1", "parent of other letters": root + ";Parent=xxxxxxxxxxxxxxxx",
		"second root counts not": "Root=x;" + root, "too long": root + ";x=" + strings.Repeat("x", 8000),
	} {
		if h, err := xray.ParseHeader(text); err == nil || h != (xray.Header{}) {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
	}
}

func TestWrittenHeaderIsBounded(t *testing.T) {
	h, err := xray.ParseHeader(root + ";" + parent + ";Sampled=1;Lineage=1:a87bd80c:1;long=" + strings.Repeat("x", 300) + ";z=1")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := h.String(), root+";"+parent+";Sampled=1;Lineage=1:a87bd80c:1"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	h.Self, h.Fields = strings.Repeat("s", 300), ""
	if got := h.String(); got != root+";"+parent+";Sampled=1" {
		t.Error(got)
	}
	h.Self, h.Fields = strings.Repeat("s", 130), "a="+strings.Repeat("x", 26)
	if got := h.String(); len(got) > 256 || !strings.HasPrefix(got, "Self=") {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}

func FuzzParseHeader(f *testing.F) {
	for _, tt := range headerCases {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := xray.ParseHeader(text)
		if err != nil {
			return
		}
		written := h.String()
		again, err := xray.ParseHeader(written)
		if err != nil || len(written) > 256 {
			t.Fatalf("%q is written as %q: %v", text, written, err)
		}
		if again.TraceID != h.TraceID || again.ParentID != h.ParentID || again.Sampling != h.Sampling || again.String() != written {
			t.Errorf("%q: %+v became %+v", text, h, again)
		}
		agreeWithContrib(t, text, h)
	})
}

// agreeWithContrib compares a header with contrib's propagator, where that is
// right: it knows no Root alone, no field that it does not know, and finds
// fields by their beginnings.
func agreeWithContrib(t *testing.T, text string, h xray.Header) {
	t.Helper()
	if !h.ParentID.IsValid() || h.Self != "" || h.Fields != "" || strings.Count(text, "=") != strings.Count(text, ";")+1 ||
		strings.Count(text, "=") > 3 || strings.ContainsAny(text, " \t\r\n\v\f") {
		return
	}
	ctx := contrib.Propagator{}.Extract(t.Context(), propagation.MapCarrier{xray.HeaderName: text})
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() &&
		(sc.TraceID() != h.TraceID || sc.SpanID() != h.ParentID || sc.IsSampled() != (h.Sampling == xray.Sampled)) {
		t.Errorf("%q: %+v, contrib has %v", text, h, sc)
	}
}

func TestTraceIDString(t *testing.T) {
	traceID, err := trace.TraceIDFromHex(id)
	if err != nil {
		t.Fatal(err)
	}
	if got := "Root=" + xray.TraceIDString(traceID); got != root {
		t.Errorf("%s, want %s", got, root)
	}
}

func TestHeaderAllocations(t *testing.T) {
	text := root + ";" + parent + ";Sampled=1;Lineage=1:a87bd80c:1"
	h, _ := xray.ParseHeader(text)
	if n := testing.AllocsPerRun(100, func() { h, _ = xray.ParseHeader(text) }); n != 0 {
		t.Errorf("ParseHeader: %v allocations", n)
	}
	var written string
	if n := testing.AllocsPerRun(100, func() { written = h.String() }); n != 1 {
		t.Errorf("String: %v allocations, want 1 for %q", n, written)
	}
}
