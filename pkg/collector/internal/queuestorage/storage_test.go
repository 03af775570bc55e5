package queuestorage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

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
			c := client{Client: full{has: map[string][]byte{"1": []byte("item")}, err: tt.err}, reserve: &reserve{path: filepath.Join(t.TempDir(), "reserve")}}
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
	r.ensure(0)
	tries := 0
	c := client{Client: &untilRoom{r: r, tries: &tries}, reserve: r}
	if err := c.Batch(t.Context(), storage.SetOperation("m", nil), storage.DeleteOperation("1")); err != nil || tries != 2 {
		t.Errorf("%v after %d tries", err, tries)
	}
	if _, err := os.Stat(r.path); err == nil || !r.missing {
		t.Error("the reserve is there still")
	}
	if err := c.Batch(t.Context(), storage.SetOperation("m", nil)); !errors.Is(err, syscall.ENOSPC) || tries != 3 {
		t.Errorf("%v after %d tries", err, tries)
	}
	if info, err := os.Stat(r.path); err != nil || info.Size() != reserveBytes || r.missing {
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

// TestNothingIsPutForAMoment wants all queues of a directory to wait a second
// when one has found the disk full, but not those that are only beginning.
func TestNothingIsPutForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &reserve{path: filepath.Join(t.TempDir(), "reserve")}
		open := func(err error) *client {
			return &client{Client: full{has: map[string][]byte{"1": nil}, err: err}, reserve: r}
		}
		put := func(c *client) error { return c.Batch(t.Context(), storage.SetOperation("m", nil)) }
		found, running, beginning := open(syscall.ENOSPC), open(nil), open(nil)
		if err := running.Batch(t.Context(), storage.SetOperation("m", nil), storage.GetOperation("1")); err != nil {
			t.Fatal(err)
		}
		if err := put(running); err != nil {
			t.Errorf("before the disk is full: %v", err)
		}
		if err := put(found); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("the disk is full, and yet: %v", err)
		}
		if err := put(running); !errors.Is(err, storage.ErrStorageFull) {
			t.Errorf("a moment later: %v", err)
		}
		if err := put(beginning); err != nil {
			t.Errorf("what a queue had when it was stopped is refused: %v", err)
		}
		time.Sleep(holdOff)
		if err := put(running); err != nil {
			t.Errorf("a second later: %v", err)
		}
	})
}

// TestRoomReturns fills a file system again and again, and takes out each time what
// is there. What was taken out is room again, for items of other sizes, too,
// although the database's file does not shrink.
func TestRoomReturns(t *testing.T) {
	c := openClient(t, func(cfg *filestorage.Config) { mountSmall(t, cfg.Directory) })
	first, sizes := 0, []int{5000, 60_000, 2500}
	for round := range 6 {
		n := fill(t, c, sizes[round%len(sizes)])
		bytes := n * sizes[round%len(sizes)]
		t.Logf("round %d: %d items, %d bytes", round, n, bytes)
		if first = max(first, bytes); bytes < first/5 {
			t.Errorf("%d bytes fit, where there were %d", bytes, first)
		}
		if err := c.Set(t.Context(), "huge", make([]byte, 1<<20)); !isFull(err) {
			t.Errorf("what is larger than the disk: %v", err)
		}
		c.(*client).reserve.fullAt = time.Time{} // the second is over
		for i := range n {
			key := fmt.Sprint(i)
			read := storage.GetOperation(key)
			if err := c.Batch(t.Context(), storage.SetOperation("m", nil), read); err != nil || len(read.Value) == 0 {
				t.Fatalf("read item %d of %d: %v", i, n, err)
			}
			if err := c.Batch(t.Context(), storage.SetOperation("m", nil), storage.DeleteOperation(key)); err != nil {
				t.Fatalf("take item %d of %d out: %v", i, n, err)
			}
		}
	}
}

// fill puts items until there is no room.
func fill(t *testing.T, c storage.Client, size int) (items int) {
	t.Helper()
	for ; items < 10_000; items++ {
		err := c.Batch(t.Context(), storage.SetOperation("m", nil), storage.SetOperation(fmt.Sprint(items), make([]byte, size)))
		if isFull(err) {
			return items
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the disk does not become full")
	return 0
}

func mountSmall(t *testing.T, dir string) {
	t.Helper()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("cannot mount a small file system: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %s", out)
		}
	})
}

// openClient opens a queue's storage, which is closed when the test ends.
func openClient(t *testing.T, change func(*filestorage.Config)) storage.Client {
	t.Helper()
	f := NewFactory()
	cfg := f.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory, cfg.Compaction.Directory = t.TempDir(), t.TempDir()
	change(cfg)
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
	t.Cleanup(func() {
		if err := errors.Join(c.Close(context.Background()), e.Shutdown(context.Background())); err != nil {
			t.Error(err)
		}
	})
	return c
}

// TestFactory stores and reads through contrib's extension.
func TestFactory(t *testing.T) {
	c := openClient(t, func(*filestorage.Config) {})
	if err := c.Set(t.Context(), "k", []byte("v")); err != nil {
		t.Fatal(err)
	}
	walked := ""
	err := c.(storage.Walker).Walk(t.Context(), func(k string, v []byte) ([]*storage.Operation, error) { walked += k + string(v); return nil, nil })
	if got, getErr := c.Get(t.Context(), "k"); string(got) != "v" || getErr != nil || err != nil || walked != "kv" {
		t.Errorf("got %q %v, walked %q %v", got, getErr, walked, err)
	}
}
