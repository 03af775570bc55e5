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
	server := httptest.NewServer(api.New(api.Config{Store: s, Logger: slog.New(slog.DiscardHandler)}))
	t.Cleanup(func() {
		server.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return server.URL
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
		"A  !(responsetime > 1)", "250 traces; 250 ok", "B  responsetime > 1", "50 traces; 50 ok", "p50 2s",
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
