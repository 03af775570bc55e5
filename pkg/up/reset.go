package up

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// Reset deletes all traces from the data directory. It may be called while a
// stack uses the directory: that goes on with empty backends.
func Reset(ctx context.Context, dir string) error {
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return errors.Join(
		resetStore(ctx, dir),
		sink.Reset(ctx, dir),
		os.Truncate(filepath.Join(dir, "collector.log"), 0),
	)
}

func resetStore(ctx context.Context, dir string) error {
	s, err := store.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(s.Reset(ctx), s.Close())
}
