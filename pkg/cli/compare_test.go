package cli

import (
	"encoding/json"
	"errors"
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
