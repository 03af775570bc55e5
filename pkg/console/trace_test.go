package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
)

// A checkout calls GetItem five times, one after the other, and a payment that
// fails; a mailer is under way, and one segment has lost its parent.
func checkout(s *server) {
	var calls []string
	for i := range 5 {
		calls = append(calls, fmt.Sprintf(`{"id":"00000000000000d%d","name":"DynamoDB","namespace":"aws","start_time":@0.%d,"end_time":@0.%d,
			"aws":{"operation":"GetItem","table_name":"orders"}}`, i, i+1, i+2))
	}
	s.put(1, `{"trace_id":"TRACE","id":"00000000000000a1","name":"checkout","start_time":@0.0,"end_time":@2.0,"fault":true,"user":"ada",
		"http":{"request":{"method":"POST","url":"http://shop/orders?id=7"},"response":{"status":502}},
		"annotations":{"plan":"gold","tries":3},"metadata":{"debug":{"cart":{"items":[1,2]}}},
		"links":[{"trace_id":"1-5f84c7a1-0123456789abcdef01234567","id":"00000000000000f1","attributes":{"aws.xray.link_type":"parent"}}],
		"subsegments":[`+strings.Join(calls, ",")+`,
			{"id":"00000000000000a2","name":"pay","namespace":"remote","start_time":@1.0,"end_time":@1.8,"fault":true,
			"sql":{"sanitized_query":"SELECT 1","url":"db/payments"},
			"cause":{"working_directory":"/srv","exceptions":[
				{"id":"00000000000000e1","type":"Refused","message":"no","cause":"00000000000000e2","stack":[{"path":"pay.go","line":7,"label":"Pay"}]},
				{"id":"00000000000000e2","type":"Timeout","message":"late","remote":true}]}}]}`,
		`{"trace_id":"TRACE","id":"00000000000000a3","parent_id":"00000000000000a2","name":"mailer","start_time":@1.5,"in_progress":true}`,
		`{"trace_id":"TRACE","id":"00000000000000a4","parent_id":"0000000000009999","name":"audit","start_time":@1.0,"end_time":@1.1,
			"cause":"00000000000000e2","fault":true}`,
	)
}

func TestTraceInColumns(t *testing.T) {
	s := newServer(t, Config{})
	checkout(s)
	var v traceView
	s.get("trace/"+traceID(1), nil, &v)
	if v.ID != traceID(1) || v.Title != "POST /orders" || v.Outcome != "fault" || v.Status != 502 || v.Start != float64(base.Unix()) ||
		v.Duration != 2_000_000 || v.User != "ada" || v.Segments != 3 || !slices.Equal(v.Services, []string{"audit", "checkout", "mailer"}) {
		t.Errorf("the trace is %+v", v)
	}
	if v.InProgress != 1 || v.Orphans != 1 {
		t.Errorf("%d in progress, %d orphans; want one of each", v.InProgress, v.Orphans)
	}
	if len(v.Links) != 1 || v.Links[0] != (linkView{"00000000000000a1", "1-5f84c7a1-0123456789abcdef01234567", "00000000000000f1", "parent"}) {
		t.Errorf("links %+v", v.Links)
	}
	n := len(v.RowID)
	for name, length := range map[string]int{"depth": len(v.Depth), "kind": len(v.Kind), "name": len(v.Name), "text": len(v.Text), "service": len(v.Service),
		"offset": len(v.Offset), "length": len(v.Length), "self": len(v.Self), "result": len(v.Result), "worst": len(v.Worst), "flags": len(v.Flags)} {
		if length != n {
			t.Errorf("column %s has %d rows, want %d", name, length, n)
		}
	}
	row := func(id string) int { return slices.Index(v.RowID, id) }
	pay, mailer, audit, first := row("00000000000000a2"), row("00000000000000a3"), row("00000000000000a4"), row("00000000000000d0")
	if v.Depth[pay] != 1 || v.Offset[pay] != 1_000_000 || v.Length[pay] != 800_000 || v.Self[pay] != 500_000 || v.Result[pay] != 3 || v.Flags[pay]&(flagException|flagSQL) != flagException|flagSQL {
		t.Errorf("row of the payment: depth %d, offset %d, length %d, self %d, result %d, flags %d", v.Depth[pay], v.Offset[pay], v.Length[pay], v.Self[pay], v.Result[pay], v.Flags[pay])
	}
	if v.Depth[mailer] != 2 || v.Flags[mailer]&flagInProgress == 0 || v.Flags[audit]&flagOrphan == 0 || v.Worst[0] != 3 {
		t.Error("the mailer is not in progress below the payment, or the audit no orphan, or the root does not show the worst")
	}
	if text := v.Strings[v.Text[first]]; text != "GetItem" || v.Strings[v.Name[first]] != "DynamoDB" || v.Flags[first]&flagInferred == 0 {
		t.Errorf("a call of DynamoDB is %q, flags %d", text, v.Flags[first])
	}
	if len(v.Repeats) != 1 || len(v.Repeats[0].Rows) != 5 || v.Repeats[0].From != 100_000 || v.Repeats[0].To != 600_000 {
		t.Errorf("repeats %+v", v.Repeats)
	}
	var whole int64
	for i, c := range v.Critical {
		whole += c[2] - c[1]
		if i > 0 && c[1] != v.Critical[i-1][2] {
			t.Errorf("the critical path has a gap at %d", c[1])
		}
	}
	if whole != v.Duration {
		t.Errorf("the critical path takes %d µs of %d", whole, v.Duration)
	}
}

func TestSegmentOfATrace(t *testing.T) {
	s := newServer(t, Config{})
	checkout(s)
	path := "trace/" + traceID(1) + "/segment/"
	var root, pay, audit segmentView
	s.get(path+"00000000000000a1", nil, &root)
	s.get(path+"00000000000000a2", nil, &pay)
	s.get(path+"00000000000000a4", nil, &audit)
	want := []annotation{{"plan", "gold", `annotation["plan"] = "gold"`}, {"tries", "3", `annotation["tries"] = 3`}}
	if !slices.Equal(root.Annotations, want) {
		t.Errorf("annotations %+v", root.Annotations)
	}
	if len(root.Metadata) != 1 || string(root.Metadata[0].Values) != `{"cart":{"items":[1,2]}}` {
		t.Errorf("metadata %+v", root.Metadata)
	}
	if strings.Contains(string(root.Raw), "subsegments") || !strings.Contains(string(root.Raw), `"user":"ada"`) {
		t.Errorf("raw %s", root.Raw)
	}
	if len(pay.Exceptions) != 2 || pay.Exceptions[0].Cause != 1 || pay.Exceptions[1].Cause != -1 || pay.Exceptions[0].Stack[0].Label != "Pay" {
		t.Errorf("exceptions %+v", pay.Exceptions)
	}
	if pay.Query != "SELECT 1" || !slices.Contains(pay.SQL, fact{Name: "Database", Value: "db/payments"}) {
		t.Errorf("SQL %q %+v", pay.Query, pay.SQL)
	}
	if !slices.Contains(pay.Overview, fact{Name: "Self time", Value: "500 ms"}) || !slices.Contains(pay.Overview, fact{Name: "Parent", Value: "00000000000000a1", Link: true}) {
		t.Errorf("overview %+v", pay.Overview)
	}
	if len(audit.Exceptions) != 1 || audit.Exceptions[0].Type != "Timeout" || audit.Exceptions[0].Of != "00000000000000a2" {
		t.Errorf("an exception that another segment tells of: %+v", audit.Exceptions)
	}
	s.problem(path+"0000000000000000", nil, http.StatusNotFound)
}

func TestSearchInATrace(t *testing.T) {
	s := newServer(t, Config{})
	checkout(s)
	for q, want := range map[string]int{"getitem": 5, "SELECT": 1, "gold": 1, "cart": 1, "timeout": 1, "/orders": 1, "502": 1, "nothing like it": 0, "": 0} {
		var found []int
		s.get("trace/"+traceID(1)+"/search", url.Values{"q": {q}}, &found)
		if len(found) != want {
			t.Errorf("%q: rows %v, want %d", q, found, want)
		}
	}
}

// TestTraceGrows: what arrives after a look at a trace is seen, and found.
func TestTraceGrows(t *testing.T) {
	s := newServer(t, Config{})
	checkout(s)
	var v segmentView
	s.get("trace/"+traceID(1)+"/segment/00000000000000a3", nil, &v)
	s.put(1, `{"trace_id":"TRACE","id":"00000000000000a5","parent_id":"00000000000000a3","name":"late","start_time":@1.6,"end_time":@1.7}`)
	s.get("trace/"+traceID(1)+"/segment/00000000000000a5", nil, &v)
	if v.Name != "late" {
		t.Errorf("got %+v", v)
	}
}

func TestTraceProblems(t *testing.T) {
	s := newServer(t, Config{})
	for path, status := range map[string]int{
		"trace/nonsense": http.StatusBadRequest, "trace/nonsense/export": http.StatusBadRequest, "trace/nonsense/map": http.StatusBadRequest,
		"trace/" + traceID(9): http.StatusNotFound, "trace/" + traceID(9) + "/export": http.StatusNotFound,
		"trace/" + traceID(9) + "/segment/00000000000000a1": http.StatusNotFound,
	} {
		if p := s.problem(path, nil, status); p.Title == "" || p.Detail == "" {
			t.Errorf("%s: %+v", path, p)
		}
	}
}

// TestTraceOutAndIn: an exported trace, imported elsewhere, is the same.
func TestTraceOutAndIn(t *testing.T) {
	from := newServer(t, Config{})
	checkout(from)
	for _, format := range []string{"documents", "otlp"} {
		w := from.do("GET", "/console/api/trace/"+traceID(1)+"/export?format="+format, "")
		if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Content-Disposition"), traceID(1)) {
			t.Fatalf("%s: %d %v", format, w.Code, w.Header())
		}
		to := newServer(t, Config{})
		in := to.do("POST", "/console/api/import", w.Body.String())
		var said importAnswer
		if err := json.Unmarshal(in.Body.Bytes(), &said); err != nil || said.Documents == 0 || said.Refused != 0 {
			t.Fatalf("%s: import said %s", format, in.Body)
		}
		var a, b traceView
		from.get("trace/"+traceID(1), nil, &a)
		to.get("trace/"+traceID(1), nil, &b)
		if !slices.Equal(a.RowID, b.RowID) || !slices.Equal(a.Offset, b.Offset) || !slices.Equal(a.Result, b.Result) {
			t.Errorf("%s: rows %v became %v", format, a.RowID, b.RowID)
		}
	}
	w := from.do("GET", "/console/api/trace/"+traceID(1)+"/export?format=json", "")
	var plain []struct{ Id string }
	if err := json.Unmarshal(w.Body.Bytes(), &plain); err != nil || plain[0].Id != traceID(1) {
		t.Errorf("as JSON: %s", w.Body)
	}
	if w := from.do("POST", "/console/api/import", "{"); w.Code != http.StatusBadRequest {
		t.Errorf("a malformed file: status %d", w.Code)
	}
}

// TestOriginalSpan: what came by OTLP can be seen as it was sent.
func TestOriginalSpan(t *testing.T) {
	s := newServer(t, Config{})
	checkout(s)
	span := fmt.Sprintf(`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"web"}}]},"scopeSpans":[{"spans":[
		{"traceId":"%s","spanId":"00000000000000b1","name":"GET /","kind":2,"startTimeUnixNano":"%d","endTimeUnixNano":"%d",
		"attributes":[{"key":"shelf","value":{"stringValue":"top"}}]}]}]}]}`,
		strings.ReplaceAll(traceID(2)[2:], "-", ""), base.UnixNano(), base.UnixNano()+5e8)
	if w := s.do("POST", "/console/api/import", span); w.Code != http.StatusOK {
		t.Fatalf("import: %s", w.Body)
	}
	if w := s.do("GET", "/console/api/trace/"+traceID(2)+"/span/00000000000000b1", ""); !strings.Contains(w.Body.String(), "shelf") {
		t.Errorf("the span is %d %s", w.Code, w.Body)
	}
}

func TestMapOfATrace(t *testing.T) {
	s := newServer(t, Config{})
	checkout(s)
	var v traceView
	s.get("trace/"+traceID(1), nil, &v)
	var m traceMapAnswer
	s.get("trace/"+traceID(1)+"/map", nil, &m)
	if len(m.Rows) != len(v.RowID) {
		t.Fatalf("nodes of %d rows, want %d", len(m.Rows), len(v.RowID))
	}
	for id, want := range map[string]string{
		"00000000000000a1": "checkout", // a segment
		"00000000000000d3": "orders",   // a call, of what it called
		"00000000000000a2": "checkout", // a call of a service that sent a segment
		"00000000000000a3": "mailer",
		"00000000000000a4": "audit",
	} {
		node := -1
		if row := slices.Index(v.RowID, id); row >= 0 {
			node = m.Rows[row]
		}
		if node < 0 || m.Nodes[node].Name != want || m.Nodes[node].Kind == "client" {
			t.Errorf("row %s stands for node %d of %+v, want %s", id, node, m.Nodes, want)
		}
	}
}

// TestLinkedFrom: a trace says which others link to it.
func TestLinkedFrom(t *testing.T) {
	s := newServer(t, Config{})
	s.put(1, webDocument)
	for n := range api.MostLinksIn + 3 {
		s.put(10+n, fmt.Sprintf(`{"trace_id":"TRACE","id":"00000000000000b1","name":"worker","start_time":@%.1f,"end_time":@9.0,"http":{"request":{"method":"POST","url":"http://worker/jobs?id=%d"}},
			"links":[{"trace_id":%q,"id":"00000000000000a1","attributes":{"aws.xray.link_type":"message"}}]}`, float64(n)/10, n, traceID(1)))
	}
	var v traceView
	s.get("trace/"+traceID(1), nil, &v)
	want := linkInView{Trace: traceID(10 + api.MostLinksIn + 2), Segment: "00000000000000b1", ID: "00000000000000a1", Kind: "message", Request: "POST /jobs", Start: float64(base.Unix()) + 2.2}
	if l := v.LinkedFrom; l.All != api.MostLinksIn+3 || len(l.Newest) != api.MostLinksIn || l.Newest[0] != want {
		t.Errorf("%d links, the newest %+v, want %+v", l.All, l.Newest[0], want)
	}
	s.get("trace/"+traceID(10), nil, &v)
	if v.LinkedFrom.All != 0 || v.LinkedFrom.Newest == nil {
		t.Errorf("to the worker: %+v", v.LinkedFrom)
	}
}
