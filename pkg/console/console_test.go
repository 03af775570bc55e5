package console

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// base is the time of the traces of tests, near enough to now for X-Ray.
var base = time.Now().Add(-time.Minute).Truncate(time.Second)

// A server is a console over a real X-Ray Local, in memory.
type server struct {
	t       *testing.T
	api     *api.Handler
	console http.Handler
}

func newServer(t *testing.T, cfg Config) *server {
	t.Helper()
	st, err := store.OpenInMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	calls := api.New(api.Config{Store: st, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Strict: true})
	return &server{t, calls, cfg.ForAPI(calls)}
}

// traceID is the id of the n-th trace of a test.
func traceID(n int) string { return fmt.Sprintf("1-%08x-%024x", base.Unix(), n) }

// put stores documents: TRACE in them is the id of the n-th trace, and @1.5 a
// time 1.5 seconds after base.
func (s *server) put(n int, documents ...string) {
	s.t.Helper()
	body := map[string][]string{}
	for _, d := range documents {
		d = strings.ReplaceAll(d, "TRACE", traceID(n))
		for i := 0; i < 100; i++ {
			d = strings.ReplaceAll(d, fmt.Sprintf("@%.1f", float64(i)/10), fmt.Sprintf("%.1f", float64(base.Unix())+float64(i)/10))
		}
		body["TraceSegmentDocuments"] = append(body["TraceSegmentDocuments"], d)
	}
	s.send(body)
}

// send makes the call that PutTraceSegments is.
func (s *server) send(body any) {
	s.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, httptest.NewRequest("POST", "/TraceSegments", strings.NewReader(string(raw))))
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "ErrorCode") {
		s.t.Fatalf("put: %d %s", w.Code, w.Body)
	}
}

func (s *server) do(method, path, body string) *httptest.ResponseRecorder {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.console.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w
}

// get reads an endpoint, which must answer with status 200, into v.
func (s *server) get(path string, query url.Values, v any) {
	s.t.Helper()
	w := s.do("GET", "/console/api/"+path+"?"+query.Encode(), "")
	if w.Code != http.StatusOK {
		s.t.Fatalf("%s: status %d, %s", path, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), v); err != nil {
		s.t.Fatalf("%s: %v in %s", path, err, w.Body)
	}
}

// problem reads an endpoint, which must fail with a status, and returns why.
func (s *server) problem(path string, query url.Values, status int) problem {
	s.t.Helper()
	w := s.do("GET", "/console/api/"+path+"?"+query.Encode(), "")
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != status {
		s.t.Fatalf("%s: status %d, want %d: %s", path, w.Code, status, w.Body)
	}
	return p
}

// recently is a time range that has all traces of a test.
func recently(more ...string) url.Values {
	q := url.Values{"from": {fmt.Sprint(base.Unix() - 60)}, "to": {fmt.Sprint(base.Unix() + 60)}}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return q
}

const webDocument = `{"trace_id":"TRACE","id":"70de5b6f19ff9a0a","name":"web","start_time":@0.0,"end_time":@0.5,"user":"ada",
	"http":{"request":{"method":"GET","url":"http://web/loans"},"response":{"status":200}},"annotations":{"plan":"\"gold\""}}`

func TestComplete(t *testing.T) {
	s := newServer(t, Config{})
	s.put(1, webDocument)
	for _, tt := range []struct {
		filter string
		cursor int
		from   int
		want   string
		open   bool
	}{
		{filter: "resp", cursor: 4, want: "responsetime"},
		{filter: "service(", cursor: 8, from: 8, want: `"web"`},
		{filter: `service("w`, cursor: 10, from: 9, want: `web"`, open: true},
		{filter: "annotation.", cursor: 11, from: 11, want: "plan"},
		{filter: `annotation.plan = "`, cursor: 19, from: 19, want: `\"gold\""`, open: true},
		{filter: `user = `, cursor: 7, from: 7, want: `"ada"`},
		{filter: `user = "😀" AND http.me`, cursor: 23, from: 16, want: "http.method"}, // offsets are those of a browser
	} {
		t.Run(tt.filter, func(t *testing.T) {
			var got completions
			s.get("complete", recently("filter", tt.filter, "cursor", fmt.Sprint(tt.cursor)), &got)
			if got.From != tt.from || got.Open != tt.open {
				t.Errorf("from %d, open %v; want %d, %v", got.From, got.Open, tt.from, tt.open)
			}
			for _, item := range got.Items {
				if item.Text == tt.want {
					return
				}
			}
			t.Errorf("%q is not offered: %v", tt.want, got.Items)
		})
	}
}

// TestCompleteAmongMany: what is typed is looked for among all values, not only
// among the first that are offered.
func TestCompleteAmongMany(t *testing.T) {
	s := newServer(t, Config{})
	for n := range mostOffered + 10 {
		s.put(n+1, fmt.Sprintf(`{"trace_id":"TRACE","id":"70de5b6f19ff9a0a","name":"service-%02d","start_time":@0.0,"end_time":@0.5}`, n))
	}
	var all, one completions
	s.get("complete", recently("filter", "service(", "cursor", "8"), &all)
	if len(all.Items) > mostOffered+5 { // and what the language has there
		t.Errorf("%d are offered", len(all.Items))
	}
	last := fmt.Sprintf("service-%d", mostOffered+9)
	s.get("complete", recently("filter", `service("`+last, "cursor", "19"), &one)
	if len(one.Items) != 1 || one.Items[0].Text != last+`"` {
		t.Errorf("%s is not offered: %v", last, one.Items)
	}
}

func TestCompleteSaysWhatIsWrong(t *testing.T) {
	var got completions
	newServer(t, Config{}).get("complete", recently("filter", "fault AND respones > 1", "cursor", "5"), &got)
	if got.Error == nil || got.Error.Column != 11 || got.Error.Length != 8 || !strings.Contains(got.Error.Detail, "responsetime") {
		t.Errorf("got %+v", got.Error)
	}
}

func TestGroups(t *testing.T) {
	s := newServer(t, Config{})
	var all []group
	for _, tt := range []struct{ method, query, body, want string }{
		{"POST", "", `{"name":"slow","filter":"responsetime > 1"}`, "responsetime > 1"},
		{"POST", "", `{"name":"slow","filter":"responsetime > 2"}`, "responsetime > 2"},
		{"DELETE", "?name=slow", "", ""},
	} {
		w := s.do(tt.method, "/console/api/groups"+tt.query, tt.body)
		if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", tt.method, w.Code, w.Body)
		}
		got := ""
		for _, g := range all {
			if g.Name == "slow" {
				got = g.Filter
			}
		}
		if got != tt.want {
			t.Errorf("%s: the filter is %q, want %q", tt.method, got, tt.want)
		}
	}
	for name, body := range map[string]string{"expression": `{"name":"x","filter":"respones > 1"}`, "JSON": `{`, "name": `{"name":"","filter":"ok"}`} {
		if w := s.do("POST", "/console/api/groups", body); w.Code != http.StatusBadRequest {
			t.Errorf("malformed %s: status %d, %s", name, w.Code, w.Body)
		}
	}
}

func TestSelection(t *testing.T) {
	s := newServer(t, Config{})
	for name, q := range map[string]url.Values{
		"from is no number": {"from": {"yesterday"}},
		"from is not one":   {"from": {"NaN"}},
		"empty range":       {"from": {"20"}, "to": {"10"}},
	} {
		q.Set("filter", "user = ")
		q.Set("cursor", "7")
		if p := s.problem("complete", q, http.StatusBadRequest); p.Title == "" || p.Detail == "" {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestHeaders(t *testing.T) {
	s := newServer(t, Config{})
	for _, path := range []string{"/", "/trace/x", "/console/api/frame", "/nowhere", "/assets/none.js"} {
		h := s.do("GET", path, "").Header()
		if csp := h.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'self';") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

// TestForeignPages: a page of another site must not change anything.
func TestForeignPages(t *testing.T) {
	s := newServer(t, Config{})
	r := httptest.NewRequest("POST", "/console/api/groups", strings.NewReader(`{"name":"x","filter":"ok"}`))
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	s.console.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("status %d, want 403", w.Code)
	}
}

func TestPages(t *testing.T) {
	h := pagesFrom(fstest.MapFS{
		"index.html":      {Data: []byte("<title>Bragg</title>")},
		"assets/index.js": {Data: []byte("run()")},
	})
	for _, tt := range []struct {
		method, path string
		status       int
		cache, body  string
	}{
		{"GET", "/traces", 200, "no-cache", "<title>"},
		{"GET", "/trace/1-2-3", 200, "no-cache", "<title>"},
		{"GET", "/nowhere", 404, "no-cache", "<title>"},
		{"GET", "/assets/index.js", 200, "public, max-age=31536000, immutable", "run()"},
		{"GET", "/assets/../index.html", 400, "", ""},
		{"POST", "/traces", 405, "", "GET"},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil))
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) || tt.cache != "" && w.Header().Get("Cache-Control") != tt.cache {
			t.Errorf("%s %s: %d, %v, %s", tt.method, tt.path, w.Code, w.Header(), w.Body)
		}
	}
}

// TestPagesNameTheirFiles: the document of a page names the files that only this
// page needs, so that they come with the first, and the script that asks for its data.
func TestPagesNameTheirFiles(t *testing.T) {
	h := pagesFrom(fstest.MapFS{
		"index.html": {Data: []byte(`<head><script src="/assets/index.js"></script></head><body></body>`)},
		".vite/manifest.json": {Data: []byte(`{
			"index.html": {"file": "assets/index.js", "imports": ["_frame.js"], "dynamicImports": ["src/pages/map/index.tsx", "src/pages/trace/index.tsx"]},
			"_frame.js": {"file": "assets/frame.js", "imports": ["src/ahead.ts"]},
			"src/ahead.ts": {"file": "assets/ahead.js", "isEntry": true},
			"_Graph.js": {"file": "assets/Graph.js", "imports": ["_frame.js"]},
			"src/pages/map/index.tsx": {"file": "assets/map.js", "imports": ["_frame.js", "_Graph.js", "src/ahead.ts"]},
			"src/pages/trace/index.tsx": {"file": "assets/trace.js", "imports": ["index.html"]}}`)},
	})
	const aheadFile = `<script type="module" async src="/assets/ahead.js"></script>`
	const mapFiles = aheadFile + `<link rel="modulepreload" href="/assets/map.js"><link rel="modulepreload" href="/assets/Graph.js"></head>`
	for path, want := range map[string]string{
		"/":            mapFiles,
		"/map":         mapFiles,
		"/trace/1-2-3": aheadFile + `<link rel="modulepreload" href="/assets/trace.js"></head>`,
		"/nowhere":     `</script></head>`,
	} {
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, httptest.NewRequest("GET", path, nil)); !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
}

// TestNotBuilt: without the built pages, each says so and what to run.
func TestNotBuilt(t *testing.T) {
	w := httptest.NewRecorder()
	pagesFrom(fstest.MapFS{".placeholder": {}}).ServeHTTP(w, httptest.NewRequest("GET", "/traces", nil))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make console build") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestFrame: what the API wants people to know is on every page.
func TestFrame(t *testing.T) {
	var got frame
	newServer(t, Config{NewRelicSink: "http://127.0.0.1:4319", Region: "eu-west-1"}).get("frame", nil, &got)
	if got.Region != "eu-west-1" || !got.Sink || got.Metrics || got.Version == "" {
		t.Errorf("got %+v", got)
	}
}
