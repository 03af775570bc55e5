package awsxrayexporter

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"go.uber.org/zap"
)

// An outcome is what became of documents that are not stored.
type outcome struct {
	left    []document // may be tried again
	refused int        // never
	err     error      // why the last of left is left
	hold    bool       // trying again soon is of no use
}

func (o *outcome) join(other outcome) {
	o.left = append(o.left, other.left...)
	o.refused += other.refused
	if other.err != nil {
		o.err = other.err
	}
	o.hold = o.hold || other.hold
}

const (
	firstDelay = 100 * time.Millisecond
	longestGap = 5 * time.Second
)

// backoff is the time before round number next, 2 being the first that waits:
// a random part, at least half, of a time that doubles.
func backoff(next int) time.Duration {
	d := firstDelay << min(next-2, 10)
	d = min(d, longestGap)
	return d/2 + rand.N(d/2+1)
}

// deliver puts documents in rounds, each with what the one before left, packed
// anew. It returns the documents that are left after the tries that a push has
// or when ctx ends, with the reason, and how many were refused for good.
func (s *sender) deliver(ctx context.Context, documents []document) (left []document, refused int, err error) {
	ctx, cancel := s.bind(ctx)
	defer cancel()
	for try := 1; len(documents) > 0; try++ {
		o := s.round(ctx, documents)
		documents, err = o.left, o.err
		refused += o.refused
		if len(documents) == 0 || o.hold || !s.again(try) || sleep(ctx, backoff(try+1)) != nil {
			break
		}
		s.metrics.retried.Add(ctx, int64(len(documents)), s.metrics.self)
	}
	return documents, refused, err
}

// again tells whether a push may try once more after that many tries. When the
// collector shuts down nobody retries after the push, so that only time bounds
// it, unless the documents are safe on disk.
func (s *sender) again(tries int) bool {
	if s.draining.Load() {
		return !s.persistent
	}
	return tries < s.tries
}

// round puts documents once.
func (s *sender) round(ctx context.Context, documents []document) outcome {
	puts := pack(documents)
	if len(puts) == 1 {
		return s.put(ctx, puts[0].documents)
	}
	outcomes := make([]outcome, len(puts))
	var wg sync.WaitGroup
	for i := range puts {
		wg.Go(func() { outcomes[i] = s.put(ctx, puts[i].documents) })
	}
	wg.Wait()
	var all outcome
	for _, o := range outcomes {
		all.join(o)
	}
	return all
}

// put sends one request and judges the answer. If X-Ray refuses the request
// because of something in it, the halves are put on their own, and so on, until
// the documents that it refuses are found.
func (s *sender) put(ctx context.Context, documents []document) outcome {
	unprocessed, err := s.call(ctx, documents)
	if err != nil && ctx.Err() == nil {
		if v := classify(err); v.kind == expired || v.kind == skewed {
			if v.kind == expired {
				s.backend.refresh()
			}
			unprocessed, err = s.call(ctx, documents)
		}
	}
	if err == nil {
		return s.judge(ctx, documents, unprocessed)
	}
	if ctx.Err() != nil {
		return outcome{left: documents, err: context.Cause(ctx), hold: true}
	}
	return s.failed(ctx, documents, err)
}

// failed judges a request that failed as a whole.
func (s *sender) failed(ctx context.Context, documents []document, err error) outcome {
	v := classify(err)
	switch v.kind {
	case throttled:
		s.rate.observe(0, len(documents))
		s.metrics.throttled.Add(ctx, int64(len(documents)), s.metrics.self)
		return outcome{left: documents, err: err}
	case unavailable:
		return outcome{left: documents, err: err}
	case invalid:
		if len(documents) == 1 {
			s.refuse(ctx, &documents[0], v.code, err.Error())
			return outcome{refused: 1, err: err}
		}
		half := len(documents) / 2
		o := s.put(ctx, documents[:half:half])
		o.join(s.put(ctx, documents[half:]))
		return o
	}
	s.logger.Error("X-Ray denies access: "+v.code, zap.String("remedy", remedy(v.code)), zap.Error(err))
	return outcome{left: documents, err: err, hold: true}
}
