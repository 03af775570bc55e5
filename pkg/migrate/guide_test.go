package migrate

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/bragg-tracing/bragg/pkg/demo/dynamodb"
	"github.com/bragg-tracing/bragg/pkg/sdk/propagation"
)

// blocks are the fenced blocks of the guide that a comment above names.
func blocks(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	name := ""
	var block []string
	in := false
	for line := range strings.Lines(read(t, checkout(t), "pkg/sdk/xraysdk/MIGRATION.md")) {
		switch text := strings.TrimSpace(line); {
		case !in && strings.HasPrefix(text, "<!-- "):
			name = strings.TrimSuffix(strings.TrimPrefix(text, "<!-- "), " -->")
		case strings.HasPrefix(text, "```"):
			if in && name != "" {
				found[name] = strings.Join(block, "")
				name = ""
			}
			in, block = !in, nil
		case in:
			block = append(block, line)
		}
	}
	return found
}

// endpoints are what the guide's program calls.
type endpoints struct {
	dynamodb, s3, partner string
	mu                    sync.Mutex
	trace                 string // of the partner's last caller, as X-Ray writes it
}

func newEndpoints(t *testing.T) *endpoints {
	t.Helper()
	e := &endpoints{}
	serve := func(h http.Handler) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
	e.dynamodb = serve(dynamodb.New(10))
	request, err := http.NewRequest(http.MethodPost, e.dynamodb, strings.NewReader(`{"TableName":"clients","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}`))
	must(t, err)
	request.Header.Set("X-Amz-Target", "DynamoDB_20120810.CreateTable")
	request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("CreateTable: %s", response.Status)
	}
	objects := s3mem.New()
	must(t, objects.CreateBucket("reports"))
	e.s3 = serve(gofakes3.New(objects).Server())
	e.partner = serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		header, err := propagation.ParseHeader(r.Header.Get("X-Amzn-Trace-Id"))
		if err != nil {
			t.Errorf("the partner got the header %q: %v", r.Header.Get("X-Amzn-Trace-Id"), err)
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.trace = propagation.TraceIDString(header.TraceID)
	}))
	return e
}

// build builds a module's program.
func (e *endpoints) build(t *testing.T, dir string) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "program")
	command(t, dir, "go", "build", "-o", program, ".")
	return program
}

// run runs a program and returns the id of its trace.
func (e *endpoints) run(t *testing.T, program string, s *stack) string {
	t.Helper()
	e.mu.Lock()
	e.trace = ""
	e.mu.Unlock()
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(),
		"DYNAMODB_ENDPOINT="+e.dynamodb, "S3_ENDPOINT="+e.s3, "PARTNER_URL="+e.partner, "OTEL_TRACES_SAMPLER=always_on", "OTEL_METRICS_EXPORTER=none",
		"OTEL_LOGS_EXPORTER=none", "AWS_XRAY_DAEMON_ADDRESS="+s.daemon, "OTEL_EXPORTER_OTLP_ENDPOINT="+s.otlp, "OTEL_RESOURCE_DETECTORS=none")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.trace == "" {
		t.Fatalf("the partner was not called: %s", out)
	}
	return e.trace
}

// shape is what a trace looks like: each part under the one above it.
func shape(parts []part) []string {
	var lines []string
	for _, p := range parts {
		if timing[p.Name] {
			continue
		}
		name := p.Name
		if strings.HasPrefix(name, "127.0.0.1") { // with the port, or without
			name = "partner"
		}
		line := p.above + " > " + name
		if p.Fault {
			line += " fault"
		}
		if v, ok := p.Annotations["clientID"].(string); ok {
			line += " clientID=" + v
		}
		for _, key := range []string{"operation", "table_name", "bucket_name"} {
			if v, ok := p.AWS[key].(string); ok {
				line += " " + v
			}
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// guideTrace is the trace of the guide's program.
var guideTrace = []string{
	" > service-A clientID=Enova",
	"dynamodb > attempt",
	"dynamodb > marshal",
	"dynamodb > unmarshal",
	"s3 > attempt",
	"s3 > marshal",
	"s3 > unmarshal",
	"service-A > partner",
	"service-A > s3 ListObjects reports",
	"service-A > service-A.capture",
	"service-A > service-A.critical-call-1",
	"service-A.capture > dynamodb DescribeTable clients",
}

// The guide's program makes one connected trace in X-Ray and in New Relic, and the
// same one: with the X-Ray SDK, by the guide's replace directives, and by bragg
// migrate --write to both of what it moves to.
func TestGuide(t *testing.T) {
	printed := blocks(t)
	outsideOfWorkspace(t)
	s, e := newStack(t), newEndpoints(t)
	module := func(t *testing.T) string {
		return newModule(t, map[string]string{"main.go": printed["program: before"]})
	}
	check := func(t *testing.T, dir string) {
		t.Helper()
		parts, err := s.await(t, e.run(t, e.build(t, dir), s), len(guideTrace), 15*time.Second)
		must(t, err)
		if got := shape(parts); !slices.Equal(got, guideTrace) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(guideTrace, "\n"))
		}
	}
	t.Run("X-Ray SDK", func(t *testing.T) {
		program := e.build(t, module(t))
		for try := 1; ; try++ { // it loses the segment when a response's subsegment is still open
			parts, err := s.await(t, e.run(t, program, s), len(guideTrace), 3*time.Second)
			if err == nil && slices.Equal(shape(parts), guideTrace) {
				return
			}
			if try == 10 {
				t.Fatalf("got\n%s, %v", strings.Join(shape(parts), "\n"), err)
			}
		}
	})
	t.Run("replace", func(t *testing.T) {
		dir := module(t)
		replaceAsPrinted(t, dir, printed["file: go.mod"])
		check(t, dir)
	})
	t.Run("migrate", func(t *testing.T) {
		dir := module(t)
		migrateTo(t, Options{Dir: dir, Checkout: checkout(t)})
		for line := range strings.Lines(printed["change: import"]) {
			has := strings.Contains(read(t, dir, "main.go"), strings.TrimSpace(line[1:]))
			if has != (line[0] == '+') {
				t.Errorf("main.go: the guide's change is not made: %s", line)
			}
		}
		check(t, dir)
	})
	t.Run("migrate to otel", func(t *testing.T) {
		dir := module(t)
		migrateTo(t, Options{Dir: dir, Checkout: checkout(t), OpenTelemetry: true})
		if got := read(t, dir, "main.go"); got != printed["program: otel"] {
			t.Errorf("the guide prints another program than this:\n%s", got)
		}
		check(t, dir)
	})
}

// replaceAsPrinted adds the guide's replace directives, with the modules of this
// tree in the place of released ones.
func replaceAsPrinted(t *testing.T, dir, directives string) {
	t.Helper()
	top := checkout(t)
	text := read(t, dir, "go.mod")
	for line := range strings.Lines(directives) {
		fields := strings.Fields(line) // replace PATH => PATH VERSION
		if len(fields) != 5 || fields[4] != Version {
			t.Fatalf("the guide's line is no replace directive with %s: %s", Version, line)
		}
		folder, ok := strings.CutPrefix(fields[3], strings.TrimSuffix(sdk, "pkg/sdk"))
		if !ok {
			t.Fatalf("the guide replaces by %s", fields[3])
		}
		text += "\nreplace " + fields[1] + " => " + filepath.Join(top, folder) + "\n"
	}
	for _, m := range []string{sdk, ours, ours + "/awsv1"} {
		text += "\nreplace " + m + " => " + filepath.Join(top, strings.TrimPrefix(m, strings.TrimSuffix(sdk, "pkg/sdk"))) + "\n"
	}
	write(t, dir, "go.mod", text)
}

// migrateTo migrates a module, and sees that it is done once.
func migrateTo(t *testing.T, o Options) *Plan {
	t.Helper()
	plan, err := New(context.Background(), o)
	must(t, err)
	must(t, plan.Write(t.Context(), false))
	again, err := New(context.Background(), o)
	must(t, err)
	if len(again.Changes) != 0 {
		diff, _ := again.Diff(t.Context())
		t.Errorf("a second run changes\n%s", diff)
	}
	return plan
}
