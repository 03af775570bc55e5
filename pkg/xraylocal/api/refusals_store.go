package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// Refusals are saved by a goroutine that runs while there are some to save: who
// sends is not held up, and of a flood only what is kept is written.

// refuse remembers what was not taken.
func (h *Handler) refuse(all ...Refusal) {
	h.loadRefusals()
	r := &h.refused
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, what := range all {
		r.add(what)
	}
	if !r.writing && !r.closed {
		r.writing = true
		r.writer.Go(h.saveRefusals)
	}
}

// Close saves what is not saved yet. It must come before the store is closed,
// and when no more calls do.
func (h *Handler) Close() {
	r := &h.refused
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.writer.Wait()
}

// loadRefusals reads, once, what was refused before this process.
func (h *Handler) loadRefusals() {
	h.refused.load.Do(func() {
		r := &h.refused
		r.mu.Lock()
		defer r.mu.Unlock()
		r.stored = make(map[int]bool)
		all, err := loadAll[Refusal](context.Background(), h.ownStore(), kindRefusal)
		if err != nil {
			h.logger.Error("X-Ray Local cannot read what it refused before", "error", err)
			return
		}
		for _, old := range slices.SortedFunc(maps.Values(all), func(a, b *Refusal) int { return cmp.Compare(a.Number, b.Number) }) {
			r.count = old.Number
			r.stored[old.Number] = true
			r.keep(*old)
		}
	})
}

// ownStore is where what belongs to no caller is kept.
func (h *Handler) ownStore() *store.Store { return h.store.In(h.anybody().namespace) }

// expireRefusals drops what is older than traces may be.
func (h *Handler) expireRefusals() {
	age := h.store.Retention().MaxAge
	for r := &h.refused; age > 0 && len(r.last) > 0 && h.now().Sub(r.last[0].Time) > age; {
		r.drop()
	}
}

// saveRefusals brings the store to what is in memory, until it is.
func (h *Handler) saveRefusals() {
	r := &h.refused
	for {
		r.mu.Lock()
		h.expireRefusals()
		changed := r.unsaved()
		if len(changed) == 0 {
			r.writing = false
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
		if err := h.writeRefusals(changed); err != nil {
			if !errors.Is(err, store.ErrClosed) {
				h.logger.Error("X-Ray Local cannot keep what it refused", "error", err)
			}
			r.mu.Lock()
			r.writing = false // the next refusal tries again
			r.mu.Unlock()
			return
		}
		r.mu.Lock()
		for number, what := range changed {
			if what != nil {
				r.stored[number] = true
			} else {
				delete(r.stored, number)
			}
		}
		r.mu.Unlock()
	}
}

// unsaved are the refusals that the store lacks, and nil for what it has too much.
func (r *refusals) unsaved() map[int]*Refusal {
	changed := make(map[int]*Refusal)
	for number := range r.stored {
		changed[number] = nil
	}
	for i := range r.last {
		if what := r.last[i]; r.stored[what.Number] {
			delete(changed, what.Number)
		} else {
			changed[what.Number] = &what
		}
	}
	return changed
}

func (h *Handler) writeRefusals(changed map[int]*Refusal) error {
	resources := make([]store.Resource, 0, len(changed))
	for _, number := range slices.Sorted(maps.Keys(changed)) {
		resource := store.Resource{Key: fmt.Sprintf("%012d", number)}
		if what := changed[number]; what != nil {
			body, err := json.Marshal(what)
			if err != nil {
				return err
			}
			resource.Body = body
		}
		resources = append(resources, resource)
	}
	return h.ownStore().PutResources(context.Background(), kindRefusal, resources)
}
