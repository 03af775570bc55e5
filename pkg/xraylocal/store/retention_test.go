package store

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// incompressible is text of a size that compression leaves about as it is.
func incompressible(n int) string {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-"[r.IntN(64)]
	}
	return string(b)
}

func TestRetentionByAge(t *testing.T) {
	const begin = 1e6
	clock := newClock(begin)
	s, err := Open(t.TempDir(), WithRetention(time.Hour, 0), withClock(clock.now))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	other := s.In("other")
	put(t, s, document(t, 1, 1, 100, ""))
	put(t, other, document(t, 1, 1, 100, ""))
	clock.set(begin + 50*60)
	put(t, s, document(t, 2, 1, 100, ""))
	put(t, other, document(t, 1, 2, 100, "")) // it lives on
	clock.set(begin + 70*60)
	if err := s.retainOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := pages(t, s, Query{End: 1e9, Limit: 5}, func() {}); len(got) != 1 || got[0] != traceID(2) {
		t.Errorf("found %v", got)
	}
	if raw, err := s.Raw(t.Context(), traceID(1)); err != nil || raw != nil {
		t.Errorf("documents of what was deleted: %q, %v", raw, err)
	}
	one(t, other, 1)
	if r := s.Retention(); r.DeletedByAge != 1 || r.DeletedBySize != 0 || !r.Full.IsZero() {
		t.Errorf("%+v", r)
	}
	put(t, s, document(t, 1, 7, 100, "")) // it begins anew
	if got := one(t, s, 1); got.Revision != 1 || len(got.Segments) != 1 {
		t.Errorf("revision %d, %d segments", got.Revision, len(got.Segments))
	}
}

func TestRetentionBySize(t *testing.T) {
	var log bytes.Buffer
	const limit = 1 << 20
	s, err := Open(t.TempDir(), WithRetention(0, limit), WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const traces = 120
	for n := range traces {
		put(t, s, document(t, n, 1, float64(1000+n), fmt.Sprintf(`"metadata":{"a":{"b":%q}},`, incompressible(20000+n))))
	}
	if err := s.retainOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	used, _, err := s.sizes(t.Context())
	if err != nil || used > limit {
		t.Errorf("%d bytes in use, %v", used, err)
	}
	left := pages(t, s, Query{End: 1e9, Limit: 50}, func() {})
	if len(left) == 0 || len(left) == traces || left[0] != traceID(traces-1) {
		t.Errorf("%d traces are left, the newest is %v", len(left), left[:1])
	}
	if r := s.Retention(); r.Full.IsZero() || r.DeletedBySize != int64(traces-len(left)) || r.Size != used {
		t.Errorf("%+v, %d deleted", r, traces-len(left))
	}
	if err := s.retainOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "oldest traces are deleted"); n != 1 {
		t.Errorf("told %d times: %s", n, log.String())
	}
}
