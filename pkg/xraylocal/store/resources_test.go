package store

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestResources(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { s.Close() }()
	ctx := t.Context()
	must := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	must(s.PutResource(ctx, "rule", "b", []byte("1")), s.PutResource(ctx, "rule", "a", []byte("2")),
		s.PutResource(ctx, "group", "a", []byte("3")), s.In("other").PutResource(ctx, "rule", "a", []byte("4")),
		s.PutResource(ctx, "rule", "b", []byte("5")), s.PutResource(ctx, "rule", "c", []byte("6")), s.DeleteResource(ctx, "rule", "c"),
		s.DeleteResource(ctx, "rule", "never"))
	must(s.Close())
	if s, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	all, err := s.Resources(ctx, "rule")
	want := []Resource{{"a", []byte("2")}, {"b", []byte("5")}}
	if diff := gocmp.Diff(want, all); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if body, err := s.In("other").Resource(ctx, "rule", "a"); err != nil || string(body) != "4" {
		t.Errorf("in another namespace: %q, %v", body, err)
	}
	if _, err := s.In("none").Resource(ctx, "rule", "a"); !errors.Is(err, ErrNoResource) {
		t.Errorf("in an unused namespace: %v", err)
	}

	refusal := errors.New("too many")
	err = s.UpdateResource(ctx, "rule", "a", func(old []byte) ([]byte, error) { return []byte("x"), refusal })
	if body, _ := s.Resource(ctx, "rule", "a"); !errors.Is(err, refusal) || string(body) != "2" {
		t.Errorf("after a refusal: %q, %v", body, err)
	}
	must(s.UpdateResources(ctx, "rule", func(all []Resource) ([]Resource, error) {
		if len(all) != 2 {
			t.Errorf("got %v", all)
		}
		return []Resource{{"a", nil}, {"d", []byte("7")}}, nil
	}))
	all, err = s.Resources(ctx, "rule")
	if diff := gocmp.Diff([]Resource{{"b", []byte("5")}, {"d", []byte("7")}}, all); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestUpdateResourceConcurrentSafe(t *testing.T) {
	s := newStore(t)
	const callers, calls = 8, 25
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range calls {
				err := s.UpdateResource(t.Context(), "counter", "n", func(old []byte) ([]byte, error) {
					n, _ := strconv.Atoi(string(old))
					return strconv.AppendInt(nil, int64(n+1), 10), nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if body, err := s.Resource(t.Context(), "counter", "n"); err != nil || string(body) != strconv.Itoa(callers*calls) {
		t.Errorf("%s, %v: want %d", body, err, callers*calls)
	}
}

func TestNamespaces(t *testing.T) {
	s := newStore(t)
	other := s.In("111122223333/eu-west-1")
	put(t, s, document(t, 1, 1, 100, `"user":"here",`))
	put(t, other, document(t, 1, 1, 100, `"user":"there",`), document(t, 2, 1, 100, ""))
	if err := s.In("resources only").PutResource(t.Context(), "k", "k", []byte{}); err != nil {
		t.Fatal(err)
	}
	names, err := s.Namespaces(t.Context())
	if diff := gocmp.Diff([]string{"", other.Namespace()}, names); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if a, b := one(t, s, 1), one(t, other, 1); a.Segments[0].User != "here" || b.Segments[0].User != "there" {
		t.Errorf("got %q and %q", a.Segments[0].User, b.Segments[0].User)
	}
	for name, want := range map[string]struct {
		s  *Store
		st Stats
	}{
		"the first":  {s, Stats{Traces: 1, Documents: 1}},
		"the second": {other, Stats{Traces: 2, Documents: 2}},
		"unused":     {s.In("unused"), Stats{}},
	} {
		if got, err := want.s.Stats(t.Context()); err != nil || got != want.st {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		found := 0
		if err := want.s.Each(t.Context(), Query{End: 1e9}, func(*Trace) error { found++; return nil }); err != nil || found != want.st.Traces {
			t.Errorf("%s: %d traces, %v", name, found, err)
		}
	}
}

func TestReceived(t *testing.T) {
	s := newStore(t)
	put(t, s, document(t, 1, 1, 100, `"subsegments":[{"id":"`+spanID(2)+`","name":"n","start_time":100,"end_time":101,"namespace":"remote"}],`))
	put(t, s, document(t, 1, 3, 100, `"type":"subsegment","parent_id":"`+spanID(1)+`",`))
	trace := one(t, s, 1)
	for e := range trace.All() {
		want := trace.FirstReceived
		if e.ID == spanID(3) {
			want = trace.LastReceived
		}
		if got := trace.Received(e.ID); !got.Equal(want) {
			t.Errorf("%s (inferred %t) at %v, want %v", e.ID, e.Inferred, got, want)
		}
	}
	if at := trace.Received("x"); !at.IsZero() {
		t.Errorf("of no entity: %v", at)
	}
}
