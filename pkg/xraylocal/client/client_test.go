package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

func TestTraceID(t *testing.T) {
	const want = "1-58406520-a006649127e371903a2de979"
	for _, in := range []string{want, "58406520a006649127e371903a2de979", " 1-58406520-A006649127E371903A2DE979\n"} {
		if got, err := TraceID(in); got != want || err != nil {
			t.Errorf("TraceID(%q) = %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "1-", "2-58406520-a006649127e371903a2de979", "58406520-a006649127e371903a2de979", want + "0", "g8406520a006649127e371903a2de979", "../" + want, strings.Repeat("a", 1<<20)} {
		if got, err := TraceID(in); err == nil || len(err.Error()) > 300 {
			t.Errorf("TraceID(%.40q) = %q, %.400v", in, got, err)
		}
	}
}

func TestNewRefusesEndpoints(t *testing.T) {
	for _, endpoint := range []string{"", "127.0.0.1:2080", "ftp://h", "http://", "http://h?x=1", "http://%zz"} {
		if _, err := New(endpoint, ""); err == nil {
			t.Errorf("New(%q) took it", endpoint)
		}
	}
}

// InProcess gives the handler what a server would, and the client its answer.
func TestInProcess(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "localhost" || r.RequestURI != "/Traces" || r.Method != "POST" || r.RemoteAddr != "127.0.0.1:0" {
			t.Errorf("request %s %s to %s from %s", r.Method, r.RequestURI, r.Host, r.RemoteAddr)
		}
		if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=local/") {
			t.Errorf("Authorization %q", r.Header.Get("Authorization"))
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != `{"TraceIds":["1-x"]}` {
			t.Errorf("body %q, %v", body, err)
		}
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		w.WriteHeader(http.StatusTeapot) // too late
		_, _ = io.WriteString(w, `{"Traces":[{"Id":"1-x","Duration":2,"LimitExceeded":true,"Segments":[`)
		_, _ = io.WriteString(w, `{"Id":"a","Document":"{\"id\":\"a\",\"name\":\"web\",\"user\":7}"}]}]}`)
	})
	got, err := GetTrace(t.Context(), InProcess(h), "1-x")
	if err != nil {
		t.Fatal(err)
	}
	if got.Duration != 2 || !got.LimitExceeded || len(got.Documents) != 1 || got.Documents[0].Name != "web" {
		t.Errorf("got %+v", got)
	}
	b, err := json.Marshal(got)
	if want := `{"Duration":2,"Id":"1-x","Segments":[{"id":"a","name":"web","user":7}]}`; string(b) != want || err != nil {
		t.Errorf("JSON %s, %v, want %s", b, err, want)
	}
}

func TestInProcessErrors(t *testing.T) {
	refuse := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-ErrorType", "InvalidRequestException")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"Message":"Invalid trace id"}`)
	})
	var invalid *types.InvalidRequestException
	if _, err := GetTrace(t.Context(), InProcess(refuse), "1-x"); !errors.As(err, &invalid) {
		t.Errorf("got %v, want an InvalidRequestException", err)
	}
	nothing := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"Traces":[]}`) })
	if _, err := GetTrace(t.Context(), InProcess(nothing), "1-x"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	broken := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"Traces":[{"Id":"1-x","Segments":[{"Id":"a","Document":"{"}]}]}`)
	})
	if _, err := GetTrace(t.Context(), InProcess(broken), "1-x"); err == nil || !strings.Contains(err.Error(), "segment a") {
		t.Errorf("got %v, want an error that names segment a", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	called := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("called after the context's end") })
	if _, err := GetTrace(ctx, InProcess(called), "1-x"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// ListTraces follows pages until it has enough.
func TestListTraces(t *testing.T) {
	calls := 0
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		var in struct{ NextToken string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, map[string]string{
			"":  `{"TraceSummaries":[{"Id":"5","StartTime":5},{"Id":"4","StartTime":4}],"NextToken":"b"}`,
			"b": `{"TraceSummaries":[],"NextToken":"c"}`,
			"c": `{"TraceSummaries":[{"Id":"2","StartTime":2},{"Id":"3","StartTime":3}]}`,
		}[in.NextToken])
	})
	for _, tt := range []struct {
		limit, calls int
		ids          string
		more         bool
	}{
		{1, 1, "5", true}, {2, 1, "54", true}, {3, 3, "543", true}, {4, 3, "5432", false}, {9, 3, "5432", false},
	} {
		calls = 0
		summaries, more, err := ListTraces(t.Context(), InProcess(h), time.Unix(0, 0), time.Unix(9, 0), tt.limit)
		if err != nil {
			t.Fatal(err)
		}
		ids := ""
		for _, s := range summaries {
			ids += aws.ToString(s.Id)
		}
		if ids != tt.ids || more != tt.more || calls != tt.calls {
			t.Errorf("limit %d: %s, more %v, %d calls; want %+v", tt.limit, ids, more, calls, tt)
		}
	}
}

// With Whole, a list ends where a page does, and the next goes on there.
func TestFindWholePages(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ NextToken string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, map[string]string{
			"":  `{"TraceSummaries":[{"Id":"5","StartTime":5}],"NextToken":"b"}`,
			"b": `{"TraceSummaries":[{"Id":"4","StartTime":4},{"Id":"3","StartTime":3}],"NextToken":"c"}`,
			"c": `{"TraceSummaries":[{"Id":"2","StartTime":2}]}`,
		}[in.NextToken])
	})
	q := Query{From: time.Unix(0, 0), To: time.Unix(9, 0), Limit: 2, Whole: true}
	var got []string
	for {
		list, err := Find(t.Context(), InProcess(h), q)
		if err != nil {
			t.Fatal(err)
		}
		ids := ""
		for _, s := range list.Summaries {
			ids += aws.ToString(s.Id)
		}
		got = append(got, ids)
		if list.More != (list.Next != "") {
			t.Errorf("more %v, next %q", list.More, list.Next)
		}
		if q.After = list.Next; q.After == "" {
			break
		}
	}
	if want := []string{"543", "2"}; !slices.Equal(got, want) {
		t.Errorf("lists %v, want %v", got, want)
	}
}

// A service graph says of how much it is; another X-Ray's says nothing, and is whole.
func TestServiceGraphCovered(t *testing.T) {
	for header, want := range map[string]Covered{"": {}, "12/12": {12, 12}, "12/40": {12, 40}} {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get(servicegraph.PatienceHeader); got != "1.5" {
				t.Errorf("patience %q", got)
			}
			w.Header().Set(servicegraph.CoveredHeader, header)
			_, _ = io.WriteString(w, `{"Services":[]}`)
		})
		_, covered, err := ServiceGraph(t.Context(), InProcess(h), GraphQuery{Patience: 1500 * time.Millisecond})
		if err != nil || covered != want || covered.Whole() != (want.Looked == want.All) {
			t.Errorf("%q: %+v, %v", header, covered, err)
		}
	}
}

func TestSummarize(t *testing.T) {
	start := time.Unix(1800000000, 0)
	id := func(name, kind string) types.ServiceId { return types.ServiceId{Name: &name, Type: &kind} }
	for _, tt := range []struct {
		name    string
		in      types.TraceSummary
		want    Summary
		request string
	}{
		{"nothing known", types.TraceSummary{}, Summary{InProgress: true, Outcome: timeline.OK}, "(no root yet)"},
		{
			"a request",
			types.TraceSummary{
				Id: aws.String("1-x"), StartTime: &start, Duration: aws.Float64(1.25), HasFault: aws.Bool(true), HasError: aws.Bool(true),
				Http:       &types.Http{HttpMethod: aws.String("GET"), HttpURL: aws.String("http://h/p?q"), HttpStatus: aws.Int32(503)},
				EntryPoint: &types.ServiceId{Name: aws.String("web")},
				ServiceIds: []types.ServiceId{id("web", "client"), id("web", ""), id("db", "remote"), id("db", "remote")},
			},
			Summary{ID: "1-x", Start: start, Duration: 1250 * time.Millisecond, Outcome: timeline.Fault, Method: "GET", URL: "http://h/p?q", Status: 503, Service: "web", Services: 2},
			"GET /p",
		},
		{
			"no HTTP, throttled, absurdly long",
			types.TraceSummary{Duration: aws.Float64(1e300), HasThrottle: aws.Bool(true), Http: &types.Http{}, EntryPoint: &types.ServiceId{Name: aws.String("batch")}, IsPartial: aws.Bool(true)},
			Summary{Duration: 9e18, Outcome: timeline.Throttle, Service: "batch", Partial: true},
			"batch",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Summarize(tt.in)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got.Request() != tt.request {
				t.Errorf("request %q, want %q", got.Request(), tt.request)
			}
		})
	}
}
