package eval

import (
	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

// any asks about a trace: the subject outside of blocks.
func (v *View) any(f filter.Field, is func(filter.Value) bool) bool {
	switch f.Keyword {
	case filter.OK, filter.Error, filter.Fault, filter.Throttle:
		return is(boolean(outcome(f.Keyword, v.root)))
	case filter.Partial:
		return is(boolean(v.trace.Partial()))
	case filter.Inferred:
		return is(boolean(v.inferred()))
	case filter.Root:
		return is(boolean(v.root != nil))
	case filter.Duration:
		seconds, ok := v.trace.Duration()
		return ok && v.trace.Complete() && is(number(seconds))
	case filter.Name, filter.Type:
		if v.root == nil {
			return false
		}
		return service(f.Keyword, assembly.ServiceOf(v.root), is)
	case filter.ResponseTime, filter.HTTPStatus, filter.HTTPURL, filter.HTTPMethod, filter.HTTPUserAgent, filter.HTTPClientIP:
		return v.root != nil && served(f.Keyword, v.root, is)
	default:
		for e := range v.trace.All() {
			if !e.Inferred && indexed(f, e.Document, is) {
				return true
			}
		}
		return false
	}
}

func (v *View) inferred() bool {
	for _, seg := range v.trace.Segments {
		if seg.Inferred {
			return true
		}
	}
	return false
}

// has reports whether there is an entity with this id.
func (v *View) has(id string) bool {
	if v.ids == nil {
		v.ids = make(map[string]bool)
		for e := range v.trace.All() {
			v.ids[e.ID] = true
		}
	}
	return v.ids[id]
}

// outcome reports how an entity ended; without one, all is well.
func outcome(k filter.Keyword, doc *segment.Document) bool {
	var o assembly.Outcome
	if doc != nil {
		o = assembly.OutcomeOf(doc)
	}
	switch k {
	case filter.Error:
		return o.Error
	case filter.Fault:
		return o.Fault
	case filter.Throttle:
		return o.Throttle
	default:
		return !o.Error && !o.Fault && !o.Throttle
	}
}

// served asks about the request that an entity served or made.
func served(k filter.Keyword, doc *segment.Document, is func(filter.Value) bool) bool {
	if k == filter.ResponseTime {
		return maybe(summary.ResponseTime(doc), is)
	}
	if doc.HTTP == nil {
		return false
	}
	if k == filter.HTTPStatus {
		r := doc.HTTP.Response
		return r != nil && r.Status != 0 && is(number(float64(r.Status)))
	}
	r := doc.HTTP.Request
	if r == nil {
		return false
	}
	switch k {
	case filter.HTTPURL:
		return one(r.URL, is)
	case filter.HTTPMethod:
		return one(r.Method, is)
	case filter.HTTPUserAgent:
		return one(r.UserAgent, is)
	case filter.HTTPClientIP:
		return one(r.ClientIP, is)
	default:
		return false
	}
}

// indexed asks about what any entity may tell.
func indexed(f filter.Field, doc *segment.Document, is func(filter.Value) bool) bool {
	switch f.Keyword {
	case filter.User:
		return one(doc.User, is)
	case filter.ResourceARN:
		return one(doc.ResourceARN, is)
	case filter.InstanceID:
		instance, _ := summary.Where(doc)
		return one(instance, is)
	case filter.AvailabilityZone:
		_, zone := summary.Where(doc)
		return one(zone, is)
	case filter.AccountID:
		account, _ := doc.AWS["account_id"].(string)
		return one(account, is)
	case filter.Annotation:
		switch v := doc.Annotations[f.Key].(type) {
		case string:
			return is(text(v))
		case float64:
			return is(number(v))
		case bool:
			return is(boolean(v))
		}
	}
	return false
}

func service(k filter.Keyword, s assembly.Service, is func(filter.Value) bool) bool {
	if k == filter.Name {
		return one(s.Name, is)
	}
	return one(s.Type, is)
}

// A request is the subject in the blocks of service() and edge().
type request struct {
	*servicegraph.Request
	view *View
	node *servicegraph.Node // that served it
}

func (r *request) any(f filter.Field, is func(filter.Value) bool) bool {
	doc := r.Document
	switch f.Keyword {
	case filter.OK, filter.Error, filter.Fault, filter.Throttle:
		return is(boolean(outcome(f.Keyword, doc)))
	case filter.Root:
		return is(boolean(doc == r.view.root))
	case filter.Partial:
		return is(boolean(doc.ParentID != "" && !r.view.has(doc.ParentID)))
	case filter.Inferred:
		return is(boolean(r.node.Inferred()))
	case filter.Duration:
		return !r.InProgress && is(number(assembly.Seconds(float64(r.LastEnd-r.Start)/1e6)))
	case filter.Name, filter.Type:
		return service(f.Keyword, assembly.Service{Name: r.node.Name, Type: r.node.Type}, is)
	case filter.AccountID:
		return one(r.node.AccountID, is)
	case filter.ResponseTime, filter.HTTPStatus, filter.HTTPURL, filter.HTTPMethod, filter.HTTPUserAgent, filter.HTTPClientIP:
		return served(f.Keyword, doc, is)
	default:
		return within(f, doc, is)
	}
}

// within asks about an entity and the subsegments in it.
func within(f filter.Field, doc *segment.Document, is func(filter.Value) bool) bool {
	if indexed(f, doc, is) {
		return true
	}
	for _, sub := range doc.Subsegments {
		if within(f, sub, is) {
			return true
		}
	}
	return false
}
