package xray

import (
	"slices"
	"sync/atomic"
	"time"
)

// A tree is what a segment knows of its subsegments as long as they wait to be
// sent with it.
type tree struct {
	children []*Segment   // under the segment's lock
	sent     atomic.Bool  // the document that this one would be in has been sent
	total    atomic.Int32 // of a segment: subsegments in all its tree
	open     atomic.Int32 // of a segment: those of them that are not closed
}

// grace is how long a segment that is closed waits for subsegments that are
// not: long enough for goroutines that end with it, short enough for a program
// that ends.
const grace = 50 * time.Millisecond

// trees is the route to an emitter: a segment is sent with its subsegments when
// it is closed. Subsegments that are closed later are sent on their own, and so
// are those of a facade.
type trees struct{}

func (trees) seal(*Segment) bool { return true }

func (trees) begin(s *Segment) {
	if s.parent == nil {
		s.rest().tree = &tree{}
		return
	}
	own := &struct {
		rest rest
		tree tree
	}{}
	own.rest.tree = &own.tree
	s.rec().rest.Store(&own.rest)
	s.ParentSegment.tree().total.Add(1)
	s.ParentSegment.tree().open.Add(1)
	if s.parent.Facade {
		return
	}
	s.parent.Lock()
	s.parent.tree().children = append(s.parent.tree().children, s)
	s.parent.Unlock()
}

func (t trees) end(s *Segment) {
	if s.parent == nil {
		if s.tree().open.Load() == 0 {
			t.emit(s)
		} else {
			time.AfterFunc(grace, func() { t.emit(s) })
		}
		return
	}
	segment := s.ParentSegment
	last := segment.tree().open.Add(-1) == 0
	switch {
	case s.parent.Facade || s.late():
		t.emit(s)
	case last && !segment.Facade && segment.isClosed():
		t.emit(segment)
	case s.isOneTooMany():
		s.parent.detach(s)
		t.emit(s)
	}
}

func (s *Segment) isClosed() bool {
	s.RLock()
	defer s.RUnlock()
	return s.rec().end != 0
}

func (t trees) stream(s *Segment) {
	if s.parent != nil {
		s.ParentSegment.tree().open.Add(-1)
		s.parent.detach(s)
	}
	t.emit(s)
}

func (trees) remove(parent, child *Segment) bool {
	child.ParentSegment.tree().total.Add(-1)
	if child.rec().end == 0 {
		child.ParentSegment.tree().open.Add(-1)
	}
	return parent.detach(child) || parent.Facade
}

func (s *Segment) detach(child *Segment) bool {
	s.Lock()
	defer s.Unlock()
	i := slices.Index(s.tree().children, child)
	if i < 0 {
		return false
	}
	s.tree().children = slices.Delete(s.tree().children, i, i+1)
	return true
}

// late reports whether the document that would hold the subsegment has been
// sent.
func (s *Segment) late() bool {
	for p := s.parent; p != nil; p = p.parent {
		if p.tree() != nil && p.tree().sent.Load() {
			return true
		}
	}
	return false
}

// keptSubsegments is how many subsegments wait for their segment at most: with
// more, those that are closed are sent at once. It bounds the memory of a
// segment that lasts.
const keptSubsegments = 500

func (s *Segment) isOneTooMany() bool {
	segment := s.ParentSegment
	if segment.tree().total.Load() <= keptSubsegments {
		return false
	}
	_, ownEmitter := segment.Configuration.Emitter.(*DefaultEmitter)
	_, ownStrategy := s.streaming().(*DefaultStreamingStrategy)
	return ownEmitter && ownStrategy
}

// emit sends a segment, once.
func (trees) emit(s *Segment) {
	s.tree().sent.Store(true)
	s.Lock()
	defer s.Unlock()
	if s.Emitted {
		return
	}
	s.Emitted = true
	if s.parent != nil {
		s.Type = "subsegment"
		s.RequestWasTraced = s.parent.RequestWasTraced
		s.TraceID = s.ParentSegment.TraceID
		s.ParentSegment.tree().total.Add(-1)
	}
	if emitter := s.segment().Configuration.Emitter; emitter != nil {
		emitter.Emit(s)
	}
}
