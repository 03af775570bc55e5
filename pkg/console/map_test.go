package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
)

const slowDocument = `{"trace_id":"TRACE","id":"70de5b6f19ff9a0b","name":"web","start_time":@0.0,"end_time":@2.0,"fault":true,"user":"bob",
	"http":{"request":{"method":"POST","url":"http://web/orders?id=7"},"response":{"status":500}},
	"cause":{"exceptions":[{"id":"00000000000000ee","type":"Timeout","message":"late"}]},
	"subsegments":[{"id":"70de5b6f19ff9a0c","name":"DynamoDB","namespace":"aws","start_time":@0.1,"end_time":@1.9,"aws":{"operation":"PutItem","table_name":"orders"}}]}`

func TestMap(t *testing.T) {
	s := newServer(t, Config{})
	for n := range 6 {
		s.put(n, webDocument)
	}
	for n := 6; n < 8; n++ {
		s.put(n, slowDocument)
	}
	var m mapAnswer
	// A map is of what arrived, so its time range ends now.
	q := recently("to", fmt.Sprint(base.Unix()+3600))
	s.get("map", q, &m)
	if len(m.Nodes) != 3 || len(m.Edges) != 2 || m.Dense || len(m.Others) != 0 {
		t.Fatalf("map %+v", m)
	}
	nodes := make(map[string]mapNode)
	for _, n := range m.Nodes {
		nodes[n.Kind] = n
	}
	web := nodes["service"]
	if web.OK != 6 || web.Fault != 2 || web.Total != 8 || web.P50 != 0.5 || web.P99 != 2 || web.Outcome != "fault" || web.Filter != `service("web")` {
		t.Errorf("web %+v", web)
	}
	var inBins int64
	for _, n := range web.Spread.Counts {
		inBins += n
	}
	if len(web.Spread.Edges) != mapBins+1 || inBins != 8 {
		t.Errorf("spread %+v", web.Spread)
	}
	if !(nodes["client"].X < web.X && web.X < nodes["database"].X) {
		t.Errorf("places: %+v", m.Nodes)
	}

	// On a narrow screen, who calls stands above whom it calls, and to the left.
	var narrow mapAnswer
	q.Set("screen", "narrow")
	s.get("map", q, &narrow)
	q.Del("screen")
	rows := make(map[string]mapNode)
	for _, n := range narrow.Nodes {
		rows[n.Kind] = n
	}
	if !narrow.Outline || !narrow.Dense || rows["client"].Y >= rows["service"].Y || rows["service"].Y >= rows["database"].Y || rows["service"].X >= rows["database"].X {
		t.Errorf("outline: %+v", narrow.Nodes)
	}

	// The numbers are those of X-Ray's API.
	services, err := client.InProcess(s.api).GetServiceGraph(t.Context(), &xray.GetServiceGraphInput{
		StartTime: aws.Time(base.Add(-60e9)), EndTime: aws.Time(base.Add(3600e9))})
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range services.Services {
		if st := service.SummaryStatistics; st != nil && aws.ToString(service.Name) == "web" && (*st.TotalCount != web.Total || *st.OkCount != web.OK) {
			t.Errorf("API has %+v", st)
		}
	}

	var focused mapAnswer
	q.Set("focus", nodes["database"].ID)
	q.Set("hops", "1")
	s.get("map", q, &focused)
	if len(focused.Nodes) != 2 || len(focused.Others) != 1 || focused.Others[0].Kind != "client" {
		t.Errorf("focused %+v", focused)
	}
	q.Set("focus", "nobody")
	if s.get("map", q, &focused); len(focused.Nodes) != 3 {
		t.Errorf("focus on nobody has %d nodes", len(focused.Nodes))
	}
	q.Del("focus")
	q.Set("filter", "user = \"bob\"")
	if s.get("map", q, &m); m.Nodes[0].Total != 2 {
		t.Errorf("filtered: %+v", m.Nodes[0])
	}

	var series seriesAnswer
	q = recently("to", fmt.Sprint(base.Unix()+3600), "select", web.Filter)
	s.get("map/series", q, &series)
	var ok, fault int64
	for _, p := range series.Periods {
		ok, fault = ok+p.OK, fault+p.Fault
	}
	if ok != 6 || fault != 2 || len(series.Periods) > mapPeriods+1 {
		t.Errorf("series %+v", series)
	}
	s.get("map/series", recently("to", fmt.Sprint(base.Unix()+3600), "select", m.Edges[0].Filter), &series)
	for _, wrong := range []string{"hops", "select"} {
		path := map[string]string{"hops": "map", "select": "map/series"}[wrong]
		if p := s.problem(path, recently(wrong, "-1"), http.StatusBadRequest); p.Title == "" {
			t.Errorf("%s: %+v", wrong, p)
		}
	}
}

func TestAnalytics(t *testing.T) {
	s := newServer(t, Config{})
	for n := range 30 {
		s.put(n, webDocument)
	}
	for n := 30; n < 50; n++ {
		s.put(n, slowDocument)
	}
	var out analyticsAnswer
	s.get("analytics", recently(), &out)
	if out.B != nil || out.A.Traces != 50 || out.A.Fault != 20 || len(out.Findings) != 0 || len(out.Tables) == 0 || len(out.A.Slowest) != analyticsSlowest {
		t.Errorf("without B: %+v", out)
	}

	s.get("analytics", recently("b", "responsetime > 1"), &out)
	if !out.A.Rest || out.A.Own != "!(responsetime > 1)" || out.A.Traces != 30 || out.B.Traces != 20 || out.Times != nil {
		t.Fatalf("sets %+v, %+v", out.A, out.B)
	}
	found := make(map[string]rowAnswer)
	for _, row := range out.Findings {
		found[row.Dimension+" "+row.Value] = row
	}
	for _, want := range []string{"user bob", "status 500", "url http://web/orders", "service orders", "fault cause web (Timeout)"} {
		if row := found[want]; row.B != 20 || row.A != 0 || row.P >= 0.01 {
			t.Errorf("%s: %+v", want, row)
		}
	}
	if last := out.Findings[len(out.Findings)-1]; last.Dimension != "responsetime cause" {
		t.Errorf("last %+v", last)
	}
	// Each row's expression means its traces.
	for _, table := range out.Tables {
		for _, row := range table.Rows {
			if row.Filter == "" {
				continue
			}
			var narrowed analyticsAnswer
			s.get("analytics", recently("a", row.Filter), &narrowed)
			if narrowed.A.Traces != row.A+row.B {
				t.Errorf("%s finds %d traces, not %d", row.Filter, narrowed.A.Traces, row.A+row.B)
			}
		}
	}

	// The filter bar holds for both, a set may have a time range of its own.
	s.get("analytics", recently("filter", `user = "bob"`, "a", "fault", "b", "ok"), &out)
	if out.A.Traces != 20 || out.B.Traces != 0 || out.A.Filter != `(user = "bob") AND (fault)` {
		t.Errorf("filtered: %+v, %+v", out.A, out.B)
	}
	s.get("analytics", recently("bfrom", fmt.Sprint(base.Unix()-50), "bto", fmt.Sprint(base.Unix()-40)), &out)
	if out.A.Traces != 50 || out.B == nil || out.B.Traces != 0 {
		t.Errorf("of another time: %+v", out.B)
	}
	if p := s.problem("analytics", recently("b", "fualt"), http.StatusBadRequest); !strings.Contains(p.Detail, "fault") {
		t.Errorf("problem %+v", p)
	}
	if p := s.problem("analytics", recently("bfrom", "x"), http.StatusBadRequest); p.Title == "" {
		t.Errorf("problem %+v", p)
	}
}

// TestMapIsWhole: the map of few traces is of all of them, however little time
// there is, and how long it may take has bounds.
func TestMapIsWhole(t *testing.T) {
	s := newServer(t, Config{})
	s.put(1, webDocument)
	for _, patience := range []string{"", "1", "12"} {
		var m mapAnswer
		s.get("map", byNow("patience", patience), &m)
		if m.Part != nil || len(m.Nodes) == 0 {
			t.Errorf("patience %q: %d nodes, part %+v", patience, len(m.Nodes), m.Part)
		}
	}
	for _, patience := range []string{"0", "13", "NaN", "x"} {
		s.problem("map", byNow("patience", patience), http.StatusBadRequest)
	}
}

// byNow is a time range in which what a test puts arrives.
func byNow(more ...string) url.Values {
	q := recently(more...)
	q.Set("from", fmt.Sprint(time.Now().Unix()-60))
	q.Set("to", fmt.Sprint(time.Now().Unix()+60))
	return q
}
