package verify

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// ownPrefixes begin the names of attributes that one side adds by itself, or
// that tell the exporter what to do: no other side has them.
var ownPrefixes = []string{
	"aws.xray.", "otel.", "telemetry.", "nr.", "newrelic.", "entity.", "entityGuid", "instrumentation.", "tags.", "w3c.",
}

// newRelicNames are the fields of New Relic's Span event that are no attributes.
var newRelicNames = map[string]bool{
	"id": true, "trace.id": true, "traceId": true, "guid": true, "parent.id": true, "parentId": true, "name": true,
	"timestamp": true, "duration": true, "duration.ms": true, "span.kind": true, "appId": true, "appName": true,
	"category": true, "transactionId": true, "eventType": true,
}

func isOwn(name string) bool {
	return newRelicNames[name] || slices.ContainsFunc(ownPrefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// Limits at which backends cut a value. New Relic's:
// https://docs.newrelic.com/docs/opentelemetry/best-practices/opentelemetry-otlp/
const newRelicValueLimit = 4095

func compareAttributes(want, got Span) []Difference {
	if want.document != nil {
		return compareAnnotations(want, got) // what X-Ray has in blocks has other names elsewhere
	}
	var all []Difference
	var x *xrayValues
	if got.document != nil {
		x = newXRayValues(got)
	}
	for _, name := range slices.Sorted(maps.Keys(want.Attributes)) {
		if isOwn(name) || x != nil && (name == "service.name" || name == "cloud.provider") {
			continue // compareNames has seen the one, and X-Ray's cloud is AWS
		}
		d, differs := Difference{}, false
		if x != nil {
			d, differs = x.compare(name, want.Attributes[name])
		} else {
			d, differs = compareValue(name, want.Attributes[name], got.Attributes)
		}
		if differs {
			all = append(all, d)
		}
	}
	return all
}

// compareAnnotations looks for the annotations of a document in another, or in
// a span's attributes.
func compareAnnotations(want, got Span) []Difference {
	values := got.Attributes
	if got.document != nil {
		values = got.document.Annotations
	}
	var all []Difference
	for _, name := range slices.Sorted(maps.Keys(want.document.Annotations)) {
		if d, differs := compareValue(name, want.document.Annotations[name], values); differs {
			all = append(all, d)
		}
	}
	return all
}

func compareValue(name string, want any, attributes map[string]any) (Difference, bool) {
	d := Difference{Field: "attribute " + name, Want: short(want), Got: "absent"}
	got, ok := attributes[name]
	if !ok {
		return d, true
	}
	d.Got = short(got)
	if text, cut := got.(string); cut && len([]rune(text)) >= newRelicValueLimit && strings.HasPrefix(fmt.Sprint(want), text) {
		d.Expected = fmt.Sprintf("New Relic cuts values at %d characters", newRelicValueLimit)
	}
	return d, !sameValue(want, got)
}

// sameValue compares what encoding/json may have made of a value.
func sameValue(a, b any) bool {
	x, isNumber := number(a)
	y, isToo := number(b)
	if isNumber || isToo {
		return isNumber && isToo && (x == y || math.Abs(x-y) <= 1e-9*math.Abs(x))
	}
	return plainText(a) == plainText(b)
}

// plainText is a scalar as text, and anything else as JSON.
func plainText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any, map[string]any, []string, []int64, []float64, []bool:
		text, _ := json.Marshal(v) // it came from JSON or from a span
		return string(text)
	}
	return fmt.Sprint(v)
}

// xrayValues is everything that a document and its segment hold, to look
// attributes up in.
type xrayValues struct {
	named  map[string]any // annotations and metadata, of the document before its segment's
	leaves []string       // every value as text, of all blocks
}

func newXRayValues(s Span) *xrayValues {
	x := &xrayValues{named: map[string]any{}}
	if s.segment != nil && s.segment != s.document {
		x.add(s.segment)
	}
	x.add(s.document)
	return x
}

func (x *xrayValues) add(d *segment.Document) {
	for _, values := range d.Metadata {
		for name, raw := range values {
			var v any
			if json.Unmarshal(raw, &v) == nil {
				x.named[name] = v
			}
		}
	}
	maps.Copy(x.named, d.Annotations)
	alone := *d
	alone.Subsegments = nil
	text, err := json.Marshal(&alone)
	var v any
	if err == nil && json.Unmarshal(text, &v) == nil {
		x.collect(v)
	}
}

func (x *xrayValues) collect(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			x.collect(e)
		}
	case []any:
		x.leaves = append(x.leaves, plainText(v))
		for _, e := range v {
			x.collect(e)
		}
	case nil:
	default:
		x.leaves = append(x.leaves, plainText(v))
	}
}

// compare looks for an attribute under its own name, as X-Ray writes it, and
// then for its value in the blocks.
func (x *xrayValues) compare(name string, want any) (Difference, bool) {
	d := Difference{Field: "attribute " + name, Want: short(want), Got: "absent"}
	for _, key := range []string{name, annotationKey(name), strings.ReplaceAll(annotationKey(name), ".", "_"), "otel.resource." + name, annotationKey("otel.resource." + name)} {
		if got, ok := x.named[key]; ok {
			if sameValue(want, got) {
				return d, false
			}
			d.Got = short(got)
		}
	}
	text := plainText(want)
	if slices.ContainsFunc(x.leaves, func(leaf string) bool { return leaf == text || len(text) > 1 && strings.Contains(leaf, text) }) {
		return d, false
	}
	if d.Got == "absent" && readByBlocks[name] {
		d.Expected = "contrib's awsxray exporter reads it for a block of the document and does not keep it"
	}
	return d, true
}

// annotationKey returns a name as X-Ray writes it for an annotation: what is
// not allowed in one becomes an underscore.
func annotationKey(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || r == '.' {
			return r
		}
		return '_'
	}, name)
}

// readByBlocks are the attributes that contrib's exporter consumes for the http,
// aws and sql blocks even where it shows nothing of them.
var readByBlocks = map[string]bool{
	"http.scheme": true, "url.scheme": true, "http.host": true, "http.target": true, "http.server_name": true,
	"net.host.port": true, "net.host.name": true, "host.name": true, "net.peer.name": true, "net.peer.port": true,
	"net.peer.ip": true, "network.peer.address": true, "network.peer.port": true, "client.address": true,
	"url.path": true, "url.query": true, "server.address": true, "server.port": true, "rpc.method": true,
	"http.status_text": true, "http.client_ip": true, "db.name": true, "db.user": true, "db.connection_string": true,
}
