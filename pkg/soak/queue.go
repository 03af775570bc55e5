package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
	"go.opentelemetry.io/collector/pdata/xpdata/request"

	"github.com/bragg-tracing/bragg/pkg/verify"
)

// queueFiles are file_storage's names of the queues for spans.
var queueFiles = map[string]string{
	verify.XRay:     "exporter_awsxray__traces",
	verify.NewRelic: "exporter_otlp_http_newrelic_traces",
}

// queuedIDs returns the ids of the spans that are in a backend's queue on disk,
// under way or waiting. The collector must not run. Without a file it has none.
func (p *process) queuedIDs(backend string) (map[string]bool, error) {
	ids := map[string]bool{}
	path := filepath.Join(p.queues, queueFiles[backend])
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return ids, nil
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("read the queue for %s: %w", backend, err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte("default"))
		if bucket == nil {
			return nil
		}
		return bucket.ForEach(func(key, value []byte) error {
			if len(key) == 0 || key[0] < '0' || key[0] > '9' {
				return nil // what the queue knows about itself
			}
			return spansQueued(value, ids)
		})
	})
	return ids, err
}

// spansQueued adds the ids in one item of a queue.
func spansQueued(item []byte, ids map[string]bool) error {
	_, traces, err := request.UnmarshalTraces(item)
	if err != nil {
		return fmt.Errorf("read an item of a queue: %w", err)
	}
	for _, rs := range traces.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				id := s.SpanID()
				ids[hex.EncodeToString(id[:])] = true
			}
		}
	}
	return nil
}
