package store

import (
	"cmp"
	"context"
	"fmt"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// A Document is a document with the text that it was decoded from.
type Document struct {
	*segment.Document
	Raw []byte
}

// maxBatch is how many documents go into one transaction, give or take the
// last caller's.
const maxBatch = 2000

// A request is one call that writes, handed to the writer.
type request struct {
	namespace string
	docs      []Document
	receipt   int64
	reset     bool

	// change, if not nil, is what to do in the place of docs. An error of it
	// that is a refusal is this request's alone.
	change func(t *transaction, namespace int64) error

	refused error
	done    chan error // buffered: the caller may have gone
}

// Put stores documents that segment.Validate has accepted, all or none, and
// returns when they are committed. Of several documents with the same trace id
// and id, the first completed one stays and later completed ones are counted
// as duplicates; one in progress is replaced by whatever comes next.
//
// If ctx ends first, Put returns its error, and the documents may be stored or
// not: to put them again does no harm. Docs must not be changed meanwhile.
func (s *Store) Put(ctx context.Context, docs []Document) error {
	if len(docs) == 0 {
		return nil
	}
	if err := s.do(ctx, &request{docs: docs}); err != nil {
		return fmt.Errorf("put %d documents: %w", len(docs), err)
	}
	return nil
}

// Reset removes every document and every resource of all namespaces. Page tokens given out before find nothing.
func (s *Store) Reset(ctx context.Context) error {
	if err := s.do(ctx, &request{reset: true}); err != nil {
		return fmt.Errorf("reset the store: %w", err)
	}
	return nil
}

func (s *Store) do(ctx context.Context, r *request) error {
	r.namespace, r.receipt = s.namespace, s.options.now().UnixNano()
	r.done = make(chan error, 1)
	select {
	case s.requests <- r:
	case <-s.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run is the writer's goroutine: it ends when the store is closed.
func (s *core) run(w *writer) {
	defer close(s.done)
	for {
		select {
		case <-s.closing:
			return
		case r := <-s.requests:
			if r.reset {
				r.done <- w.reset()
				continue
			}
			batch, reset := s.gather(r)
			err := w.put(batch)
			for _, r := range batch {
				r.done <- cmp.Or(err, r.refused)
			}
			if reset != nil {
				reset.done <- w.reset()
			}
		}
	}
}

// gather returns r with what is waiting behind it: under load many callers
// share one transaction, and an idle store adds no delay. It stops at a reset,
// which it returns apart.
func (s *core) gather(r *request) (batch []*request, reset *request) {
	batch = []*request{r}
	for n := len(r.docs); n < maxBatch; {
		select {
		case r := <-s.requests:
			if r.reset {
				return batch, r
			}
			batch = append(batch, r)
			n += len(r.docs)
		default:
			return batch, nil
		}
	}
	return batch, nil
}
