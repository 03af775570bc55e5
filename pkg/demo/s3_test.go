package demo

import (
	"fmt"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

func TestExpiring(t *testing.T) {
	b := &expiring{Backend: s3mem.New(), keep: 2}
	if err := b.CreateBucket("letters"); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		if _, err := b.PutObject("letters", fmt.Sprint(i), nil, strings.NewReader("x"), 1, nil); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []bool{false, false, true, true} {
		object, err := b.GetObject("letters", fmt.Sprint(i), nil)
		if (err == nil) != want {
			t.Errorf("object %d: %v, want it: %t", i, err, want)
		}
		if err == nil {
			object.Contents.Close()
		}
	}
	if _, err := b.PutObject("no-bucket", "x", nil, strings.NewReader("x"), 1, nil); err == nil {
		t.Error("an object without a bucket is stored")
	}
}
