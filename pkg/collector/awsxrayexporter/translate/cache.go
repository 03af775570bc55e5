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
	lately     [1024]uint64 // hashes that were asked for in vain, each at its low bits
}

// Each generation holds up to cachedResources, and none whose attributes are
// larger than cachedSize bytes: some 8 MB in all.
const (
	cachedResources = 256
	cachedSize      = 8 << 10
)

func (c *resourceCache) init() { c.young = make(map[uint64]*resource) }

// get returns the resource with a hash, or nil, and whether it was asked for
// before: only then is it worth keeping.
func (c *resourceCache) get(hash uint64) (r *resource, again bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.young[hash]; r != nil {
		return r, true
	}
	if r := c.old[hash]; r != nil {
		c.put(hash, r)
		return r, true
	}
	seen := &c.lately[hash%uint64(len(c.lately))]
	again, *seen = *seen == hash, hash
	return nil, again
}

func (c *resourceCache) add(hash uint64, r *resource) {
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
