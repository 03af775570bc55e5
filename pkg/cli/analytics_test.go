package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// stored serves X-Ray Local's API over documents.
func stored(t *testing.T, documents ...string) string {
	t.Helper()
	server := httptest.NewServer(storedAPI(t, documents...))
	t.Cleanup(server.Close)
	return server.URL
}

// storedAPI is X-Ray Local's API over documents.
func storedAPI(t *testing.T, documents ...string) *api.Handler {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var docs []store.Document
	for _, raw := range documents {
		doc, err := segment.Parse([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, store.Document{Document: doc, Raw: []byte(raw)})
	}
	if err := s.Put(t.Context(), docs); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return api.New(api.Config{Store: s, Logger: slog.New(slog.DiscardHandler)})
}

// shopTraces are 300 requests of the last minutes; those of version 1.4 to
// /checkout are slow.
func shopTraces() []string {
	now := time.Now().Unix()
	var docs []string
	for i := range 300 {
		took, url, version := 0.1, []string{"/", "/checkout", "/cart"}[i%3], []string{"1.3", "1.4"}[i/3%2]
		if i%3 == 1 && version == "1.4" {
			took = 2
		}
		docs = append(docs, fmt.Sprintf(`{"trace_id":"1-%08x-%024x","id":"%016x","name":"web","start_time":%d,"end_time":%f,"http":{"request":{"method":"GET","url":"http://shop%s"},"response":{"status":200}},"annotations":{"version":"%s","host":"h%d"}}`,
			now, i, i+1, now-int64(i), float64(now-int64(i))+took, url, version, i%7))
	}
	return docs
}

func TestAnalytics(t *testing.T) {
	setEnvironment(t, "100")
	url := stored(t, shopTraces()...)
	out, err := execute(newAnalyticsCommand(), "--endpoint", url, "--b", "responsetime > 1")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"A  !(responsetime > 1)", "250 traces; 250 ok", "B  responsetime > 1", "50 traces; 50 ok", "p50 2.00 s",
		"What is different in B", "20.0%    100.0%       +80.0%", `url http://shop/checkout`, `annotation.version "1.4"`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if strings.Contains(out, "annotation.host") {
		t.Errorf("chance is a finding:\n%s", out)
	}

	out, err = execute(newAnalyticsCommand(), "--endpoint", url, "--b", `annotation.host = "h1"`, "--by", "method,annotation.version")
	if err != nil || !strings.Contains(out, "No difference that chance does not explain") || !strings.Contains(out, "100.0%    100.0%        +0.0%  1         GET") {
		t.Errorf("%v\n%s", err, out)
	}

	out, err = execute(newAnalyticsCommand(), "--endpoint", url, "--b", "responsetime > 1", "--json")
	if err != nil {
		t.Fatal(err)
	}
	var got comparison
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if first := got.Findings[0]; first.Value != "http://shop/checkout" || first.B != 50 || len(got.Histogram.B) != 40 || len(got.SeriesB) != 60 {
		t.Errorf("got %+v", got)
	}
}

func TestAnalyticsUsage(t *testing.T) {
	setEnvironment(t, "80")
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"no set", nil, "--b says which traces"},
		{"everything against nothing", []string{"--b", ""}, "set B is every trace"},
		{"unknown dimension", []string{"--b", "fault", "--by", "colour"}, `no dimension "colour"`},
		{"wrong expression", []string{"--b", "fault", "--a", "okay = 1"}, "reported"},
		{"backwards", []string{"--b", "fault", "--from", "1h", "--to", "2h"}, "before it begins"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := execute(newAnalyticsCommand(), append(tt.args, "--endpoint", "http://127.0.0.1:1")...)
			var usage usageError
			if !errors.As(err, &usage) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestAnalyticsSays looks at what else is printed: where an expression is wrong,
// that a set is empty, and rows that fit.
func TestAnalyticsSays(t *testing.T) {
	long := strings.Repeat("/deep", 30)
	docs := shopTraces()
	for i := range docs {
		docs[i] = strings.Replace(docs[i], "http://shop/checkout", "http://shop"+long+"/checkout", 1)
	}
	url := stored(t, docs...)
	for _, tt := range []struct {
		name, columns string
		args          []string
		has           []string
	}{
		{"the flag that is wrong", "80", []string{"--b", "fault", "--a", "okay = 1"}, []string{"--a: unknown keyword 'okay'", "\n  okay = 1\n  ^^^^\n"}},
		{"an empty set", "80", []string{"--b", "fault"}, []string{"No trace is in B: nothing to compare"}},
		{"no traces at all", "80", []string{"--b", "fault", "--from", "2001-01-01", "--to", "2001-01-02"}, []string{"No trace is in A or B at http://127.0.0.1", "bragg up"}},
		{"rows that fit", "80", []string{"--b", "responsetime > 1"}, []string{"url …p/deep/deep/deep/deep/checkout\n"}},
		{"rows for a pipe", "", []string{"--b", "responsetime > 1"}, []string{"url http://shop" + long + "/checkout\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			setEnvironment(t, tt.columns)
			out, err := execute(newAnalyticsCommand(), append(tt.args, "--endpoint", url)...)
			if err != nil && !errors.Is(err, errReported) {
				t.Fatal(err)
			}
			for _, want := range tt.has {
				if !strings.Contains(out, want) {
					t.Errorf("%q is missing in\n%s", want, out)
				}
			}
			for _, line := range strings.Split(out, "\n") {
				if tt.name == "rows that fit" && strings.Contains(line, "%  ") && len([]rune(line)) > 80 {
					t.Errorf("too long: %s", line)
				}
			}
		})
	}
}

// TestAnalyticsCut holds that sets of which not all is read are compared from
// the same time on: what changed before is no difference between them.
func TestAnalyticsCut(t *testing.T) {
	setEnvironment(t, "200")
	docs := shopTraces()
	for i := range docs {
		deployed := "old"
		if i < 150 { // the latest
			deployed = "new"
		}
		docs[i] = strings.Replace(docs[i], `"annotations":{`, `"annotations":{"deployed":"`+deployed+`",`, 1)
	}
	url := stored(t, docs...)
	args := []string{"--endpoint", url, "--b", `annotation.host = "h1"`, "--limit"}
	out, err := execute(newAnalyticsCommand(), append(args, "100")...) // of A, not of B
	if err != nil || !strings.Contains(out, "100 traces, the latest of more: both sets begin with these") || !strings.Contains(out, "17 traces; 17 ok") ||
		!strings.Contains(out, "No difference that chance does not explain") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = execute(newAnalyticsCommand(), append(args, "1000")...)
	if err != nil || !strings.Contains(out, "257 traces; 257 ok") || !strings.Contains(out, "43 traces; 43 ok") {
		t.Errorf("%v\n%s", err, out)
	}
}
