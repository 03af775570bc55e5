package queuestorage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
)

// full reads what it has, as bbolt does, and cannot write.
type full struct {
	storage.Client
	has map[string][]byte
	err error
}

func (f full) Batch(_ context.Context, ops ...*storage.Operation) error {
	for _, op := range ops {
		if op.Type == storage.Get {
			op.Value = f.has[op.Key]
		}
	}
	return f.err
}

func TestBatchOnAFullDisk(t *testing.T) {
	enospc := fmt.Errorf("write queue: %w", syscall.ENOSPC)
	broken := errors.New("broken")
	set, get, gone := storage.SetOperation("m", []byte("x")), storage.GetOperation("1"), storage.GetOperation("2")
	for _, tt := range []struct {
		name string
		err  error
		ops  []*storage.Operation
		want error
	}{
		{"an item is taken", enospc, []*storage.Operation{set, get}, nil},
		{"at the bound of the file", storage.ErrStorageFull, []*storage.Operation{set, get}, nil},
		{"an item that was never written", enospc, []*storage.Operation{set, gone}, enospc},
		{"an item is put", enospc, []*storage.Operation{set}, enospc},
		{"another error", broken, []*storage.Operation{set, get}, broken},
		{"none", nil, []*storage.Operation{set, get}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := client{full{has: map[string][]byte{"1": []byte("item")}, err: tt.err}, &reserve{path: filepath.Join(t.TempDir(), "reserve")}}
			if err := c.Batch(t.Context(), tt.ops...); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// TestReserveMakesWay deletes on a full disk, and puts the reserve back when the
// next item is put.
func TestReserveMakesWay(t *testing.T) {
	r := &reserve{path: filepath.Join(t.TempDir(), "reserve")}
	r.restore()
	tries := 0
	c := client{&untilRoom{r: r, tries: &tries}, r}
	if err := c.Batch(t.Context(), storage.SetOperation("m", nil), storage.DeleteOperation("1")); err != nil || tries != 2 {
		t.Errorf("%v after %d tries", err, tries)
	}
	if _, err := os.Stat(r.path); err == nil || !r.isMissing() {
		t.Error("the reserve is there still")
	}
	if err := c.Batch(t.Context(), storage.SetOperation("m", nil)); !errors.Is(err, syscall.ENOSPC) || tries != 3 {
		t.Errorf("%v after %d tries", err, tries)
	}
	if info, err := os.Stat(r.path); err != nil || info.Size() != reserveBytes || r.isMissing() {
		t.Errorf("the reserve is not back: %v %v", info, err)
	}
}

// untilRoom is a disk that is full while the reserve is there.
type untilRoom struct {
	storage.Client
	r     *reserve
	tries *int
}

func (u *untilRoom) Batch(context.Context, ...*storage.Operation) error {
	*u.tries++
	if _, err := os.Stat(u.r.path); err == nil {
		return syscall.ENOSPC
	}
	return nil
}

// TestFactory stores and reads through contrib's extension.
func TestFactory(t *testing.T) {
	f := NewFactory()
	cfg := f.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory, cfg.Compaction.Directory = t.TempDir(), t.TempDir()
	e, err := f.Create(t.Context(), extension.Settings{ID: component.NewID(f.Type()), TelemetrySettings: componenttest.NewNopTelemetrySettings()}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	c, err := e.(storage.Extension).GetClient(t.Context(), component.KindExporter, component.MustNewID("x"), "traces")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Set(t.Context(), "k", []byte("v")); err != nil {
		t.Fatal(err)
	}
	walked := ""
	err = c.(storage.Walker).Walk(t.Context(), func(k string, v []byte) ([]*storage.Operation, error) { walked += k + string(v); return nil, nil })
	if got, getErr := c.Get(t.Context(), "k"); string(got) != "v" || getErr != nil || err != nil || walked != "kv" {
		t.Errorf("got %q %v, walked %q %v", got, getErr, walked, err)
	}
	if err := errors.Join(c.Close(t.Context()), e.Shutdown(t.Context())); err != nil {
		t.Error(err)
	}
}
