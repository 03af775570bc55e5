package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline/terminal"
)

func TestTracesDrawing(t *testing.T) {
	api, err := client.New(recorded(t).URL, "")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1795366600, 0) // when the list was recorded
	list, err := client.Find(t.Context(), api, client.Query{From: now.Add(-6 * time.Hour), To: now, Limit: 20})
	if err != nil || list.More {
		t.Fatalf("list %+v, error %v", list, err)
	}
	for name, screen := range map[string]terminal.Screen{
		"40": {Width: 40}, "80": {Width: 80}, "120": {Width: 120}, "200": {Width: 200},
		"ascii": {Width: 80, ASCII: true}, "color": {Width: 120, Color: true},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := screen.WriteList(&out, listLines(list, now)); err != nil {
				t.Fatal(err)
			}
			golden(t, "traces-"+name, out.String())
		})
	}
}

func TestTracesLimit(t *testing.T) {
	server := recorded(t)
	setEnvironment(t, "80")
	for limit, want := range map[string]int{"2": 2, "3": 3, "4": 4, "100": 7} {
		out, err := execute(newTracesCommand(), "--endpoint", server.URL, "--limit", limit)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(out, "  1-"); got != want {
			t.Errorf("--limit %s listed %d traces, want %d:\n%s", limit, got, want, out)
		}
		if more := strings.Contains(out, "--limit shows more"); more != (want < 7) {
			t.Errorf("--limit %s says that there are more: %v", limit, more)
		}
	}
}

func TestTracesEmpty(t *testing.T) {
	server := recorded(t)
	setEnvironment(t, "80")
	out, err := execute(newTracesCommand(), "--endpoint", server.URL, "--last", "1m")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, "in the last 1m") || !strings.Contains(out, "bragg up") {
		t.Errorf("got %q", out)
	}
	out, err = execute(newTracesCommand(), "--endpoint", server.URL, "--last", "1m", "--json")
	if err != nil || strings.TrimSpace(out) != "[]" {
		t.Errorf("got %q, %v; want []", out, err)
	}
}

// The JSON has what the server said, but for nulls and the form of times.
func TestTracesJSON(t *testing.T) {
	server := recorded(t)
	setEnvironment(t, "80")
	out, err := execute(newTracesCommand(), "--endpoint", server.URL, "--json", "--limit", "1")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "traces-json", out)

	b, err := os.ReadFile(filepath.Join("testdata", "get-trace-summaries-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	var sent struct{ TraceSummaries []map[string]any }
	var got []map[string]any
	if err := json.Unmarshal(b, &sent); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	for name, value := range sent.TraceSummaries[0] {
		if _, ok := got[0][name]; !ok && value != nil {
			t.Errorf("%s is missing", name)
		}
	}
}
