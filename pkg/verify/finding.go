package verify

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

// The severities of findings. A [Fault] makes a report not OK.
const (
	Fault = "fault"
	Note  = "note"
)

// A Finding says what is not as it was sent, why that probably is, and what to
// do about it.
type Finding struct {
	Severity string   `json:"severity"` // Fault or Note
	Code     string   `json:"code"`     // stable, such as missing or clock_skew
	Path     string   `json:"path"`     // of the trace that it is about
	Backend  string   `json:"backend,omitempty"`
	What     string   `json:"what"`
	Cause    string   `json:"cause,omitempty"`
	Remedy   string   `json:"remedy,omitempty"`
	Spans    []string `json:"spans,omitempty"` // names and ids

	missing bool // it is about spans that did not arrive
}

// explain finds the causes of everything that is not as it was sent.
func (r *run) explain(ctx context.Context, traces []TraceReport) []Finding {
	var all []Finding
	for _, t := range traces {
		if t.sendErr != nil {
			all = append(all, explainSend(t))
			continue
		}
		if t.Path == "existing" && t.Sent == 0 {
			all = append(all, nowhere(t))
			continue
		}
		for _, b := range t.Backends {
			for _, f := range r.explainBackend(ctx, t, b) {
				f.Path, f.Backend = t.Path, b.Backend
				all = add(all, f)
			}
		}
		if f, ok := skewed(t); ok {
			f.Path = t.Path
			all = append(all, f)
		}
	}
	return all
}

// add appends a finding, unless it is one of another backend that has the same
// cause.
func add(all []Finding, f Finding) []Finding {
	for i, g := range all {
		if g.Path == f.Path && g.Code == f.Code && g.Cause == f.Cause && g.Remedy == f.Remedy && slices.Equal(g.Spans, f.Spans) {
			all[i].Backend += " and " + f.Backend
			return all
		}
	}
	return append(all, f)
}

func nowhere(t TraceReport) Finding {
	f := Finding{
		Severity: Fault, Code: "not_found", Path: t.Path, What: "no backend has the trace " + t.TraceID,
		Cause:  "it was not sampled, it is older than the backends keep traces (X-Ray 30 days, New Relic 8), or it went to another account or region",
		Remedy: "check the id, --region and --newrelic-region; a trace of a request that was not sampled (Sampled=0) is nowhere",
	}
	for _, b := range t.Backends {
		if b.err != nil {
			g := explainRead(b.Backend, b.err)
			f.What, f.Cause, f.Remedy = f.What+"; "+b.Backend+": "+g.What, g.Cause, g.Remedy
		}
	}
	return f
}

func (r *run) explainBackend(ctx context.Context, t TraceReport, b BackendReport) []Finding {
	if b.err != nil && b.Result.Arrived == 0 {
		return []Finding{explainRead(b.Backend, b.err)}
	}
	var all []Finding
	if b.Result.Missing > 0 {
		all = append(all, r.explainMissing(ctx, t, b))
	}
	if b.Result.Duplicates > 0 {
		all = append(all, Finding{
			Severity: Fault, Code: "duplicated", What: fmt.Sprintf("%d more than once", b.Result.Duplicates),
			Cause:  "a request was repeated after its answer was lost or late; New Relic keeps each copy, X-Ray the last one",
			Remedy: "count with uniqueCount(id) at New Relic; a longer timeout in the exporter makes repeats rarer",
			Spans:  spansWhere(b.Result, func(s SpanResult) bool { return s.Received > 1 }),
		})
	}
	all = append(all, explainDifferences(b.Result)...)
	for _, reason := range slices.Sorted(maps.Keys(b.Result.Extra)) {
		all = append(all, explainExtra(t, b, reason))
	}
	return all
}

func spansWhere(r Result, is func(SpanResult) bool) []string {
	var spans []string
	for _, s := range r.BySpan {
		if is(s) {
			spans = append(spans, s.Name+" "+s.ID)
		}
	}
	return spans
}

func explainExtra(t TraceReport, b BackendReport, reason string) Finding {
	f := Finding{Severity: Note, Code: "extra_" + strings.ReplaceAll(reason, " ", "_"), What: fmt.Sprintf("%d more: %s", b.Result.Extra[reason], reason)}
	f.Spans = spansWhere(b.Result, func(s SpanResult) bool { return s.State == Extra && s.Reason == reason })
	switch reason {
	case MadeInferred:
		f.Cause = "X-Ray draws a node for the other end of each call to something that sends no traces"
	case MadeForLocalRoot:
		f.Cause = "X-Ray wants a segment for each service, so the exporter puts one around a call that is the first of its service"
	case MadeByAWS:
		f.Cause = "an AWS service wrote it; only X-Ray has those"
	case "service":
		f.Cause = "the service that was called sent it"
	default:
		f.Severity, f.Code = Fault, "extra_unknown"
		f.What = fmt.Sprintf("%d that %s does not have", b.Result.Extra[reason], b.Result.Want)
		f.Cause = "a span reached one backend only: the other dropped it, or samples on its own"
		f.Remedy = "sample once, before the pipelines part; look at the collector's otelcol_exporter_send_failed_spans"
		if t.Path != "existing" {
			f.Cause, f.Remedy = "another program sent a span with this trace id", "send the trace again"
		}
	}
	return f
}

// fieldCauses says what makes a backend tell a field differently.
var fieldCauses = map[string][2]string{
	"name":        {"a processor renames spans, or the segment's name comes from an attribute that the span does not have", "compare the attributes and processors of both pipelines; see the exporter's rules for names"},
	"parent":      {"a proxy, gateway or another SDK in between replaced the parent, or a document was stored twice with other parents", "look for who writes X-Amzn-Trace-Id or traceparent between the two spans"},
	"start":       {"a processor or receiver changed the times, or the same id was used for two spans", "remove processors that change times; give each span an id of its own"},
	"end":         {"a processor or receiver changed the times, or the same id was used for two spans", "remove processors that change times; give each span an id of its own"},
	"status":      {"a processor changed the status, or the exporter judges by another attribute", "set the span's status on errors; X-Ray judges by http.response.status_code and the status"},
	"in progress": {"X-Ray has only the first of the two documents of a segment: the one for its end was lost", "look at the service's shutdown and at UnprocessedTraceSegments in the collector's log"},
	"attribute":   {"a processor redacts or removes it, or the exporter does not keep it", "compare the processors of both pipelines; ADOT's awsxray exporter drops what it reads for a block and does not show (this project's keeps it)"},
}

// explainDifferences makes a finding of each field for all spans together.
func explainDifferences(r Result) []Finding {
	type group struct {
		differences []Difference
		spans       []string
	}
	groups := map[string]*group{}
	for _, s := range r.BySpan {
		for _, d := range s.Differences {
			kind, _, _ := strings.Cut(d.Field, " ")
			if d.Field == "in progress" {
				kind = d.Field
			}
			key := kind + "|" + d.Expected
			if groups[key] == nil {
				groups[key] = &group{}
			}
			g := groups[key]
			g.differences = append(g.differences, d)
			g.spans = append(g.spans, fmt.Sprintf("%s %s: %s is %s, sent %s", s.Name, s.ID, d.Field, d.Got, d.Want))
		}
	}
	var all []Finding
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		kind, expected, _ := strings.Cut(key, "|")
		g := groups[key]
		f := Finding{Severity: Fault, Code: "different_" + strings.ReplaceAll(kind, " ", "_"), Spans: g.spans,
			What: fmt.Sprintf("%s differs, %d times", kind, len(g.differences)), Cause: fieldCauses[kind][0], Remedy: fieldCauses[kind][1]}
		if (kind == "start" || kind == "end") && shifted(g.differences) {
			f.Code, f.Cause = "different_clock", "all times are off by as much: they were rewritten by a host with another clock"
		}
		if expected != "" {
			f.Severity, f.Cause, f.Remedy = Note, expected, ""
		}
		all = append(all, f)
	}
	return all
}

// shifted says whether all the differences are the same, in milliseconds.
func shifted(all []Difference) bool {
	by := map[string]bool{}
	for _, d := range all {
		_, ms, _ := strings.Cut(d.Got, "(")
		whole, _, _ := strings.Cut(ms, ".")
		by[whole] = true
	}
	return len(all) > 1 && len(by) == 1
}

// skewTolerance is how much earlier than its caller a service may have begun:
// hosts that keep time by NTP are closer.
const skewTolerance = 5 * time.Millisecond

// skewed looks for services whose clock is behind or ahead of their callers'.
func skewed(t TraceReport) (Finding, bool) {
	byID := map[string]Span{}
	for _, s := range t.view.Spans {
		byID[s.ID] = s
	}
	var spans []string
	var worst time.Duration
	for _, s := range t.view.Spans {
		parent, ok := byID[s.ParentID]
		if !ok || parent.Service == s.Service || s.ID == continued {
			continue
		}
		if early := parent.Start.Sub(s.Start); early > skewTolerance {
			worst = max(worst, early)
			spans = append(spans, fmt.Sprintf("%s %s begins %s before its caller %s", s.Service, s.ID, early.Round(time.Millisecond), parent.Service))
		}
	}
	if spans == nil {
		return Finding{}, false
	}
	return Finding{
		Severity: Note, Code: "clock_skew", What: fmt.Sprintf("a service begins up to %s before its caller", worst.Round(time.Millisecond)), Spans: spans,
		Cause: "the clocks of two hosts differ", Remedy: "keep time with NTP (on AWS: chrony with 169.254.169.123); both backends show such spans shifted",
	}, true
}

// ingestKeyProblem says whether the license key of this environment and the
// endpoint do not go together.
func (r *run) ingestKeyProblem() error {
	if r.LicenseKey == "" {
		return nil
	}
	return licensekey.Check(r.LicenseKey, cmp.Or(r.Ingest, ""))
}
