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
// Deleting takes room as well: the database copies the pages that it changes. So
// that a full disk does not stay full for ever, a file of 256 KiB keeps room for
// that and makes way when a deletion fails; from then on the database has free
// pages of its own. The file is put back when there is room.
package queuestorage

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

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
	t.reserve.restore()
	return nil
}

// GetClient implements storage.Extension.
func (t *tolerant) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	c, err := t.Extension.GetClient(ctx, kind, id, name)
	if err != nil {
		return nil, err
	}
	return client{c, t.reserve}, nil
}

// A reserve is a file that makes way for deletions when the disk is full. All
// clients of a directory share it.
type reserve struct {
	path string

	mu      sync.Mutex
	missing bool
}

const reserveBytes = 256 << 10

// restore writes the file, if there is room.
func (r *reserve) restore() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if info, err := os.Stat(r.path); err == nil && info.Size() == reserveBytes {
		r.missing = false
		return
	}
	if err := os.WriteFile(r.path, make([]byte, reserveBytes), 0o600); err != nil {
		os.Remove(r.path) //nolint:errcheck // it may never have been there
		r.missing = true
		return
	}
	r.missing = false
}

// makeWay removes the file and reports whether it was there.
func (r *reserve) makeWay() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.missing = true
	return os.Remove(r.path) == nil
}

func (r *reserve) isMissing() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.missing
}

type client struct {
	storage.Client
	reserve *reserve
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, storage.ErrStorageFull)
}

func has(ops []*storage.Operation, kind storage.OpType) bool {
	return slices.ContainsFunc(ops, func(op *storage.Operation) bool { return op.Type == kind })
}

// Batch implements storage.Client. On a full disk it succeeds if all that was
// to be read is there, and makes way for what deletes.
func (c client) Batch(ctx context.Context, ops ...*storage.Operation) error {
	reads, deletes := has(ops, storage.Get), has(ops, storage.Delete)
	if !reads && !deletes && c.reserve.isMissing() {
		c.reserve.restore()
	}
	err := c.Client.Batch(ctx, ops...)
	switch {
	case err == nil || !isFull(err):
		return err
	case deletes && c.reserve.makeWay():
		return c.Client.Batch(ctx, ops...)
	case reads && !slices.ContainsFunc(ops, func(op *storage.Operation) bool { return op.Type == storage.Get && op.Value == nil }):
		return nil
	}
	return err
}

// Walk implements storage.Walker, as contrib's client does.
func (c client) Walk(ctx context.Context, f storage.WalkFunc) error {
	w, ok := c.Client.(storage.Walker)
	if !ok {
		return errors.New("contrib's file_storage cannot walk")
	}
	return w.Walk(ctx, f)
}
