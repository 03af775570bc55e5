package console

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/verify"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
)

// A cause says in words why the backends probably differ, and what to look at.
type cause struct {
	Why string `json:"why"`
	Do  string `json:"do"`
}

// causeOf says why the two views of a trace differ, the gravest reason first;
// it is empty if they do not.
func (p *pairing) causeOf(refused []api.Refusal) cause {
	r := p.result
	unknown := r.Extra[verify.Unknown]
	switch {
	case len(p.xray.Spans) == 0 && len(p.newRelic.Spans) == 0:
		return cause{"Neither backend has it.", "It may have been deleted for its age."}
	case r.Missing > 0 && p.refusal(refused) != nil:
		refusal := p.refusal(refused)
		return cause{fmt.Sprintf("X-Ray Local refused a document of this trace: %s.", strings.TrimSuffix(refusal.Reason, ".")),
			"See the original under Pipe, refused documents."}
	case len(p.xray.Spans) == 0:
		return cause{"Nothing of it reached X-Ray.", "On Pipe, look for failures, throttling or a full queue of the awsxray exporter, and whether X-Ray is switched off."}
	case len(p.newRelic.Spans) == 0 && p.onlyByAWS():
		return cause{"All of its segments were written by AWS services.", "They are X-Ray's alone: nothing sends them to New Relic."}
	case len(p.newRelic.Spans) == 0:
		return cause{"Nothing of it reached New Relic.", "Either it came to X-Ray past the collector (the X-Ray SDK, an API call), or the exporter fails or is switched off: see Pipe."}
	case r.Missing > 0:
		return p.missingCause(verify.Missing, r.Missing, "X-Ray", "Their batch was perhaps dropped: on Pipe, look at drops and retries of the awsxray exporter.")
	case unknown > 0:
		return p.missingCause(verify.Extra, unknown, "New Relic", "Either their service sends to X-Ray past the collector, or their batch was dropped: see Pipe.")
	case p.duplicates > 0:
		return cause{fmt.Sprintf("New Relic has %s twice.", plural(p.duplicates, "span")), "A batch was sent again after an answer that got lost. New Relic does not remove duplicates, X-Ray does."}
	case r.Duplicates > 0:
		return cause{fmt.Sprintf("X-Ray has %s twice.", plural(r.Duplicates, "span")), "Two services, or two SDKs in one, send the same span ids."}
	case r.Differing > 0:
		return p.differingCause()
	}
	return cause{}
}

// refusal is the newest refusal of a document of this trace, nil for none.
func (p *pairing) refusal(refused []api.Refusal) *api.Refusal {
	i := slices.IndexFunc(refused, func(r api.Refusal) bool { return r.TraceID == p.id })
	if i < 0 {
		return nil
	}
	return &refused[i]
}

func (p *pairing) onlyByAWS() bool {
	return !slices.ContainsFunc(p.xray.Spans, func(s verify.Span) bool { return s.Reason != verify.MadeByAWS && s.Reason != verify.MadeInferred })
}

// missingCause looks whether what is missing is of one service.
func (p *pairing) missingCause(state string, n int, where, do string) cause {
	services := map[string]bool{}
	others := map[string]bool{} // of spans that both have
	for _, s := range p.result.BySpan {
		switch {
		case s.State == state && (s.Reason == "" || s.Reason == verify.Unknown):
			services[s.Service] = true
		case s.State == verify.Arrived:
			others[s.Service] = true
		}
	}
	why := fmt.Sprintf("%s missing in %s.", plural(n, "span is", "spans are"), where)
	if len(services) == 1 {
		for name := range services {
			if others[name] {
				return cause{why + fmt.Sprintf(" The service %q arrived in part.", name), do}
			}
			return cause{why + fmt.Sprintf(" It is all that the service %q sent.", name), fmt.Sprintf("Look at where %q sends its spans.", name)}
		}
	}
	return cause{why, do}
}

// differingCause names the fields that differ, and why such fields do.
func (p *pairing) differingCause() cause {
	fields := map[string]int{}
	for _, s := range p.result.BySpan {
		for _, d := range s.Differences {
			if d.Expected == "" {
				kind, _, _ := strings.Cut(d.Field, " ")
				fields[kind]++
			}
		}
	}
	for _, known := range []struct{ field, why, do string }{
		{"in", "X-Ray has the start of %s and not the end.", "The end was lost or is on its way: a segment's second document replaces the first."},
		{"status", "The outcome of %s differs.", "X-Ray judges by flags and HTTP status, New Relic by the span's status: one of them was not set."},
		{"parent", "The parent of %s differs.", "A segment of the trace was sent by something else than its spans."},
		{"start", "The start of %s differs.", "Two documents of one id were sent, or a clock was corrected between them."},
		{"end", "The end of %s differs.", "The span was sent before its end, or twice."},
		{"name", "The name of %s differs.", "X-Ray names segments by service: the service's name differs between the two."},
		{"attribute", "An attribute of %s differs.", "X-Ray keeps at most 50 annotations of a trace, and cuts documents at 64 KB: the rest is lost there."},
	} {
		if n := fields[known.field]; n > 0 {
			return cause{fmt.Sprintf(known.why, plural(n, "span")), known.do}
		}
	}
	return cause{}
}

// plural writes a number with its noun; the second form is for other than one.
func plural(n int, forms ...string) string {
	if n == 1 {
		return "1 " + forms[0]
	}
	if len(forms) > 1 {
		return fmt.Sprintf("%d %s", n, forms[1])
	}
	return fmt.Sprintf("%d %ss", n, forms[0])
}
