package udp

import "sync/atomic"

// queueSlots bounds the datagrams of a queue by number.
const queueSlots = 1 << 16

// A queue holds datagrams in memory, in order, up to a number of bytes. One
// goroutine offers; any number receives from items.
type queue struct {
	items chan []byte
	bytes atomic.Int64
	limit int64
}

func newQueue(limit int64) *queue {
	return &queue{items: make(chan []byte, queueSlots), limit: limit}
}

// offer adds a datagram, which is the queue's from then on, or reports that the
// queue is full. It never blocks.
func (q *queue) offer(datagram []byte) bool {
	size := int64(len(datagram))
	if q.bytes.Add(size) > q.limit {
		q.bytes.Add(-size)
		return false
	}
	select {
	case q.items <- datagram:
		return true
	default:
		q.bytes.Add(-size)
		return false
	}
}

// taken must be called for each datagram that was received from items.
func (q *queue) taken(datagram []byte) { q.bytes.Add(-int64(len(datagram))) }
