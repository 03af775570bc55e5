package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/compare"
)

const lonely = `{"trace_id":"TRACE","id":"0000000000000001","name":"web","start_time":1000,"end_time":1000.1}`

func TestCompare(t *testing.T) {
	setEnvironment(t, "100")
	const a, b = "1-6b000000-000000000000000000000001", "1-6b000000-000000000000000000000002"
	url := stored(t,
		`{"trace_id":"`+a+`","id":"0000000000000001","name":"web","start_time":1000,"end_time":1000.1,"http":{"request":{"method":"GET","url":"http://web/buy"},"response":{"status":200}},"subsegments":[{"id":"0000000000000002","name":"auth","start_time":1000,"end_time":1000.01},{"id":"0000000000000003","name":"cache","start_time":1000.01,"end_time":1000.02}]}`,
		`{"trace_id":"`+b+`","id":"0000000000000001","name":"web","start_time":2000,"end_time":2000.4,"http":{"request":{"method":"GET","url":"http://web/buy"},"response":{"status":503}},"subsegments":[{"id":"0000000000000002","name":"auth","start_time":2000,"end_time":2000.01},{"id":"0000000000000003","name":"stock","start_time":2000.01,"end_time":2000.36}]}`)
	out, err := execute(newCompareCommand(), "--endpoint", url, a, b)
	if err != nil {
		t.Fatal(err)
	}
	want := `A  ` + a + `  100 ms
B  ` + b + `  400 ms

           A          B  difference
!     100 ms     400 ms     +300 ms  web GET /buy  ok 200 → fault 503
-    10.0 ms          –                cache  missing
+          –     350 ms                stock  added

1 more row alike; --all shows them.

Where the time went (time of no child)
      +350 ms  stock
`
	if out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	out, err = execute(newCompareCommand(), "--endpoint", url, a, a)
	if err != nil || !strings.Contains(out, "Nothing differs in 3 rows.") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = execute(newCompareCommand(), "--endpoint", url, "--json", a, b)
	var got compare.Comparison
	if err = errors.Join(err, json.Unmarshal([]byte(out), &got)); err != nil || len(got.Rows) != 4 || got.Changes[compare.Added] != 1 {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = execute(newCompareCommand(), "--endpoint", url, "--typical", b)
	if err != nil || !strings.HasPrefix(out, "A is typical: the median of 1 trace of the same request.\nA  "+a) {
		t.Errorf("with a typical one: %v\n%s", err, out)
	}
	if _, err = execute(newCompareCommand(), "--endpoint", stored(t, strings.ReplaceAll(lonely, "TRACE", a)), "--typical", a); err == nil || !strings.Contains(err.Error(), "name two traces") {
		t.Errorf("nothing is like it: %v", err)
	}
	if _, err = execute(newCompareCommand(), "--endpoint", url, "--typical", a, b); !errors.As(err, new(usageError)) {
		t.Errorf("a typical one of two: %v", err)
	}
	if _, err = execute(newCompareCommand(), "--endpoint", url, a); !errors.As(err, new(usageError)) {
		t.Errorf("one trace: %v", err)
	}
	if _, err = execute(newCompareCommand(), "--endpoint", url, a, "1-6b000000-00000000000000000000000f"); err == nil || !strings.Contains(err.Error(), "no trace") {
		t.Errorf("unknown trace: %v", err)
	}
}

func TestCompareRepeated(t *testing.T) {
	setEnvironment(t, "100")
	ids := [2]string{"1-6b000000-000000000000000000000001", "1-6b000000-000000000000000000000002"}
	calls := func(n int) string {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, `,{"id":"00000000000001%02d","name":"DynamoDB","namespace":"aws","aws":{"operation":"GetItem"},"start_time":%.3f,"end_time":%.3f}`, i, 1000+float64(i)/100, 1000.005+float64(i)/100)
		}
		return text.String()
	}
	var docs [2]string
	for i, n := range []int{48, 50} {
		docs[i] = `{"trace_id":"` + ids[i] + `","id":"0000000000000001","name":"web","start_time":1000,"end_time":1000.6,"subsegments":[{"id":"0000000000000002","name":"auth","start_time":1000,"end_time":1000.01}` + calls(n) + `]}`
	}
	out, err := execute(newCompareCommand(), "--endpoint", stored(t, docs[0], docs[1]), ids[0], ids[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"      600 ms     600 ms              web\n",
		"x     240 ms     250 ms    +10.0 ms    DynamoDB GetItem  (48 × 5.00 ms → 50 × 5.00 ms)\n",
		"1 more row alike",
		"+10.0 ms  DynamoDB GetItem × 48 → 50\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
