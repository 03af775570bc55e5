package filtertest

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/eval"
)

// Evaluator returns a backend that keeps documents in memory and asks package
// eval about every trace: what all others have to agree with.
func Evaluator() Backend {
	return &evaluator{docs: make(map[string][]*segment.Document), groups: make(map[string]string)}
}

type evaluator struct {
	docs   map[string][]*segment.Document // by trace id
	groups map[string]string
}

func (e *evaluator) Put(_ context.Context, docs []json.RawMessage) error {
	for _, raw := range docs {
		doc, err := segment.Parse(raw)
		if err != nil {
			return err
		}
		docs := e.docs[doc.TraceID]
		i := slices.IndexFunc(docs, func(have *segment.Document) bool { return have.ID == doc.ID })
		switch {
		case i < 0:
			e.docs[doc.TraceID] = append(docs, doc)
		case docs[i].InProgress:
			docs[i] = doc
		}
	}
	return nil
}

func (e *evaluator) Group(_ context.Context, name, expression string) error {
	e.groups[name] = expression
	return nil
}

func (e *evaluator) lookup(by filter.GroupKey, value string) (string, error) {
	if expression, ok := e.groups[value]; ok && by == filter.GroupName {
		return expression, nil
	}
	if value == "Default" && by == filter.GroupName {
		return "", nil
	}
	return "", filter.ErrNoGroup
}

func (e *evaluator) Find(_ context.Context, q Query) ([]string, error) {
	expression, err := filter.Parse(q.Filter)
	if err != nil {
		return nil, err
	}
	if expression, err = filter.Expand(expression, e.lookup); err != nil {
		return nil, err
	}
	var found []string
	for id, docs := range e.docs {
		trace := assembly.Assemble(id, docs)
		if len(trace.Segments) > 0 && matches(trace, expression, q) {
			found = append(found, id)
		}
	}
	return found, nil
}

func matches(trace *assembly.Trace, expression filter.Expr, q Query) bool {
	view := eval.NewView(trace, nil)
	from, to := Epoch+q.From, Epoch+q.To
	if q.By == Ended {
		_, ok := view.MatchesWithin(expression, from, to)
		return ok
	}
	start := trace.Start()
	return from <= start && start <= to && view.Matches(expression)
}
