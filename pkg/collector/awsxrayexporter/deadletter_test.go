package awsxrayexporter

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestDeadLettersAreCapped: the newest letters are kept, in two files that stay
// within max_bytes, also over a restart.
func TestDeadLettersAreCapped(t *testing.T) {
	cfg := DeadLetterConfig{Path: filepath.Join(t.TempDir(), "refused.jsonl"), MaxBytes: 10_000}
	for run := range 2 {
		d := newDeadLetter(cfg)
		for i := range 100 {
			if err := d.write(letter{SegmentID: strconv.Itoa(100*run + i), Document: strings.Repeat("x", 200)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.close(); err != nil {
			t.Fatal(err)
		}
		if err := d.write(letter{}); err == nil {
			t.Error("a closed file took a letter")
		}
	}
	var total int64
	var ids []string
	for _, path := range []string{cfg.Path + ".1", cfg.Path} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		total += info.Size()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			var l letter
			if err := json.Unmarshal(line, &l); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, l.SegmentID)
		}
	}
	if total > cfg.MaxBytes || total < cfg.MaxBytes/3 {
		t.Errorf("the files have %d bytes", total)
	}
	for i, id := range ids {
		if want := strconv.Itoa(200 - len(ids) + i); id != want {
			t.Fatalf("letter %d is %s, want %s", i, id, want)
		}
	}
}

func TestDeadLetterErrors(t *testing.T) {
	if err := (*deadLetter)(nil).write(letter{}); err != nil {
		t.Errorf("no file: %v", err)
	}
	d := newDeadLetter(DeadLetterConfig{Path: filepath.Join(t.TempDir(), "no", "directory"), MaxBytes: 10_000})
	if err := d.write(letter{}); err == nil {
		t.Error("a letter was written into a directory that does not exist")
	}
	d = newDeadLetter(DeadLetterConfig{Path: filepath.Join(t.TempDir(), "refused"), MaxBytes: 1_000})
	if err := d.write(letter{Document: strings.Repeat("x", 1_000)}); err == nil {
		t.Error("a letter was written that is too large")
	}
}
