package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/freeport"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline/terminal"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const recordedTrace = "1-6b02cc70-a006649127e371903a2de979"

// recorded serves the answers in testdata as X-Ray would: one trace, and a list
// of two pages.
func recorded(t *testing.T) *httptest.Server {
	t.Helper()
	answer := func(w http.ResponseWriter, name string) {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(b)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /Traces", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ TraceIds []string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || len(in.TraceIds) != 1 {
			t.Errorf("BatchGetTraces of %v: %v", in, err)
		}
		if in.TraceIds[0] != recordedTrace {
			_, _ = w.Write([]byte(`{"Traces":[],"UnprocessedTraceIds":[]}`))
			return
		}
		answer(w, "batch-get-traces.json")
	})
	mux.HandleFunc("POST /TraceSummaries", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			StartTime, EndTime float64
			NextToken          string
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		switch {
		case in.EndTime-in.StartTime < 120:
			_, _ = w.Write([]byte(`{"TraceSummaries":[],"TracesProcessedCount":0}`))
		case in.NextToken == "":
			answer(w, "get-trace-summaries-1.json")
		default:
			answer(w, "get-trace-summaries-2.json")
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// execute runs a command as the root command would and returns what it printed.
func execute(cmd *cobra.Command, args ...string) (string, error) {
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(append([]string{}, args...)) // nil would stand for the test's own
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err := cmd.Execute()
	return out.String(), err
}

// golden compares with testdata/name.golden, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites it):\n%s", file, diff)
	}
}

func setEnvironment(t *testing.T, columns string) {
	t.Helper()
	t.Setenv("COLUMNS", columns)
	t.Setenv("BRAGG_TOKEN", "")
	t.Setenv("BRAGG_XRAY_ENDPOINT", "")
}

func TestTraceDrawing(t *testing.T) {
	server := recorded(t)
	for _, columns := range []string{"40", "80", "120", "200"} {
		t.Run(columns, func(t *testing.T) {
			setEnvironment(t, columns)
			out, err := execute(traceCommand(time.UTC), "--endpoint", server.URL, recordedTrace)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "trace-"+columns, out)
		})
	}
	t.Run("ascii", func(t *testing.T) {
		setEnvironment(t, "80")
		out, err := execute(traceCommand(time.UTC), "--ascii", "--endpoint", server.URL, recordedTrace)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "trace-ascii", out)
	})
	t.Run("color", func(t *testing.T) {
		api, err := client.New(server.URL, "")
		if err != nil {
			t.Fatal(err)
		}
		trace, err := client.GetTrace(t.Context(), api, recordedTrace)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		screen := terminal.Screen{Width: 80, Color: true}
		if err := screen.WriteTrace(&out, trace.ID, timeline.Build(trace.Documents), time.UTC); err != nil {
			t.Fatal(err)
		}
		golden(t, "trace-color", out.String())
	})
}

func TestTraceByW3CID(t *testing.T) {
	setEnvironment(t, "80")
	t.Setenv("BRAGG_XRAY_ENDPOINT", recorded(t).URL)
	out, err := execute(traceCommand(time.UTC), "6B02CC70a006649127e371903a2de979")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "trace-80", out)
}

func TestTraceJSON(t *testing.T) {
	setEnvironment(t, "80")
	out, err := execute(traceCommand(time.UTC), "--json", "--endpoint", recorded(t).URL, recordedTrace)
	if err != nil {
		t.Fatal(err)
	}
	var got []struct {
		Id       string
		Duration float64
		Segments []struct{ ID, Name string }
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if len(got) != 1 || got[0].Id != recordedTrace || got[0].Duration != 1.242 || len(got[0].Segments) != 9 || got[0].Segments[2].Name != "web" {
		t.Errorf("got %+v", got)
	}
}

func TestCommandErrors(t *testing.T) {
	server := recorded(t)
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Authorization"), "Credential=open-sesame/") {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"Message":"token needed"}`))
			return
		}
		_, _ = w.Write([]byte(`{"Traces":[]}`))
	}))
	t.Cleanup(refusing.Close)
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)

	unknown := "1-00000000-000000000000000000000001"
	for _, tt := range []struct {
		name    string
		command func() *cobra.Command
		env     map[string]string
		args    []string
		usage   bool
		want    string // in the error
	}{
		{name: "unknown trace", command: newTraceCommand, args: []string{"--endpoint", server.URL, unknown}, want: "no trace " + unknown},
		{name: "no id", command: newTraceCommand, usage: true, want: "give one trace id"},
		{name: "two ids", command: newTraceCommand, args: []string{unknown, unknown}, usage: true, want: "give one trace id"},
		{name: "malformed id", command: newTraceCommand, args: []string{"1-abc"}, usage: true, want: `"1-abc" is not a trace id`},
		{name: "unknown flag", command: newTraceCommand, args: []string{"--colour", unknown}, usage: true, want: "--colour"},
		{name: "malformed endpoint", command: newTraceCommand, args: []string{"--endpoint", "localhost:2080", unknown}, usage: true, want: `endpoint "localhost:2080"`},
		{name: "malformed endpoint in the environment", command: newTracesCommand, env: map[string]string{"BRAGG_XRAY_ENDPOINT": "ftp://x"}, usage: true, want: `endpoint "ftp://x"`},
		{name: "no server", command: newTraceCommand, args: []string{"--endpoint", "http://" + closedPort(t), unknown}, want: "start it with `bragg up` or `bragg local`"},
		{name: "no server for the list", command: newTracesCommand, args: []string{"--endpoint", "http://" + closedPort(t)}, want: "start it with `bragg up` or `bragg local`"},
		{name: "token missing", command: newTraceCommand, args: []string{"--endpoint", refusing.URL, unknown}, want: "set BRAGG_TOKEN"},
		{name: "token given", command: newTraceCommand, env: map[string]string{"BRAGG_TOKEN": "open-sesame"}, args: []string{"--endpoint", refusing.URL, unknown}, want: "no trace"},
		{name: "another server", command: newTracesCommand, args: []string{"--endpoint", other.URL}, want: "is not X-Ray Local"},
		{name: "list with an argument", command: newTracesCommand, args: []string{unknown}, usage: true, want: "bragg trace"},
		{name: "list of nothing", command: newTracesCommand, args: []string{"--limit", "0"}, usage: true, want: "--limit"},
		{name: "list of the future", command: newTracesCommand, args: []string{"--last", "-1h"}, usage: true, want: "--last"},
		{name: "list of the last word", command: newTracesCommand, args: []string{"--last", "yesterday"}, usage: true, want: "--last"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			setEnvironment(t, "80")
			for key, value := range tt.env {
				t.Setenv(key, value)
			}
			out, err := execute(tt.command(), tt.args...)
			if err == nil {
				t.Fatalf("no error, printed %q", out)
			}
			var usage usageError
			if got := errors.As(err, &usage); got != tt.usage {
				t.Errorf("usage error: %v, want %v: %v", got, tt.usage, err)
			}
			if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q, want one line with %q", err, tt.want)
			}
			if out != "" {
				t.Errorf("printed %q", out)
			}
		})
	}
}

// closedPort returns an address that nothing listens on.
func closedPort(t *testing.T) string {
	t.Helper()
	address, err := freeport.Address("tcp")
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// The commands must not look at what is set up for the real AWS.
func TestIgnoresAWSEnvironment(t *testing.T) {
	setEnvironment(t, "80")
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the trap was called") }))
	t.Cleanup(trap.Close)
	for key, value := range map[string]string{
		"AWS_ENDPOINT_URL": trap.URL, "AWS_ENDPOINT_URL_XRAY": trap.URL, "AWS_REGION": "eu-west-1",
		"AWS_PROFILE": "nobody", "AWS_CONFIG_FILE": "/nowhere", "AWS_EC2_METADATA_SERVICE_ENDPOINT": trap.URL,
		"AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_SECRET_ACCESS_KEY": "real",
		"HTTP_PROXY": trap.URL, "http_proxy": trap.URL, "ALL_PROXY": trap.URL,
	} {
		t.Setenv(key, value)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if auth := r.Header.Get("Authorization"); strings.Contains(auth, "AKIAREAL") || !strings.Contains(auth, "/us-east-1/xray/") {
			t.Errorf("Authorization: %s", auth)
		}
		_, _ = w.Write([]byte(`{"TraceSummaries":[]}`))
	}))
	t.Cleanup(server.Close)
	if _, err := execute(newTracesCommand(), "--endpoint", server.URL); err != nil {
		t.Fatal(err)
	}
}
