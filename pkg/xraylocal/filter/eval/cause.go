package eval

import (
	"encoding/json"
	"slices"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

// An element is the subject in the blocks of the rootcause keywords.
type element struct {
	index, count int // of the list
	service      *summary.CauseServiceID
	inferred     bool // of a service
	name         string
	remote       bool     // of an entity
	coverage     *float64 // of an entity of a response time's cause
	message      string   // of an exception
}

func (e *element) any(f filter.Field, is func(filter.Value) bool) bool {
	switch f.Keyword {
	case filter.First:
		return is(boolean(e.index == 0))
	case filter.Last:
		return is(boolean(e.index == e.count-1))
	case filter.Index:
		return is(number(float64(e.index)))
	case filter.Name:
		return one(e.name, is)
	case filter.Inferred:
		return is(boolean(e.inferred))
	case filter.Remote:
		return is(boolean(e.remote))
	case filter.Coverage:
		return maybe(e.coverage, is)
	case filter.Message:
		return one(e.message, is)
	case filter.Type:
		return e.service != nil && one(e.service.Type, is)
	case filter.AccountID:
		return e.service != nil && e.service.AccountID != nil && one(*e.service.AccountID, is)
	default:
		return false
	}
}

func (ev *evaluation) rootCause(e *filter.RootCause) bool {
	causes := ev.view.rootCauses()
	holds := func(el element) bool { return ev.inBlock(e.Filter, &el) }
	switch e.Cause {
	case filter.FaultCause:
		return slices.ContainsFunc(causes.Fault, func(c summary.Cause) bool { return anyElement(e.Of, c, holds) })
	case filter.ErrorCause:
		return slices.ContainsFunc(causes.Error, func(c summary.Cause) bool { return anyElement(e.Of, c, holds) })
	default:
		return slices.ContainsFunc(causes.ResponseTime, func(c summary.SlowCause) bool { return anySlowElement(e.Of, c, holds) })
	}
}

// anyElement reports whether an element of the cause holds.
func anyElement(of filter.Element, c summary.Cause, holds func(element) bool) bool {
	for i := range c.Services {
		s := &c.Services[i]
		if of == filter.ServiceElement {
			if holds(element{index: i, count: len(c.Services), service: &s.CauseServiceID, name: s.Name, inferred: s.Inferred}) {
				return true
			}
			continue
		}
		for j, entity := range s.EntityPath {
			if of == filter.EntityElement {
				if holds(element{index: j, count: len(s.EntityPath), name: entity.Name, remote: entity.Remote}) {
					return true
				}
				continue
			}
			for k, x := range entity.Exceptions {
				el := element{index: k, count: len(entity.Exceptions), name: x.Name}
				if x.Message != nil {
					el.message = *x.Message
				}
				if holds(el) {
					return true
				}
			}
		}
	}
	return false
}

// anySlowElement is anyElement for the cause of a response time.
func anySlowElement(of filter.Element, c summary.SlowCause, holds func(element) bool) bool {
	for i := range c.Services {
		s := &c.Services[i]
		if of == filter.ServiceElement {
			if holds(element{index: i, count: len(c.Services), service: &s.CauseServiceID, name: s.Name, inferred: s.Inferred}) {
				return true
			}
			continue
		}
		for j, entity := range s.EntityPath {
			if holds(element{index: j, count: len(s.EntityPath), name: entity.Name, remote: entity.Remote, coverage: &entity.Coverage}) {
				return true
			}
		}
	}
	return false
}

// rootCauseJSON compares root causes of all kinds with the patterns. One that
// fits is enough. Beside the members of X-Ray's API each has one of our own, Kind,
// so that a pattern can ask for the cause of a fault alone: fault, error or
// responsetime, as the rootcause keywords have it.
func (ev *evaluation) rootCauseJSON(e *filter.RootCauseJSON) bool {
	var patterns []any
	if err := json.Unmarshal([]byte(e.Patterns), &patterns); err != nil {
		return false // only of a tree that Parse did not make
	}
	var all []any
	causes := ev.view.rootCauses()
	for _, c := range causes.Fault {
		all = append(all, generic(c, filter.FaultCause))
	}
	for _, c := range causes.Error {
		all = append(all, generic(c, filter.ErrorCause))
	}
	for _, c := range causes.ResponseTime {
		all = append(all, generic(c, filter.ResponseTimeCause))
	}
	found := slices.ContainsFunc(patterns, func(pattern any) bool {
		return slices.ContainsFunc(all, func(cause any) bool { return covers(pattern, cause) })
	})
	return found == (e.Op == filter.Equals)
}

// generic returns a root cause of a kind as JSON has it.
func generic(v any, kind filter.Cause) any {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		return nil
	}
	out["Kind"] = string(kind)
	return out
}

// covers reports whether all that the pattern gives is so in the value: members
// of objects may be left out, arrays are of one length.
func covers(pattern, value any) bool {
	switch pattern := pattern.(type) {
	case map[string]any:
		object, ok := value.(map[string]any)
		if !ok {
			return false
		}
		for key, want := range pattern {
			have, ok := object[key]
			if !ok || !covers(want, have) {
				return false
			}
		}
		return true
	case []any:
		array, ok := value.([]any)
		return ok && slices.EqualFunc(pattern, array, covers)
	case nil:
		return value == nil || value == "" // the type of a service, see summary.CauseServiceID
	default:
		return pattern == value
	}
}
