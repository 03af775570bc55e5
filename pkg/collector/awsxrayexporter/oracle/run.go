package oracle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
)

// A Runner sends cases of one configuration through both translations. It must
// be closed, and belongs to one goroutine at a time.
type Runner struct {
	contrib *Contrib
	compat  *translate.Translator
	fixed   *translate.Translator // default mode
}

// NewRunner returns a Runner for cases of the configuration.
func NewRunner(ctx context.Context, cfg translate.Config) (*Runner, error) {
	var r Runner
	var err error
	cfg.Mode = translate.Compat
	if r.compat, err = translate.New(cfg); err != nil {
		return nil, err
	}
	cfg.Mode = translate.Default
	if r.fixed, err = translate.New(cfg); err != nil {
		return nil, err
	}
	if r.contrib, err = NewContrib(ctx, cfg); err != nil {
		return nil, err
	}
	return &r, nil
}

// Close stops what NewRunner started.
func (r *Runner) Close(ctx context.Context) error { return r.contrib.Close(ctx) }

// A Result is the judgement of a case.
type Result struct {
	Case  Case
	Class Class
	Panic string // of contrib, in class Panics
	Err   error  // nil if our documents are as they must be
}

// Run judges each case, sending all in one batch where contrib survives it.
func (r *Runner) Run(ctx context.Context, cases []Case) []Result {
	results := make([]Result, len(cases))
	contrib, errs := make([][]string, len(cases)), make([]error, len(cases))
	r.runContrib(ctx, cases, contrib, errs)
	compat, err := ours(r.compat, cases)
	fixed, errFixed := ours(r.fixed, cases)
	err = errors.Join(err, errFixed)
	for i, c := range cases {
		results[i].Case = c
		if err != nil {
			results[i].Err = err
			continue
		}
		results[i].Class, results[i].Err = Compare(c, contrib[i], errs[i], compat[i])
		if errs[i] != nil {
			results[i].Panic = errs[i].Error()
		}
		if err := Valid(c, fixed[i]); err != nil && results[i].Err == nil {
			results[i].Err = fmt.Errorf("default mode: %w", err)
		}
	}
	return results
}

// runContrib splits the batch until only the cases that panic are without
// documents.
func (r *Runner) runContrib(ctx context.Context, cases []Case, docs [][]string, errs []error) {
	all, err := r.contrib.Translate(ctx, Traces(cases))
	if err != nil && len(cases) > 1 {
		half := len(cases) / 2
		r.runContrib(ctx, cases[:half], docs[:half], errs[:half])
		r.runContrib(ctx, cases[half:], docs[half:], errs[half:])
		return
	}
	if err != nil {
		errs[0] = err
		return
	}
	if len(cases) == 1 {
		docs[0] = all
		return
	}
	for i, c := range cases {
		if len(all) > 0 && idOf(all[0]) == c.Span.SpanID().String() {
			n := min(Documents(c.Span), len(all))
			docs[i], all = all[:n], all[n:]
		}
	}
	if len(all) > 0 {
		errs[0] = fmt.Errorf("contrib sent %d documents of no span: %s", len(all), all[0])
	}
}

// idOf returns the id of a document.
func idOf(doc string) string {
	var d struct{ ID string }
	_ = json.Unmarshal([]byte(doc), &d) // an error leaves an id of no span
	return d.ID
}

// ours translates the cases in one batch that nobody may write to, and returns
// the documents of each.
func ours(t *translate.Translator, cases []Case) ([][]string, error) {
	td := Traces(cases)
	td.MarkReadOnly()
	docs := make([][]string, len(cases))
	i := 0
	stats := t.Translate(td, func(d translate.Document) {
		for i < len(cases) && len(docs[i]) == Documents(cases[i].Span) {
			i++
		}
		if i < len(cases) {
			docs[i] = append(docs[i], string(d.JSON()))
		}
	})
	want := 0
	for _, c := range cases {
		want += Documents(c.Span)
	}
	switch {
	case stats.Recovered > 0:
		return nil, fmt.Errorf("%d spans made the translation panic", stats.Recovered)
	case stats.Documents != want || stats.Spans != len(cases) || len(stats.Dropped) > 0:
		return nil, fmt.Errorf("stats are %+v for %d spans of %d documents", stats, len(cases), want)
	}
	return docs, nil
}
