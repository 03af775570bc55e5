package archive_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/archive"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newStore(t *testing.T, documents ...string) *store.Store {
	t.Helper()
	s, err := store.OpenInMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for _, raw := range documents {
		doc, err := segment.Parse([]byte(raw))
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		if err := s.Put(t.Context(), []store.Document{{Document: doc, Raw: []byte(raw)}}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func sample() (documents []string) {
	for n := range 12 {
		id := fmt.Sprintf("1-5840652%x-%024x", n, n)
		documents = append(documents,
			fmt.Sprintf(`{"trace_id":%q,"id":"%016x","name":"web","start_time":%d.25,"end_time":%d.5,"user":"u%d","subsegments":[{"id":"%016x","name":"api","namespace":"remote","start_time":%d.25,"end_time":%d.5}]}`,
				id, n+1, 1000+n, 1001+n, n%3, n+100, 1000+n, 1001+n),
			fmt.Sprintf(`{"trace_id":%q,"id":"%016x","parent_id":"%016x","name":"db","type":"subsegment","start_time":%d.5,"end_time":%d.5,"metadata":{"default":{"a":[1,2.50]}}}`, id, n+200, n+1, 1000+n, 1001+n))
	}
	return documents
}

// entities returns ids, parents and names of what was sent.
func entities(t *testing.T, s *store.Store) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := s.Entities(t.Context(), func(e store.Entity) error {
		if !e.Inferred {
			all[e.TraceID+"/"+e.ID] = e.ParentID + " " + e.Name
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var everything = archive.Selection{From: time.Unix(0, 0), To: time.Unix(5000, 0)}

func TestRoundTrip(t *testing.T) {
	from := newStore(t, sample()...)
	overAPI := client.InProcess(api.New(api.Config{Store: from, Logger: slog.New(slog.DiscardHandler), Strict: true}))
	for _, test := range []struct {
		name   string
		format archive.Format
		source archive.Source
	}{
		{"documents of a store", archive.Documents, archive.FromStore(from)},
		{"documents of an API", archive.Documents, archive.FromAPI(overAPI)},
		{"spans of a store", archive.OTLP, archive.FromStore(from)},
		{"spans of an API", archive.OTLP, archive.FromAPI(overAPI)},
	} {
		t.Run(test.name, func(t *testing.T) {
			var file bytes.Buffer
			n, err := archive.Write(t.Context(), &file, test.format, test.source, everything, nil)
			if err != nil || n.Traces != 12 || n.Bytes != int64(file.Len()) {
				t.Fatalf("%+v, %v", n, err)
			}
			to := newStore(t)
			sink := archive.ToStore(to)
			if strings.Contains(test.name, "API") {
				sink = archive.ToAPI(client.InProcess(api.New(api.Config{Store: to, Logger: slog.New(slog.DiscardHandler), Strict: true})))
			}
			read, err := archive.Read(t.Context(), bytes.NewReader(file.Bytes()), sink, nil, func(why string) { t.Error(why) })
			if err != nil || read.Refused != 0 || read.Documents == 0 {
				t.Fatalf("%+v, %v", read, err)
			}
			want, got := entities(t, from), entities(t, to)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("entities (-want +got):\n%s", diff)
			}
			if test.name != "documents of a store" {
				return
			}
			for id := range maps.Keys(want) {
				a, _ := from.Raw(t.Context(), id[:35])
				b, err := to.Raw(t.Context(), id[:35])
				if diff := cmp.Diff(a, b); err != nil || diff != "" {
					t.Errorf("%v, documents (-want +got):\n%s", err, diff)
				}
			}
		})
	}
}

func TestWriteSelects(t *testing.T) {
	s := newStore(t, sample()...)
	for _, sel := range []archive.Selection{
		{From: time.Unix(1002, 0), To: time.Unix(1006, 0)},
		{From: time.Unix(0, 0), To: time.Unix(5000, 0), Filter: `user = "u1"`},
	} {
		n, err := archive.Write(t.Context(), new(bytes.Buffer), archive.Documents, archive.FromStore(s), sel, nil)
		if err != nil || n.Traces != 4 || n.Documents != 8 {
			t.Errorf("%+v: %+v, %v", sel, n, err)
		}
	}
	if _, err := archive.Write(t.Context(), new(bytes.Buffer), archive.Documents, archive.FromStore(s), archive.Selection{Filter: "respones > 1"}, nil); err == nil {
		t.Error("no error of the expression")
	}
}

func TestReadRefuses(t *testing.T) {
	good := sample()[0]
	for _, test := range []struct {
		name, in  string
		documents int
		refused   int
		fails     bool
	}{
		{"nothing", "", 0, 0, false},
		{"over several lines", strings.ReplaceAll(good, ",", ",\n "), 1, 0, false},
		{"a wrong one among good ones", good + `{"id":"x"}` + good, 2, 1, false},
		{"no object", `3 [] "x" null`, 0, 4, false},
		{"wrong traces", `{"resourceSpans":7}`, 0, 1, false},
		{"no JSON", good + "\nxyz", 0, 0, true},
		{"cut off", good[:40], 0, 0, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			told := 0
			n, err := archive.Read(t.Context(), strings.NewReader(test.in), archive.ToStore(newStore(t)), nil, func(string) { told++ })
			if (err != nil) != test.fails || n.Documents != test.documents || n.Refused != test.refused || told != min(test.refused, 1) {
				t.Errorf("%+v, told %d, %v", n, told, err)
			}
		})
	}
}
