package store_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/eval"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/filtertest"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
)

// backend asks the scripts' questions of a store, by its index.
type backend struct {
	*store.Store
	groups map[string]string
}

func (b *backend) Put(ctx context.Context, raws []json.RawMessage) error {
	var docs []store.Document
	for _, raw := range raws {
		doc, err := segment.Parse(raw)
		if err != nil {
			return err
		}
		docs = append(docs, store.Document{Document: doc, Raw: raw})
	}
	return b.Store.Put(ctx, docs)
}

func (b *backend) Group(_ context.Context, name, expression string) error {
	b.groups[name] = expression
	return nil
}

func (b *backend) lookup(by filter.GroupKey, value string) (string, error) {
	if expression, ok := b.groups[value]; ok && by == filter.GroupName {
		return expression, nil
	}
	return "", filter.ErrNoGroup
}

func (b *backend) Find(ctx context.Context, q filtertest.Query) ([]string, error) {
	e, err := filter.Parse(q.Filter)
	if err != nil {
		return nil, err
	}
	if e, err = filter.Expand(e, b.lookup); err != nil {
		return nil, err
	}
	from, to := filtertest.Epoch+q.From, filtertest.Epoch+q.To
	query := store.Query{Start: from, End: to, Limit: 3, Where: index.Plan(e)}
	query.Match = func(t *store.Trace) bool { return eval.NewView(t.Trace, t.Received).Matches(e) }
	if q.By == filtertest.Ended {
		query.By = store.BySpan
		query.Match = func(t *store.Trace) bool {
			_, ok := eval.NewView(t.Trace, t.Received).MatchesWithin(e, from, to)
			return ok
		}
	}
	var ids []string
	for {
		page, err := b.Store.Find(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, ref := range page.Refs {
			ids = append(ids, ref.TraceID)
		}
		if query.Token = page.Next; query.Token == "" {
			return ids, nil
		}
	}
}

func TestFilterScripts(t *testing.T) {
	filtertest.Run(t, func(t *testing.T) filtertest.Backend {
		s, err := store.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return &backend{s, map[string]string{"Default": ""}}
	})
}
