package analytics

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
)

func TestFilterOfAValue(t *testing.T) {
	text := func(v string) []types.ValueWithServiceIds {
		return []types.ValueWithServiceIds{{AnnotationValue: &types.AnnotationValueMemberStringValue{Value: v}}}
	}
	traces := []Trace{
		Of(types.TraceSummary{
			Http:        &types.Http{HttpURL: aws.String(`http://x/"a"?q=1`), HttpMethod: aws.String("GET"), HttpStatus: aws.Int32(404)},
			Users:       []types.TraceUser{{UserName: aws.String(`a"da`)}},
			ServiceIds:  []types.ServiceId{{Name: aws.String("web")}},
			Annotations: map[string][]types.ValueWithServiceIds{"plan": text(`go"ld`), "a.b c": text("x")},
			FaultRootCauses: []types.FaultRootCause{{Services: []types.FaultRootCauseService{
				{Name: aws.String("web"), EntityPath: []types.FaultRootCauseEntity{{Name: aws.String("web")}, {Name: aws.String("<db>"), Exceptions: []types.RootCauseException{{Name: aws.String("Timeout")}}}}}}}},
		}),
		Of(types.TraceSummary{}),
	}
	report := Compare(traces, nil, Options{})
	want := map[string]string{
		`url http://x/"a"`:                 `(http.url = "http://x/\"a\"" OR http.url BEGINSWITH "http://x/\"a\"?" OR http.url BEGINSWITH "http://x/\"a\"#")`,
		`url (none)`:                       `!http.url`,
		`method GET`:                       `http.method = "GET"`,
		`method (none)`:                    `!http.method`,
		`status 404`:                       `http.status = 404`,
		`status (none)`:                    `!http.status`,
		`user a"da`:                        `user = "a\"da"`,
		`user (none)`:                      `!user`,
		`service web`:                      `service("web")`,
		`service (none)`:                   ``,
		`annotation.plan "go\"ld"`:         `annotation.plan = "go\"ld"`,
		`annotation.plan (none)`:           `!(annotation.plan CONTAINS "")`,
		`annotation.a.b c "x"`:             `annotation[a.b c] = "x"`,
		`annotation.a.b c (none)`:          `!(annotation[a.b c] CONTAINS "")`,
		`fault cause web → <db> (Timeout)`: `rootcause.json = #[{"Kind":"fault","Services":[{"Name":"web","EntityPath":[{"Name":"web","Exceptions":[]},{"Name":"<db>","Exceptions":[{"Name":"Timeout"}]}]}]}]`,
		`fault cause (none)`:               ``,
	}
	seen := 0
	for _, table := range report.Tables {
		for _, row := range table.Rows {
			seen++
			if got := want[string(row.Dimension)+" "+row.Value]; got != row.Filter {
				t.Errorf("%s %s: filter %s, want %s", row.Dimension, row.Value, row.Filter, got)
			}
			if _, err := filter.Parse(row.Filter); err != nil {
				t.Errorf("%s: %v", row.Filter, err)
			}
		}
	}
	if seen != len(want) {
		t.Errorf("%d rows, want %d", seen, len(want))
	}
}

// TestWhatChoseTheSets holds that what a filter says is no finding, and that
// where a chosen failure came from follows what explains it.
func TestWhatChoseTheSets(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	traces := shop(r, 2000, func(i int, s *types.TraceSummary) {
		if *s.Users[0].UserName < "user-2" && r.Float64() < 0.5 {
			s.HasFault = aws.Bool(true)
			s.Http.HttpStatus = aws.Int32(500)
			s.FaultRootCauses = []types.FaultRootCause{{Services: []types.FaultRootCauseService{{Name: aws.String("web")}}}}
			s.Annotations["version"] = []types.ValueWithServiceIds{{AnnotationValue: &types.AnnotationValueMemberStringValue{Value: "1.5"}}}
		}
	})
	var ok, faults []Trace
	for _, trace := range traces {
		if trace.Outcome == "fault" {
			faults = append(faults, trace)
		} else {
			ok = append(ok, trace)
		}
	}
	report := Compare(ok, faults, Options{Chosen: []string{"!(fault)", "fault"}})
	if first := report.Findings[0]; first.Dimension != "annotation.version" || first.Value != `"1.5"` {
		t.Errorf("found first %+v", first)
	}
	if last := report.Findings[len(report.Findings)-1]; last.Dimension != FaultCause {
		t.Errorf("found last %+v", last)
	}
	for _, row := range report.Findings {
		if row.Dimension == Status {
			t.Errorf("status is a finding: %+v", row)
		}
	}
	for expression, want := range map[string]Dimension{
		`user = "a"`: User, `!(annotation.half = 1)`: "annotation.half", `http.url CONTAINS "x" OR ok`: URL, `http.status = 200`: Status,
		`http.method = "GET"`: Method, `rootcause.fault.service { name = "a" }`: FaultCause, `rootcause.json = #[{"Services":[]}]`: ErrorCause,
	} {
		if g := givenBy([]string{expression}); !g.dimensions[want] {
			t.Errorf("%s does not give %s", expression, want)
		}
	}
	if g := givenBy([]string{`service("web") { fault } AND edge("a", "b")`}); !g.services["web"] || !g.services["a"] || !g.services["b"] || g.dimensions[Status] {
		t.Errorf("service and edge give %+v", g)
	}
}

func TestTimes(t *testing.T) {
	set := func(seconds ...float64) (all []Trace) {
		for _, s := range seconds {
			all = append(all, Trace{ResponseTime: &s})
		}
		return all
	}
	a, b := set(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), set(4, 5, 6, 7, 8, 9, 10, 11, 12, 13)
	// U is 75.5 by counting pairs; 14 values are in ties of two.
	if got := compareTimes(a, b); math.Abs(got.P-0.05811688) > 1e-8 || got.Slower != 0.755 {
		t.Errorf("got %+v", got)
	}
	if got := compareTimes(a, a); got.Slower != 0.5 || got.P != 1 {
		t.Errorf("of the same: %+v", got)
	}
	if got := compareTimes(a, a[:minTimes-1]); got != nil {
		t.Errorf("of few: %+v", got)
	}
	same := set(slices.Repeat([]float64{1}, 20)...)
	if got := compareTimes(same, same); got.P != 1 {
		t.Errorf("of ties alone: %+v", got)
	}
	report := Compare(a, b, Options{Chosen: []string{"responsetime > 2"}})
	if report.Times != nil {
		t.Error("sets chosen by response time were compared by it")
	}
}
