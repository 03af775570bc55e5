package migrate

import (
	"strings"
	"testing"
)

// mixed is a service on version 2, and somebody's library on version 1, each a
// module of its own.
var mixed = map[string]string{
	"main.go": `package main

import (
	"context"
	"fmt"

	"example.com/library"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
)

func main() {
	ctx, seg := xray.BeginSegment(context.Background(), "service")
	library.Work(ctx)
	fmt.Println("annotation:", seg.Annotations["library"])
	seg.Close(nil)
}
`,
	"library/go.mod": "module example.com/library\n\ngo 1.26.0\n\nrequire github.com/aws/aws-xray-sdk-go v1.8.5\n",
	"library/library.go": `package library

import (
	"context"
	"fmt"

	"github.com/aws/aws-xray-sdk-go/xray"
)

// Work annotates the segment that the service began.
func Work(ctx context.Context) {
	fmt.Println("sees a segment:", xray.GetSegment(ctx) != nil)
	_ = xray.AddAnnotation(ctx, "library", "was here")
}
`,
}

// A library that imports the X-Ray SDK comes along by the guide's replace
// directives, with no edit of its source, and both versions share one core: the
// library on version 1 sees the segment of the service on version 2.
func TestReplaceTakesLibrariesAlong(t *testing.T) {
	printed := blocks(t)
	outsideOfWorkspace(t)
	dir := newModule(t, map[string]string{})
	for name, text := range mixed {
		write(t, dir, name, text)
	}
	write(t, dir, "go.mod", read(t, dir, "go.mod")+"\nrequire example.com/library v0.0.0\n\nreplace example.com/library => ./library\n")
	run := func() string {
		out := command(t, dir, "go", "run", ".")
		return out[strings.Index(out, "sees"):]
	}
	if got, want := run(), "sees a segment: false\nannotation: <nil>\n"; !strings.HasPrefix(got, want) {
		t.Errorf("with the X-Ray SDK: %s, want %s: then there is no need of this", got, want)
	}
	replaceAsPrinted(t, dir, printed["file: go.mod"])
	if got, want := run(), "sees a segment: true\nannotation: was here\n"; !strings.HasPrefix(got, want) {
		t.Errorf("by replace: %s, want %s", got, want)
	}
	if read(t, dir, "library/library.go") != mixed["library/library.go"] {
		t.Error("the library was edited")
	}
}

// A plan says of a library of others that it stays behind, and what brings it
// along.
func TestReportsLibraries(t *testing.T) {
	outsideOfWorkspace(t)
	dir := newModule(t, map[string]string{})
	for name, text := range mixed {
		write(t, dir, name, text)
	}
	write(t, dir, "go.mod", read(t, dir, "go.mod")+"\nrequire example.com/library v0.0.0\n\nreplace example.com/library => ./library\n")
	plan, err := New(t.Context(), Options{Dir: dir})
	must(t, err)
	for _, want := range []string{"example.com/library imports the X-Ray SDK", "replace github.com/aws/aws-xray-sdk-go => " + ours + "/shim/xraysdkv1 v0.1.0", "no longer requires " + awsV2} {
		if !strings.Contains(plan.Report(), want) {
			t.Errorf("the report lacks %q:\n%s", want, plan.Report())
		}
	}
	if strings.Contains(plan.Report(), "no longer requires "+awsV1+"\n") {
		t.Errorf("the library needs version 1 still:\n%s", plan.Report())
	}
}
