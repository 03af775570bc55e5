package redactprocessor

import (
	"context"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
)

// maxDepth is how deep maps and lists are looked into. What is deeper is
// replaced.
const maxDepth = 16

// attributes redacts the values of a map in place, and reports whether it
// changed one.
func (r redactor) attributes(m pcommon.Map, depth int) (changed bool) {
	for key, v := range m.All() {
		rule := r.RuleOf(key)
		if t := v.Type(); rule == redact.Keep && t != pcommon.ValueTypeMap && t != pcommon.ValueTypeSlice {
			continue
		}
		system := ""
		if rule == redact.Statement {
			system = systemOf(m)
		}
		changed = r.value(rule, v, system, depth) || changed
	}
	return changed
}

// value redacts one value. A list is of what its attribute is, a map has names
// of its own.
func (r redactor) value(rule redact.Rule, v pcommon.Value, system string, depth int) (changed bool) {
	t := v.Type()
	switch composite := t == pcommon.ValueTypeMap || t == pcommon.ValueTypeSlice; {
	case rule == redact.Secret && t == pcommon.ValueTypeSlice && depth < maxDepth:
		for _, element := range v.Slice().All() { // as many as there were
			changed = r.value(rule, element, system, depth+1) || changed
		}
	case composite && (rule == redact.Secret || depth >= maxDepth):
		v.SetStr(redact.Replacement)
		return true
	case t == pcommon.ValueTypeMap:
		return r.attributes(v.Map(), depth+1)
	case t == pcommon.ValueTypeSlice:
		for _, element := range v.Slice().All() {
			changed = r.value(rule, element, system, depth+1) || changed
		}
	case t == pcommon.ValueTypeStr:
		text := v.Str()
		if other := r.Apply(rule, text, system); other != text {
			r.document.note(text, other)
			v.SetStr(other)
			return true
		}
	case rule == redact.Secret && t != pcommon.ValueTypeEmpty:
		v.SetStr(redact.Replacement)
		return true
	}
	return changed
}

func systemOf(m pcommon.Map) string {
	for _, key := range [...]string{"db.system.name", "db.system"} {
		if v, ok := m.Get(key); ok {
			return v.Str()
		}
	}
	return ""
}

func (r redactor) processLogs(_ context.Context, ld plog.Logs) (plog.Logs, error) {
	if r.Redactor == nil {
		return ld, nil
	}
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				r.value(redact.Text, record.Body(), "", 0)
				r.attributes(record.Attributes(), 0)
			}
		}
	}
	return ld, nil
}
