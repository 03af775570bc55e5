package api

import "fmt"

// Notice is what a person who looks at the traces should know of the store, or
// "": that size retention deletes the oldest of them.
func (h *Handler) Notice() string {
	r := h.store.Retention()
	if r.Full.IsZero() {
		return ""
	}
	return fmt.Sprintf("The store has reached its %.3g GiB: since %s the oldest traces are deleted, %d so far. A larger --max-size keeps more.",
		float64(r.MaxSize)/(1<<30), r.Full.UTC().Format("2006-01-02 15:04 UTC"), r.DeletedBySize)
}
