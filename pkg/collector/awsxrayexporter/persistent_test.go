package awsxrayexporter

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// A disk is a storage extension that outlives exporters.
type disk struct {
	component.StartFunc
	component.ShutdownFunc
	mu   sync.Mutex
	data map[string][]byte
}

// GetExtensions implements component.Host.
func (d *disk) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{component.MustNewID("disk"): d}
}

// GetClient implements storage.Extension.
func (d *disk) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return d, nil
}

func (d *disk) Get(ctx context.Context, key string) ([]byte, error) {
	op := storage.GetOperation(key)
	err := d.Batch(ctx, op)
	return op.Value, err
}

func (d *disk) Set(ctx context.Context, key string, value []byte) error {
	return d.Batch(ctx, storage.SetOperation(key, value))
}

func (d *disk) Delete(ctx context.Context, key string) error {
	return d.Batch(ctx, storage.DeleteOperation(key))
}

func (d *disk) Batch(_ context.Context, ops ...*storage.Operation) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, op := range ops {
		switch op.Type {
		case storage.Get:
			op.Value = d.data[op.Key]
		case storage.Set:
			d.data[op.Key] = op.Value
		case storage.Delete:
			delete(d.data, op.Key)
		}
	}
	return nil
}

func (d *disk) Close(context.Context) error { return nil }

// TestQueueOnDisk: what was taken before a shutdown in an outage, the half that
// X-Ray throttled included, is delivered by the next exporter.
func TestQueueOnDisk(t *testing.T) {
	const n = 2_000
	var down atomic.Bool
	half := make(chan struct{}, n)
	e := newEndpoint(t, func(w http.ResponseWriter, r *request) []bool {
		if !down.Load() {
			return takeAll(w, r)
		}
		half <- struct{}{}
		return unprocessed(w, r, "ThrottledException", func(i int) bool { return i%2 == 0 })
	})
	d := &disk{data: map[string][]byte{}}
	onDisk := func(cfg *Config) {
		id := component.MustNewID("disk")
		cfg.Queue.Get().StorageID = &id
		cfg.Session.MaxRetries = 1
		cfg.Retry.InitialInterval, cfg.Retry.MaxInterval = time.Minute, time.Minute
		cfg.Retry.MaxElapsedTime = time.Hour
	}
	down.Store(true)
	first := startOn(t, d, e.URL, onDisk)
	first.send(t, n)
	<-half
	begin := time.Now()
	first.stop(t)
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("Shutdown took %v", took)
	}
	down.Store(false)
	e.mu.Lock()
	stored := len(e.stored)
	e.mu.Unlock()
	if stored >= n {
		t.Fatal("all was stored before the restart: the test shows nothing")
	}
	second := startOn(t, d, e.URL, onDisk)
	e.await(t, n)
	second.stop(t)
	e.compare(t, n, true, false)
}
