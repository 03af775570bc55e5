package queuestorage

import (
	"sync"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// A balance is how many bytes of items a queue has given up, less what it has
// taken, since there is no reserve. The database keeps the pages of what was
// given up, so that they are room for new items, but for some: without free
// pages nothing can be deleted, and the queue would be full for ever.
type balance struct {
	mu    sync.Mutex
	items map[string]int // sizes of items that were read, and are to be deleted
	free  int
	most  int // that free has been
	large int // the largest item that was taken
}

// kept bytes are for deletions, which copy the items beside the one that goes,
// and do not fill pages to the last byte.
func (b *balance) kept(n int) int { return max(least(max(b.large, n)), b.most/4) }

// note takes down what operations that have succeeded read and delete.
func (b *balance) note(ops []*storage.Operation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, op := range ops {
		switch {
		case op.Type == storage.Get && op.Value != nil:
			if b.items == nil {
				b.items = map[string]int{}
			}
			b.items[op.Key] = len(op.Value)
		case op.Type == storage.Delete:
			b.free += b.items[op.Key]
			b.most = max(b.most, b.free)
			delete(b.items, op.Key)
		}
	}
}

// take reports whether n bytes may be put, and counts them as taken.
func (b *balance) take(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.free-n < b.kept(n) {
		return false
	}
	b.free, b.large = b.free-n, max(b.large, n)
	return true
}

// restart forgets what was free: there is a reserve.
func (b *balance) restart() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free, b.most = 0, 0
}

func bytesOf(ops []*storage.Operation) (n int) {
	for _, op := range ops {
		n += len(op.Value)
	}
	return n
}
