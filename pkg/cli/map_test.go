package cli

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// runMap runs the map command against an X-Ray Local with two traces that just
// came: a request of web to api, which failed, and one of jobs.
func runMap(t *testing.T, args ...string) (out, errs string, err error) {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	server := httptest.NewServer(api.New(api.Config{Store: s, Logger: slog.New(slog.DiscardHandler), Strict: true}))
	defer server.Close()
	c, err := client.New(server.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.PutTraceSegments(t.Context(), &xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{
		`{"trace_id":"1-00000000-000000000000000000000001","id":"00000000000000a1","name":"web","start_time":10,"end_time":11,"fault":true,
			"subsegments":[{"id":"00000000000000a2","name":"api","namespace":"remote","start_time":10,"end_time":10.5,"fault":true}]}`,
		`{"trace_id":"1-00000000-000000000000000000000002","id":"00000000000000a1","name":"jobs","start_time":10,"end_time":11}`,
	}}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("COLUMNS", "100")
	cmd := newMapCommand()
	var stdout, stderr bytes.Buffer
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	cmd.SetArgs(append(args, "--endpoint", server.URL))
	err = cmd.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

func TestMapCommand(t *testing.T) {
	tests := []struct {
		name string
		args []string
		has  []string
		not  string
	}{
		{"all", nil, []string{"◆ clients", "▸ ◆ web", "▸ ◆ api", "▸ ○ jobs", "100% fault"}, ""},
		{"filtered", []string{"--filter", `service("api") { fault }`}, []string{"◆ web", "◆ api"}, "jobs"},
		{"of a group and filtered", []string{"--group", "Default", "--filter", `!service("api")`}, []string{"jobs"}, "web"},
		{"nothing matches", []string{"--filter", `service("nobody")`}, []string{"Nothing of what was asked for arrived", "bragg up"}, "web"},
		{"before", []string{"--from", "2001-01-01", "--to", "2001-01-02"}, []string{"Nothing arrived at"}, "web"},
		{"more than AWS gives at once", []string{"--last", "30d"}, []string{"web"}, ""},
		{"around a node", []string{"--focus", "api"}, []string{"◆ web", "◆ api"}, "jobs"},
		{"around a node, near", []string{"--focus", "api", "--hops", "0"}, []string{"◆ api"}, "web"},
		{"around a node, far", []string{"--focus", "api", "--hops", "2"}, []string{"◆ clients", "◆ web", "◆ api"}, "jobs"},
		{"ascii", []string{"--ascii"}, []string{"# clients", "-> # web"}, "◆"},
		{"mermaid", []string{"--mermaid"}, []string{"flowchart LR", `["web<br/>`, "class n"}, ""},
		{"svg", []string{"--svg"}, []string{"<svg xmlns=", ">web</text>", "</svg>"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, _, err := runMap(t, tt.args...)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range tt.has {
				if !strings.Contains(out, part) {
					t.Errorf("%q is not in\n%s", part, out)
				}
			}
			if tt.not != "" && strings.Contains(out, tt.not) {
				t.Errorf("%q is in\n%s", tt.not, out)
			}
		})
	}
}

func TestMapJSON(t *testing.T) {
	out, _, err := runMap(t, "--json", "--last", "1h")
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Seconds float64
		Nodes   []struct {
			Name, Kind, Filter string
			Total, Fault       int64
		}
		Edges  []struct{ From, To int }
		Layout struct {
			Nodes []struct{ X, Y float64 }
			Edges []struct{ Points []struct{ X, Y float64 } }
		}
	}
	if err := json.Unmarshal([]byte(out), &m); err != nil {
		t.Fatal(err)
	}
	if m.Seconds != time.Hour.Seconds() || len(m.Nodes) != 5 || len(m.Edges) != 3 || len(m.Layout.Nodes) != 5 || len(m.Layout.Edges) != 3 {
		t.Errorf("got %+v", m)
	}
	if api := m.Nodes[0]; api.Name != "api" || api.Kind != "remote" || api.Fault != 1 || api.Filter != `service(id(name: "api", type: "remote"))` {
		t.Errorf("got %+v", api)
	}
}

func TestMapErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"filter":     {[]string{"--filter", `service("a"`}, "the expression ends where"},
		"group":      {[]string{"--group", "none"}, "Group not found"},
		"last":       {[]string{"--last", "long"}, "is no duration"},
		"two forms":  {[]string{"--svg", "--json"}, "none of the others can be"},
		"an operand": {[]string{"x"}, "x"},
		"no node":    {[]string{"--focus", "nobody"}, `no node is named "nobody"`},
		"hops":       {[]string{"--focus", "api", "--hops", "-1"}, "must not be negative"},
	} {
		_, errs, err := runMap(t, tt.args...)
		if err == nil || !strings.Contains(errs+err.Error(), tt.want) {
			t.Errorf("%s: %v, %s", name, err, errs)
		}
	}
}
