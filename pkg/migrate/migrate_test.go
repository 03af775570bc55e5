package migrate

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const before = `package main

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/dynamodb"
	"github.com/aws/aws-sdk-go/service/s3"
	"github.com/aws/aws-xray-sdk-go/xray"
	"golang.org/x/net/context/ctxhttp"
)

func main() {
	awsContext, segment := xray.BeginSegment(context.Background(), "service-A")
	segment.AddAnnotation("clientID", "Enova")
	xray.Capture(awsContext, "service-A.capture", func(ctx context.Context) error {
		_, sub := xray.BeginSubsegment(awsContext, "service-A.critical-call-1")
		defer sub.Close(nil)
		return nil
	})
	sess := session.Must(session.NewSession())
	table, bucket := dynamodb.New(sess), s3.New(sess)
	xray.AWS(table.Client)
	xray.AWS(bucket.Client)
	request, _ := http.NewRequest(http.MethodGet, "http://127.0.0.1:1/", nil)
	ctxhttp.Do(awsContext, xray.Client(&http.Client{}), request)
	segment.Close(nil)
}
`

const goMod = `module example.com/shop

go 1.26.0

require (
	github.com/aws/aws-sdk-go v1.55.8
	github.com/aws/aws-xray-sdk-go v1.8.5
	golang.org/x/net v0.59.0
)
`

// shop is a module that uses the X-Ray SDK, version 1.
func shop(t *testing.T) string {
	t.Helper()
	for name, value := range map[string]string{"GOFLAGS": "-mod=mod", "GOWORK": "off", "GOSUMDB": "off"} {
		t.Setenv(name, value)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.go": before, "go.mod": goMod,
		"docker-compose.yml": "services:\n  xray:\n    image: amazon/aws-xray-daemon\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func goCommand(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestMigrate(t *testing.T) {
	dir := shop(t)
	plan, err := New(context.Background(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	report := plan.Report()
	for _, want := range []string{
		"main.go:10: import github.com/aws/aws-xray-sdk-go/xray becomes",
		"main.go:24: xray.AWS becomes awsv1.AWS", "main.go:25: xray.AWS becomes awsv1.AWS",
		"main starts OpenTelemetry", "docker-compose.yml:3: the X-Ray daemon", "aws-sdk-go v1 has had no fixes",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q:\n%s", want, report)
		}
	}
	diff, err := plan.Diff(context.Background())
	if err != nil || !strings.Contains(diff, "+	awsv1.AWS(table.Client)") {
		t.Errorf("diff, %v:\n%s", err, diff)
	}
	if err := plan.Write(context.Background(), false); err == nil {
		t.Error("written outside of a git work tree without force")
	}
	if err := plan.Write(context.Background(), true); err != nil {
		t.Fatal(err)
	}
	build(t, dir)

	again, err := New(context.Background(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Changes) != 0 {
		t.Errorf("migrated twice: %s", again.Report())
	}
}

// build builds the module with the modules of this tree.
func build(t *testing.T, dir string) {
	t.Helper()
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{"pkg/sdk", "pkg/sdk/xraysdk", "pkg/sdk/xraysdk/awsv1"} {
		goCommand(t, dir, "mod", "edit", "-replace=github.com/bragg-tracing/bragg/"+m+"="+filepath.Join(top, m))
	}
	goCommand(t, dir, "mod", "tidy")
	goCommand(t, dir, "vet", "./...")
	content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(content), "aws-xray-sdk-go") {
		t.Errorf("the X-Ray SDK is still required:\n%s", content)
	}
}

func TestDirtyTree(t *testing.T) {
	dir := shop(t)
	plan, err := New(context.Background(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("git", "init", "-q", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := plan.Write(context.Background(), false); err == nil || !strings.Contains(err.Error(), "not committed") {
		t.Errorf("got %v, want a refusal", err)
	}
	content, err := os.ReadFile(filepath.Join(dir, "main.go"))
	if err != nil || string(content) != before {
		t.Errorf("%v: something was written", err)
	}
}
