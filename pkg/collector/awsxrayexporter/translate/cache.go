package translate

import "sync"

// A resourceCache keeps what resources give, by the hash of their content, so
// that a batch of one span does not render its resource again. It holds two
// generations: when the young one is full it becomes the old one, and what is
// asked for moves back. So it is bounded, and a crowd of resources seen once
// does not drive out those in use.
type resourceCache struct {
	mu         sync.Mutex
	young, old map[uint64]*resource
}

// Each generation holds resources of up to cachedResources, and none whose
// rendering is larger than cachedSize bytes: 8 MB in all.
const (
	cachedResources = 256
	cachedSize      = 16 << 10
)

func (c *resourceCache) init() { c.young = make(map[uint64]*resource) }

func (c *resourceCache) get(hash uint64) *resource {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.young[hash]; r != nil {
		return r
	}
	r := c.old[hash]
	if r != nil {
		c.put(hash, r)
	}
	return r
}

func (c *resourceCache) add(hash uint64, r *resource) {
	if r.size() > cachedSize {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(hash, r)
}

// put needs the lock.
func (c *resourceCache) put(hash uint64, r *resource) {
	if len(c.young) >= cachedResources {
		c.old, c.young = c.young, make(map[uint64]*resource)
	}
	c.young[hash] = r
}
