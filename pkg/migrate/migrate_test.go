package migrate

import (
	"context"
	"os"
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

// shop is a module that uses the X-Ray SDK, version 1.
func shop(t *testing.T) string {
	t.Helper()
	outsideOfWorkspace(t)
	return newModule(t, map[string]string{"main.go": before, "docker-compose.yml": "services:\n  xray:\n    image: amazon/aws-xray-daemon\n"})
}

func TestMigrate(t *testing.T) {
	dir := shop(t)
	plan, err := New(context.Background(), Options{Dir: dir, Checkout: checkout(t)})
	must(t, err)
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
	must(t, plan.Write(context.Background(), false))
	command(t, dir, "go", "vet", "./...")

	again, err := New(context.Background(), Options{Dir: dir, Checkout: checkout(t)})
	if err != nil {
		t.Fatal(err)
	}
	if report := again.Report(); len(again.Changes) != 0 || !strings.Contains(report, "migrated already") {
		t.Errorf("migrated twice: %s", report)
	}
}

// What is written could not be undone in a tree that is dirty, or in none.
func TestWriteRefuses(t *testing.T) {
	dir := shop(t)
	plan, err := New(context.Background(), Options{Dir: dir})
	must(t, err)
	write(t, dir, "notes.txt", "not committed")
	if err := plan.Write(context.Background(), false); err == nil || !strings.Contains(err.Error(), "not committed") {
		t.Errorf("dirty tree: got %v, want a refusal", err)
	}
	must(t, os.RemoveAll(filepath.Join(dir, ".git")))
	if err := plan.Write(context.Background(), false); err == nil || !strings.Contains(err.Error(), "not in a git work tree") {
		t.Errorf("no work tree: got %v, want a refusal", err)
	}
	if read(t, dir, "main.go") != before {
		t.Error("something was written")
	}
	must(t, plan.Write(context.Background(), true))
	if read(t, dir, "main.go") == before {
		t.Error("nothing was written with force")
	}
}
