// Package queuestorage is contrib's file_storage extension, for queues that
// lose nothing when the disk is full.
//
// exporterhelper's persistent queue takes an item by one batch of operations:
// it writes that the item is under way, and reads it. When the disk is full the
// write fails, and the queue deletes the item that it could not take
// (persistentQueue.getNextItem, v0.159), although what it had acknowledged is
// there and was read. Here such a batch succeeds with what it has read. What
// was to be written stays as it was: after a crash the item is delivered again,
// which is what the queue promises anyway.
//
// Deleting takes room as well: the database copies the pages that it changes,
// with the items beside the one that goes. So that a full disk does not stay
// full for ever, a file keeps room for that, 256 KiB or eight times the largest
// item, and makes way when a deletion fails. It is put back when there is room.
// Until then a queue takes no more than it has given up, less a part that it
// needs to delete with.
//
// What a sender is refused it sends again, to every queue. A queue that has room
// would take it each time, and fill up with copies for as long as another has
// none. So once a put has found the disk full, no queue of the directory takes
// anything for a second.
package queuestorage

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// NewFactory returns the factory of file_storage. Its configuration is
// contrib's.
func NewFactory() extension.Factory {
	inner := filestorage.NewFactory()
	return extension.NewFactory(inner.Type(), inner.CreateDefaultConfig,
		func(ctx context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
			e, err := inner.Create(ctx, set, cfg)
			if err != nil {
				return nil, err
			}
			s, ok := e.(storage.Extension)
			if !ok {
				return nil, errors.New("contrib's file_storage is no storage extension")
			}
			return &tolerant{s, &reserve{path: filepath.Join(cfg.(*filestorage.Config).Directory, "reserve")}}, nil
		}, inner.Stability())
}

type tolerant struct {
	storage.Extension
	reserve *reserve
}

// Start implements component.Component.
func (t *tolerant) Start(ctx context.Context, host component.Host) error {
	if err := t.Extension.Start(ctx, host); err != nil {
		return err
	}
	t.reserve.ensure(0)
	return nil
}

// GetClient implements storage.Extension.
func (t *tolerant) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	c, err := t.Extension.GetClient(ctx, kind, id, name)
	if err != nil {
		return nil, err
	}
	return &client{Client: c, reserve: t.reserve}, nil
}

// A reserve is a file that makes way for deletions when the disk is full, and
// knows when it was. All clients of a directory share it.
type reserve struct {
	path string

	mu      sync.Mutex
	missing bool
	size    int       // of the file
	largest int       // bytes that were put at once
	fullAt  time.Time // when a put found no room
}

const (
	reserveBytes = 256 << 10
	leastReserve = 64 << 10    // or three times the largest item: two share a page, and are copied
	holdOff      = time.Second // from fullAt on nothing is put
)

func (r *reserve) foundFull() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fullAt = time.Now()
}

func (r *reserve) wasFull() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(r.fullAt) < holdOff
}

// ensure reports whether the file is there, large enough for an item of n bytes.
// If not, it writes it, as large as there is room.
func (r *reserve) ensure(n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	largest := max(r.largest, n)
	if r.enough(largest) || r.write(largest) {
		r.largest = largest
		return true
	}
	r.write(r.largest) // one that is too large must not be in the way of others
	return false
}

func (r *reserve) enough(largest int) bool { return !r.missing && r.size >= least(largest) }

// least is what a deletion may need: it copies the page of the item, that of the
// queue's own notes, and one more to merge with, each with two items in it.
func least(largest int) int { return max(leastReserve, 6*largest) }

// write replaces the file, for items of that size.
func (r *reserve) write(largest int) bool {
	for size := max(reserveBytes, 8*largest); size >= least(largest); size = size * 7 / 8 {
		if writeZeros(r.path, size) == nil {
			r.missing, r.size = false, size
			return true
		}
	}
	os.Remove(r.path) //nolint:errcheck // it may never have been there
	r.missing, r.size = true, 0
	return false
}

func writeZeros(path string, size int) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	zeros := make([]byte, min(size, reserveBytes))
	for left := size; left > 0 && err == nil; left -= len(zeros) {
		_, err = f.Write(zeros[:min(left, len(zeros))])
	}
	return errors.Join(err, f.Close())
}

// makeWay removes the file and reports whether it was there.
func (r *reserve) makeWay() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.missing, r.size = true, 0
	return os.Remove(r.path) == nil
}

type client struct {
	storage.Client
	reserve *reserve
	// running is set when the queue takes its first item. Before that it puts
	// what it had when it was stopped, which no sender has any more.
	running atomic.Bool
	balance balance
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, storage.ErrStorageFull)
}

func has(ops []*storage.Operation, kind storage.OpType) bool {
	return slices.ContainsFunc(ops, func(op *storage.Operation) bool { return op.Type == kind })
}

// Batch implements storage.Client. On a full disk it succeeds if all that was
// to be read is there, and makes way for what deletes.
func (c *client) Batch(ctx context.Context, ops ...*storage.Operation) error {
	reads, deletes := has(ops, storage.Get), has(ops, storage.Delete)
	if reads && has(ops, storage.Set) {
		c.running.Store(true)
	}
	if !reads && !deletes {
		return c.put(ctx, ops)
	}
	err := c.Client.Batch(ctx, ops...)
	if deletes && isFull(err) && c.reserve.makeWay() {
		err = c.Client.Batch(ctx, ops...)
	}
	switch {
	case err == nil:
		c.balance.note(ops)
		return nil
	case !isFull(err):
		return err
	case reads && !slices.ContainsFunc(ops, func(op *storage.Operation) bool { return op.Type == storage.Get && op.Value == nil }):
		c.balance.note(ops)
		return nil
	}
	return err
}

// put writes an item, unless the disk was full a moment ago, or would be too
// full to delete.
func (c *client) put(ctx context.Context, ops []*storage.Operation) error {
	if c.running.Load() && c.reserve.wasFull() {
		return storage.ErrStorageFull
	}
	n := bytesOf(ops)
	if c.reserve.ensure(n) {
		c.balance.restart()
	} else if !c.balance.take(n) && c.running.Load() {
		c.reserve.foundFull()
		return storage.ErrStorageFull
	}
	err := c.Client.Batch(ctx, ops...)
	if isFull(err) {
		c.reserve.foundFull()
	}
	return err
}

// Walk implements storage.Walker, as contrib's client does.
func (c *client) Walk(ctx context.Context, f storage.WalkFunc) error {
	w, ok := c.Client.(storage.Walker)
	if !ok {
		return errors.New("contrib's file_storage cannot walk")
	}
	return w.Walk(ctx, f)
}
