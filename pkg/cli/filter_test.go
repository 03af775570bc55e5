package cli

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

func TestFilterErrorIsDrawn(t *testing.T) {
	setEnvironment(t, "80")
	long := strings.Repeat(`user = "x" OR `, 20)
	for _, tt := range []struct{ name, expression, want string }{
		{"typing error", `ok AND respones > 5`, `traces: --filter: unknown keyword 'respones', did you mean responsetime? (an annotation is written annotation.respones)

  ok AND respones > 5
         ^^^^^^^^

`},
		{"at the end", `fault AND`, `traces: --filter: the expression ends where a keyword should come

  fault AND
           ^

`},
		{"wide characters and lines", "user = \"ä\"\n AND x", `traces: --filter: unknown keyword 'x' (an annotation is written annotation.x)

  user = "ä"  AND x
                  ^

`},
		{"long", long + "x " + long + "ok", `traces: --filter: unknown keyword 'x' (an annotation is written annotation.x)

  … "x" OR user = "x" OR user = "x" OR user = "x" OR x user = "x" OR user = "x" OR user = "x" OR user =…
                                                     ^

`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := execute(newTracesCommand(), "--endpoint", "http://127.0.0.1:1", "--filter", tt.expression)
			var usage usageError
			if !errors.As(err, &usage) || !errors.Is(err, errReported) {
				t.Errorf("error %v", err)
			}
			if out != tt.want {
				t.Errorf("got\n%s\nwant\n%s", out, tt.want)
			}
		})
	}
}

func TestTimeRange(t *testing.T) {
	zone := time.FixedZone("", 2*60*60)
	now := time.Date(2026, 9, 23, 12, 30, 0, 0, zone)
	for _, tt := range []struct{ name, from, to, last, want string }{
		{"last", "", "", "15m", "2026-09-23T12:15:00+02:00 2026-09-23T12:30:00+02:00"},
		{"days", "", "", "1.5d", "2026-09-22T00:30:00+02:00 2026-09-23T12:30:00+02:00"},
		{"last before a time", "", "12:00", "1h", "2026-09-23T11:00:00+02:00 2026-09-23T12:00:00+02:00"},
		{"durations back", "2h", "30m", "", "2026-09-23T10:30:00+02:00 2026-09-23T12:00:00+02:00"},
		{"of this day", "9:05", "now", "", "2026-09-23T09:05:00+02:00 2026-09-23T12:30:00+02:00"},
		{"date", "2026-09-22", "2026-09-22T08:00", "", "2026-09-22T00:00:00+02:00 2026-09-22T08:00:00+02:00"},
		{"with offset", "2026-09-22T08:00:30Z", "2026-09-22 10:00:30+01:00", "", "2026-09-22T08:00:30Z 2026-09-22T10:00:30+01:00"},
		{"seconds since the epoch", "1790000000", "now", "", "1790000000 2026-09-23T12:30:00+02:00"},
		{"wrong word", "yesterday", "", "", `--from: "yesterday" is no time such as 15m, 15:04, 2006-01-02T15:04:05, 2006-01-02T15:04:05Z or 1136214245`},
		{"wrong duration", "", "", "soon", `--last: "soon" is no duration such as 90s, 15m, 6h or 7d`},
		{"negative", "", "", "-1h", `--last: "-1h" is no duration such as 90s, 15m, 6h or 7d`},
		{"backwards", "12:00", "11:00", "", "the time range ends at 2026-09-23T11:00:00+02:00, before it begins at 2026-09-23T12:00:00+02:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from, to, err := timeRange(tt.from, tt.to, tt.last, now)
			got := clock(from) + " " + clock(to)
			if err != nil {
				got = err.Error()
			} else if tt.from == "1790000000" {
				if from.Unix() != 1790000000 {
					t.Error(from)
				}
				return
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestExplanation(t *testing.T) {
	q := client.Query{From: time.Unix(1790000000, 0).UTC(), To: time.Unix(1790003600, 0).UTC(), Limit: 20}
	page := summary.Explanation{Expression: "fault", Index: []string{"root segment is a fault", "a second thing"}, Statement: "flags & 2", Scanned: 1000, Read: 30, Matched: 10, Seconds: 0.0123}
	var out strings.Builder
	if err := writeExplanation(&out, q, &client.List{Pages: []summary.Explanation{page, page}, More: true}); err != nil {
		t.Fatal(err)
	}
	want := `expression  fault
range       traces that started from 2026-09-21T14:13:20Z to 2026-09-21T15:13:20Z
index       root segment is a fault
            a second thing
scanned     2000 traces of the range
read        60 traces (3.0%); the whole expression was evaluated in memory on each
matched     20 traces (1.0%)
took        2 pages, 24.6ms of at most 20 traces
            there are more: --limit looks further
statement   flags & 2
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
