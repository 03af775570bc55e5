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
package queuestorage

import (
	"context"
	"errors"
	"slices"
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
			return tolerant{s}, nil
		}, inner.Stability())
}

type tolerant struct{ storage.Extension }

// GetClient implements storage.Extension.
func (t tolerant) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	c, err := t.Extension.GetClient(ctx, kind, id, name)
	if err != nil {
		return nil, err
	}
	return client{c}, nil
}

type client struct{ storage.Client }

// Batch implements storage.Client. It succeeds when the disk is full, if all
// that was to be read is there.
func (c client) Batch(ctx context.Context, ops ...*storage.Operation) error {
	err := c.Client.Batch(ctx, ops...)
	if err == nil || !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, storage.ErrStorageFull) {
		return err
	}
	reads := slices.ContainsFunc(ops, func(op *storage.Operation) bool { return op.Type == storage.Get })
	missing := slices.ContainsFunc(ops, func(op *storage.Operation) bool { return op.Type == storage.Get && op.Value == nil })
	if reads && !missing {
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
