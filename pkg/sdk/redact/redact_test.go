package redact_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
)

// A testCase is one attribute. The collector's processor is tested with the
// same file.
type testCase struct {
	Name, System, Key, In, Want string
}

func testCases(t testing.TB) (cases []testCase) {
	t.Helper()
	content, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &cases); err != nil || len(cases) == 0 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	return cases
}

func TestRules(t *testing.T) {
	for _, c := range testCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			r := redact.Default()
			got := r.Apply(r.RuleOf(c.Key), c.In, c.System)
			if got != c.Want {
				t.Errorf("%s: %s\ngot  %s\nwant %s", c.Key, c.In, got, c.Want)
			}
			if again := r.Apply(r.RuleOf(c.Key), got, c.System); again != got {
				t.Errorf("again: %s", again)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	const url, token, header, query = "url.full", "https://example.com/?token=x", "http.request.header.cookie", "db.query.text"
	tests := []struct {
		name              string
		variables         map[string]string
		redacted, kept    []string // keys
		withoutParameters bool
		err               string
	}{
		{"default", nil, []string{url, header, query}, []string{"app.card"}, false, ""},
		{"off", map[string]string{"BRAGG_REDACT": "off"}, nil, []string{url, header, query}, true, ""},
		{"off beats keys", map[string]string{"BRAGG_REDACT": "off", "BRAGG_REDACT_KEYS": "app.card"}, nil, []string{"app.card"}, true, ""},
		{"some", map[string]string{"BRAGG_REDACT": "headers, sql"}, []string{header, query}, []string{url, "exception.message"}, true, ""},
		{"all", map[string]string{"BRAGG_REDACT": "all"}, []string{url, header, query}, nil, false, ""},
		{"a mistake redacts all", map[string]string{"BRAGG_REDACT": "header"}, []string{url, header, query}, nil, false, "by the name header; known are headers"},
		{"keys", map[string]string{"BRAGG_REDACT_KEYS": "app.card,enduser.*"}, []string{url, "app.card", "App.Card", "enduser.id"}, []string{"app.cards", "end"}, false, ""},
		{"keys with kinds", map[string]string{"BRAGG_REDACT": "headers", "BRAGG_REDACT_KEYS": "app.card"}, []string{"app.card"}, []string{url}, true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := redact.New(redact.FromEnvironment(func(name string) string { return tt.variables[name] }))
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			for _, key := range append(slices.Clone(tt.redacted), tt.kept...) {
				if got, want := r.RuleOf(key) != redact.Keep, slices.Contains(tt.redacted, key); got != want {
					t.Errorf("%s: redacted %v, want %v", key, got, want)
				}
			}
			if got := r.Apply(r.RuleOf(url), token, ""); (got == token) != tt.withoutParameters {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestFurtherParameters(t *testing.T) {
	r, err := redact.New(redact.Config{Parameters: []string{"Member-No"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.Apply(redact.URL, "/a?member_no=1&token=2&page=3", ""), "/a?member_no=REDACTED&token=REDACTED&page=3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCleanValuesCostNothing(t *testing.T) {
	r := redact.Default()
	attributes := map[string]string{
		"http.request.method": "GET", "http.route": "/carts/{id}", "server.address": "example.com", "url.full": "https://example.com/a?page=2&sort=x",
		"http.request.header.accept": "text/html", "db.query.text": "SELECT a, t1.b FROM t WHERE id = $1", "db.system.name": "postgresql",
		"exception.message":         "open /tmp/x: no such file",
		"aws.xray.metadata.default": `{"cart":{"lines":[{"sku":"a-1","n":2}],"url":"https://example.com/a?page=2"},"message":"none"}`, "user_agent.original": "curl/8.5", "app.cart": "17", "cart": "17",
	}
	if n := testing.AllocsPerRun(100, func() {
		for key, value := range attributes {
			if r.Apply(r.RuleOf(key), value, "postgresql") != value {
				t.Fatal(key)
			}
		}
		r.Text("GET /carts/{id}")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

const planted = "hunter2hunter2hunter2"

// FuzzURL: no text makes a panic, what is redacted stays as it is, and the value
// of a parameter does not remain, whatever stands before it.
func FuzzURL(f *testing.F) {
	for _, c := range testCases(f) {
		f.Add(c.In)
	}
	f.Add("%3")
	f.Add("http://%%%@@??==&&%3D%3")
	r := redact.Default()
	f.Fuzz(func(t *testing.T, in string) {
		for _, rule := range []redact.Rule{redact.URL, redact.Query, redact.Text, redact.Connection} {
			out := r.Apply(rule, in, "")
			if again := r.Apply(rule, out, ""); again != out && rule != redact.Connection { // what is neither form may look like the other
				t.Errorf("%d of %q\nis   %q\nthen %q", rule, in, out, again)
			}
		}
		for _, secret := range []string{"https://u:" + planted + "@example.com/" + in, "/" + in + "&token=" + planted, "/" + in + "?sig=" + planted} {
			if out := r.Apply(redact.URL, secret, ""); strings.Contains(out, planted) {
				t.Errorf("%q is %q", secret, out)
			}
		}
	})
}

// FuzzStatement: no text makes a panic, what is redacted stays as it is, and a
// string behind whatever is a statement of its own does not remain.
func FuzzStatement(f *testing.F) {
	systems := []string{"", "postgresql", "mysql", "sqlite", "oracle.db", "microsoft.sql_server", "clickhouse", "mongodb", "redis", "snowflake"}
	for _, c := range testCases(f) {
		f.Add(c.In, uint8(slices.Index(systems, c.System)))
	}
	r := redact.Default()
	f.Fuzz(func(t *testing.T, in string, n uint8) {
		system := systems[int(n)%len(systems)]
		out := r.Apply(redact.Statement, in, system)
		if again := r.Apply(redact.Statement, out, system); again != out {
			t.Errorf("%s: %q\nis   %q\nthen %q", system, in, out, again)
		}
		if system == "redis" || system == "mongodb" || strings.ContainsAny(in, "'\"`\\$[]qQ#-/*{}") {
			return
		}
		if out := r.Apply(redact.Statement, in+" '"+planted+"'", system); strings.Contains(out, planted) {
			t.Errorf("%s: %q is %q", system, in, out)
		}
	})
}

// FuzzJSON: no text makes a panic, what is redacted stays as it is, JSON stays
// JSON, and what is under the name of a secret does not remain.
func FuzzJSON(f *testing.F) {
	for _, c := range testCases(f) {
		f.Add(c.In)
	}
	r := redact.Default()
	f.Fuzz(func(t *testing.T, in string) {
		out := r.Apply(redact.JSON, in, "")
		if again := r.Apply(redact.JSON, out, ""); again != out {
			t.Errorf("%q\nis   %q\nthen %q", in, out, again)
		}
		if !json.Valid([]byte(in)) {
			return
		}
		secret := `{"a":` + in + `,"b":[{"password" : "` + planted + `"}]}`
		if out := r.Apply(redact.JSON, secret, ""); !json.Valid([]byte(out)) || strings.Contains(out, planted) && !strings.Contains(in, planted) {
			t.Errorf("%q is %q", secret, out)
		}
	})
}

// TestLongJSONIsReplaced: nobody looks into it.
func TestLongJSONIsReplaced(t *testing.T) {
	text := `{"a":"` + strings.Repeat("x", 1<<20) + `","password":"` + planted + `"}`
	if got := redact.Default().Apply(redact.JSON, text, ""); got != redact.Replacement {
		t.Errorf("%d bytes became %d", len(text), len(got))
	}
}

// TestLongTextsAreReadOnce: what is long, and of parts that look like what is
// looked for, takes time by its length and not by its square.
func TestLongTextsAreReadOnce(t *testing.T) {
	r := redact.Default()
	for _, part := range []string{"://", "://a:b@", "=", "password=", "&", "&token=x", "%3D%3F", "Bearer aaaaaaaaaaaaaaaaaa ", "'", "/*", "-- ", "$a", "[", "IN (1,", "q'[", `"a":`, `{"token":`, `"url" : "x",`, "[", `{"a":{}},`} {
		text := strings.Repeat(part, 1<<17/len(part))
		start := time.Now()
		for _, rule := range []redact.Rule{redact.URL, redact.Query, redact.Text, redact.Connection} {
			r.Apply(rule, text, "")
		}
		for _, start := range []string{`{"x":"`, `[{"url":`, `[`} {
			r.Apply(redact.JSON, start+text, "")
		}
		for _, system := range []string{"", "oracle.db", "mongodb", "redis"} {
			r.Apply(redact.Statement, text, system)
		}
		if d := time.Since(start); d > 10*time.Second { // its square is minutes
			t.Errorf("%q: %v", part, d)
		}
	}
}
