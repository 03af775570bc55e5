package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

// fakeAPI answers with what it holds, or with err.
type fakeAPI struct {
	summaries []types.TraceSummary
	traces    map[string]types.Trace
	err       error
	asked     *xray.GetTraceSummariesInput // the last
}

func (f *fakeAPI) GetTraceSummaries(_ context.Context, in *xray.GetTraceSummariesInput, _ ...func(*xray.Options)) (*xray.GetTraceSummariesOutput, error) {
	f.asked = in
	return &xray.GetTraceSummariesOutput{TraceSummaries: f.summaries}, f.err
}

func (f *fakeAPI) BatchGetTraces(_ context.Context, in *xray.BatchGetTracesInput, _ ...func(*xray.Options)) (*xray.BatchGetTracesOutput, error) {
	out := &xray.BatchGetTracesOutput{}
	for _, id := range in.TraceIds {
		if t, ok := f.traces[id]; ok {
			out.Traces = append(out.Traces, t)
		}
	}
	return out, f.err
}

const testID = "1-6b02cc70-a006649127e371903a2de979"

func trace(documents ...string) map[string]types.Trace {
	t := types.Trace{Id: aws.String(testID), Duration: aws.Float64(1)}
	for _, d := range documents {
		t.Segments = append(t.Segments, types.Segment{Id: aws.String("x"), Document: aws.String(d)})
	}
	return map[string]types.Trace{testID: t}
}

func get(t *testing.T, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

// contains fails for each text that the body does not have.
func contains(t *testing.T, w *httptest.ResponseRecorder, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("no %q in\n%s", text, w.Body)
		}
	}
}

// document reads a document of testdata.
func document(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTracePage(t *testing.T) {
	h := New(&fakeAPI{traces: trace(
		document(t, "web.json"), document(t, "scoring.json"),
		`{"id":"5dd0c1a77e2f0a01","name":"DynamoDB","inferred":true,"start_time":1795366000.131,"end_time":1795366000.217,"parent_id":"70de5b6f19ff9b02","origin":"AWS::DynamoDB::Table"}`,
		`{"id":"70de5b6f19ff9d01","name":"ledger","start_time":1795366001.3,"in_progress":true}`,
		`{"id":"70de5b6f19ff9e01","name":"audit","start_time":1795366000.9,"end_time":1795366000.952,"parent_id":"70de5b6f19ffffff"}`,
	)})
	w := get(t, h, "/trace/"+testID)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("status %d, %v", w.Code, w.Header())
	}
	contains(t, w,
		`<title>POST http://127.0.0.1:8080/loans · Bragg</title>`,
		`href="./../console.css"`,
		`<strong>1.23 s</strong>`, `4 segments`, testID,
		`<details class="fault s3">`, `<details class="throttle s3 sub">`, `<details class="progress s1">`, // services by name: audit, ledger, scoring, web
		`id="70de5b6f19ff9b02"`, `<i id="5dd0c1a77e2f0a01">`, // the inferred segment is folded, but can be linked to
		`AWS::DynamoDB::Table`, `in progress`, `parent missing`, `1 row has its parent outside`,
		`<h2>Annotations</h2><dl><dt>client_id</dt><dd>enova</dd>`,
		`<h2>Metadata: default</h2><dl><dt>amount</dt><dd>12000</dd>`,
		`<h2>SQL</h2><dl><dt>Query</dt><dd>SELECT score FROM scores WHERE client = ?</dd>`,
		`<dt>table_name</dt><dd>loans</dd>`, `<dt>User</dt><dd>u-17</dd>`,
		`<strong>*errors.errorString</strong> query timed out after 1s`, `scoring.Query (scoring/db.go:12)`,
		`&#34;sanitized_query&#34;`,
	)
	// The throttled call begins 11 ms into 1.232 s and takes 86 ms.
	contains(t, w, `x="0.893%" y="2" width="6.981%"`)
}

func TestTraceRedirectsToXRayForm(t *testing.T) {
	h := New(&fakeAPI{})
	for path, want := range map[string]string{
		"/trace/6B02CC70a006649127e371903a2de979":      testID,
		"/trace/6b02cc70a006649127e371903a2de979/json": "../" + testID + "/json",
	} {
		w := get(t, h, path)
		if w.Code != http.StatusFound || w.Header().Get("Location") != want {
			t.Errorf("%s: status %d, location %q, want %q", path, w.Code, w.Header().Get("Location"), want)
		}
	}
}

func TestTraceJSON(t *testing.T) {
	w := get(t, New(&fakeAPI{traces: trace(`{"id":"a","name":"web","unknown":{"kept":true}}`)}), "/trace/"+testID+"/json")
	var got []struct {
		Id       string
		Segments []map[string]any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if w.Header().Get("Content-Type") != "application/json" || len(got) != 1 || got[0].Id != testID || got[0].Segments[0]["unknown"] == nil {
		t.Errorf("got %v", got)
	}
}

func TestListPage(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	at := func(ago time.Duration) *time.Time { return aws.Time(now.Add(-ago)) }
	api := &fakeAPI{summaries: []types.TraceSummary{
		{
			Id: aws.String(testID), StartTime: at(90 * time.Second), Duration: aws.Float64(1.24), HasFault: aws.Bool(true),
			Http:       &types.Http{HttpMethod: aws.String("POST"), HttpURL: aws.String("http://h/loans?x"), HttpStatus: aws.Int32(502)},
			EntryPoint: &types.ServiceId{Name: aws.String("web")},
		},
		{Id: aws.String("1-6b02cc70-000000000000000000000002"), StartTime: at(2 * time.Hour), Duration: aws.Float64(0.31), IsPartial: aws.Bool(true)},
		{Id: aws.String("1-6b02cc70-000000000000000000000003"), StartTime: at(3 * time.Hour), HasThrottle: aws.Bool(true)},
	}}
	c := &console{api: api, now: func() time.Time { return now }}
	w := httptest.NewRecorder()
	c.list(w, httptest.NewRequest("GET", "/?range=6h", nil))
	contains(t, w,
		`<a href="trace/`+testID+`" title="http://h/loans?x">POST /loans</a>`, `1.24 s`, `1m</td>`, `2026-11-22 11:58:30.000 UTC`, `502`,
		`width="100.000%"`, `width="25.000%"`, `partial`, `(no root yet)`,
		`<span class="mark fault">`, `<span class="mark throttle">`, `<span class="mark ok">`,
		`<a href="?range=6h" aria-current="true">6 h</a>`,
	)
	if got := api.asked.EndTime.Sub(*api.asked.StartTime); got != 6*time.Hour {
		t.Errorf("asked for %v, want 6 h", got)
	}
	if strings.Contains(w.Body.String(), "http-equiv") {
		t.Error("the page reloads without having been told")
	}

	h := New(api)
	contains(t, get(t, h, "/?live=1"), `<meta http-equiv="refresh" content="5">`, `href="?range=1h" aria-current="true">● live`)
	contains(t, get(t, h, "/?range=%22%3E&live=x"), `<a href="?range=1h" aria-current="true">1 h</a>`)
}

// TestNotice: what the API wants people to know stands above the traces.
func TestNotice(t *testing.T) {
	for _, notice := range []string{"", "full since <noon>"} {
		h := newConsole(&fakeAPI{}, func() string { return notice })
		page := get(t, h, "/").Body.String()
		if shown := strings.Contains(page, `role="status"`); shown != (notice != "") {
			t.Errorf("notice %q: shown is %v", notice, shown)
		}
		if notice != "" && !strings.Contains(page, "full since &lt;noon&gt;") {
			t.Errorf("the page lacks %q", notice)
		}
	}
}

func TestListPageEmpty(t *testing.T) {
	contains(t, get(t, New(&fakeAPI{}), "/?range=15m"),
		"No traces in the last 15 min", "<code>bragg up</code>", "OTEL_EXPORTER_OTLP_ENDPOINT", "AWS_XRAY_DAEMON_ADDRESS")
}

func TestProblems(t *testing.T) {
	broken := &fakeAPI{err: errors.New("disk <full>")}
	for _, tt := range []struct {
		name, path string
		api        API
		status     int
		want       []string
	}{
		{"unknown page", "/a/b/c", &fakeAPI{}, 404, []string{"There is no such page", `href="./../../"`}},
		{"unknown trace", "/trace/" + testID, &fakeAPI{}, 404, []string{"No such trace", testID, "Try again"}},
		{"unknown trace as JSON", "/trace/" + testID + "/json", &fakeAPI{}, 404, []string{"No such trace"}},
		{"malformed id", "/trace/%3Cscript%3E", &fakeAPI{}, 400, []string{"Not a trace id", "&lt;script&gt;"}},
		{"API fails for the list", "/?range=6h", broken, 502, []string{"The list of traces could not be read", "disk &lt;full&gt;", `<a href="?range=6h">Try again</a>`}},
		{"API fails for a trace", "/trace/" + testID, broken, 502, []string{"The trace could not be read", "disk &lt;full&gt;", "Try again"}},
		{"broken document", "/trace/" + testID, &fakeAPI{traces: trace(`{`)}, 502, []string{"The trace could not be read", "Try again"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := get(t, New(tt.api), tt.path)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
			contains(t, w, tt.want...)
		})
	}
	if w := httptest.NewRecorder(); true {
		New(broken).ServeHTTP(w, httptest.NewRequest("POST", "/", nil))
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST: status %d, want 405", w.Code)
		}
	}
}

// Nothing of a trace becomes markup, whatever member it is in.
func TestEscapes(t *testing.T) {
	const attack = `\"'><img src=x onerror=alert(1)><script>alert(1)</script></title></svg>`
	doc := strings.ReplaceAll(`{"id":"@","name":"@","user":"@","origin":"@","namespace":"remote","start_time":1,"end_time":2,"parent_id":"@","resource_arn":"@",
		"http":{"request":{"method":"@","url":"javascript:@","user_agent":"@","client_ip":"@"},"response":{"status":500}},
		"sql":{"sanitized_query":"@","url":"@"},"aws":{"@":"@","operation":"@"},"service":{"version":"@"},
		"annotations":{"@":"@"},"metadata":{"@":{"@":{"@":"@"}}},
		"cause":{"working_directory":"@","exceptions":[{"id":"@","type":"@","message":"@","stack":[{"path":"@","label":"@"}]}]},
		"links":[{"trace_id":"@","id":"@"}],"subsegments":[{"id":"@s","name":"@","start_time":1,"end_time":2}]}`, "@", attack)
	raw := strings.ReplaceAll(attack, `\"`, `"`)
	api := &fakeAPI{traces: trace(doc), summaries: []types.TraceSummary{{
		Id: aws.String(raw), Http: &types.Http{HttpMethod: aws.String(raw), HttpURL: aws.String("javascript:" + raw)}, EntryPoint: &types.ServiceId{Name: aws.String(raw)},
	}}}
	for _, path := range []string{"/", "/trace/" + testID} {
		w := get(t, New(api), path)
		if w.Code != http.StatusOK {
			t.Errorf("%s: status %d", path, w.Code)
		}
		for _, evil := range []string{"<img", "<script", "onerror=alert(1)>", `href="javascript:`} {
			if strings.Contains(w.Body.String(), evil) {
				t.Errorf("%s: has %s", path, evil)
			}
		}
		contains(t, w, "&lt;img src=x")
	}
}

// The pages obey their own policy: no inline style or script, nothing foreign.
func TestPolicy(t *testing.T) {
	api := &fakeAPI{traces: trace(document(t, "web.json"))}
	inline := regexp.MustCompile(`(?i)<style|<script|\sstyle=|\son[a-z]+=|(src|href)="(https?:)?//`)
	for _, path := range []string{"/", "/trace/" + testID, "/nowhere", "/console.css", "/trace/" + testID + "/json"} {
		w := get(t, New(api), path)
		if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'self';") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: headers %v", path, w.Header())
		}
		if found := inline.FindString(w.Body.String()); found != "" {
			t.Errorf("%s: has %q", path, found)
		}
	}
	if w := get(t, New(api), "/console.css"); !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Errorf("style sheet of type %q", w.Header().Get("Content-Type"))
	}
}

// The style sheet has a class for each step and colour that pages use.
func TestStyleSheetIsComplete(t *testing.T) {
	css := get(t, New(&fakeAPI{}), "/console.css").Body.String()
	for i := 1; i <= maxIndent; i++ {
		if !strings.Contains(css, fmt.Sprintf("\n.d%d {", i)) {
			t.Errorf("no .d%d", i)
		}
	}
	for i := range palette {
		if !strings.Contains(css, fmt.Sprintf("\n.s%d {", i)) {
			t.Errorf("no .s%d", i)
		}
	}
}

func TestManyRows(t *testing.T) {
	var docs []string
	for i := range maxRows + 500 {
		docs = append(docs, fmt.Sprintf(`{"id":"%016x","name":"s","start_time":1,"end_time":2}`, i))
	}
	w := get(t, New(&fakeAPI{traces: trace(docs...)}), "/trace/"+testID)
	contains(t, w, "500 more rows are not drawn here")
	if got := strings.Count(w.Body.String(), `<summary class="row">`); got != maxRows {
		t.Errorf("%d rows, want %d", got, maxRows)
	}
}

// ForAPI reads from the handler that it is given.
func TestForAPI(t *testing.T) {
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/TraceSummaries" {
			t.Errorf("called %s", r.URL.Path)
		}
		_, _ = io.WriteString(w, `{"TraceSummaries":[{"Id":"`+testID+`","StartTime":1795366000.5,"Duration":0.086,"EntryPoint":{"Name":"batch"}}]}`)
	})
	contains(t, get(t, ForAPI(api), "/"), `<a href="trace/`+testID+`" title="">batch</a>`, "86.0 ms")
}
