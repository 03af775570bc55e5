package up

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// drawTree writes a trace as text, one line for each segment and subsegment,
// with everything of it that does not differ from run to run. Children are
// ordered by what they are, because calls may overlap.
func drawTree(segments []*segment.Document) string {
	below := map[string][]*segment.Document{} // segments by the id of their parent
	present := map[string]bool{}
	var note func(d *segment.Document)
	note = func(d *segment.Document) {
		present[d.ID] = true
		for _, sub := range d.Subsegments {
			note(sub)
		}
	}
	for _, s := range segments {
		note(s)
	}
	var roots []*segment.Document
	for _, s := range segments {
		if present[s.ParentID] {
			below[s.ParentID] = append(below[s.ParentID], s)
		} else {
			roots = append(roots, s)
		}
	}
	var b strings.Builder
	var draw func(d *segment.Document, kind string, depth int)
	draw = func(d *segment.Document, kind string, depth int) {
		if isConnection(d) {
			return
		}
		fmt.Fprintf(&b, "%s%s %s\n", strings.Repeat("  ", depth), kind, describe(d))
		for _, sub := range slices.SortedFunc(slices.Values(d.Subsegments), byStart) {
			draw(sub, "subsegment", depth+1)
		}
		for _, s := range below[d.ID] {
			kind := "segment"
			if s.Inferred {
				kind = "inferred"
			}
			draw(s, kind, depth+1)
		}
	}
	for _, r := range roots {
		draw(r, "segment", 0)
	}
	return b.String()
}

func byStart(a, b *segment.Document) int {
	return cmp.Or(cmp.Compare(a.StartTime, b.StartTime), cmp.Compare(a.ID, b.ID))
}

// isConnection says whether a subsegment is the X-Ray SDK's for a connection
// that was made because none could be used again.
func isConnection(d *segment.Document) bool {
	return slices.Contains([]string{"connect", "dns", "dial", "tls"}, d.Name) && d.Namespace == ""
}

func describe(d *segment.Document) string {
	parts := []string{fmt.Sprintf("%q", d.Name)}
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if d.Namespace != "" {
		add("namespace=%s", d.Namespace)
	}
	if d.Origin != "" {
		add("origin=%s", d.Origin)
	}
	for name, set := range map[string]bool{"fault": d.Fault, "error": d.Error, "throttle": d.Throttle, "in progress": d.InProgress} {
		if set {
			add("%s", strings.ToUpper(name))
		}
	}
	slices.Sort(parts[1:])
	if d.HTTP != nil && d.HTTP.Request != nil && d.HTTP.Request.Method != "" {
		add("http=%s %s", d.HTTP.Request.Method, d.HTTP.Request.URL)
	}
	if d.HTTP != nil && d.HTTP.Response != nil {
		add("status=%d", d.HTTP.Response.Status)
	}
	for _, key := range []string{"operation", "region", "table_name", "bucket_name", "queue_url"} {
		if v, ok := d.AWS[key]; ok && v != nil {
			add("aws.%s=%v", key, v)
		}
	}
	if d.SQL != nil {
		add("sql=%s %s %q", d.SQL.DatabaseType, d.SQL.URL, d.SQL.SanitizedQuery)
	}
	for _, key := range slices.Sorted(maps.Keys(d.Annotations)) {
		add("annotation.%s=%v", key, d.Annotations[key])
	}
	for _, namespace := range slices.Sorted(maps.Keys(d.Metadata)) {
		if namespace != "default" { // OpenTelemetry's attributes, of which each release has others
			add("metadata.%s", namespace)
		}
	}
	if d.Cause != nil {
		for _, e := range d.Cause.Exceptions {
			add("exception=%s: %s", e.Type, e.Message)
		}
	}
	return constant(strings.Join(parts, " "))
}

var (
	anyPort        = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	anyApplication = regexp.MustCompile(`app-[a-z2-7]{12}`)
	anyRequestID   = regexp.MustCompile(`(RequestID: )[0-9A-Za-z-]+`)
)

// constant replaces what is another in each run.
func constant(s string) string {
	s = anyPort.ReplaceAllString(s, "HOST")
	s = anyApplication.ReplaceAllString(s, "app-ID")
	return anyRequestID.ReplaceAllString(s, "${1}ID")
}
