package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The committed shims are what the generator writes: no file more, none less.
func TestCommittedShims(t *testing.T) {
	t.Chdir("..") // where `make shims` runs
	fresh := t.TempDir()
	for folder, module := range modules {
		if err := write(filepath.Join(fresh, folder), module); err != nil {
			t.Fatal(err)
		}
	}
	want, got := sources(t, fresh), sources(t, filepath.Join("..", "shim"))
	if len(want) < 30 {
		t.Errorf("only %d files were generated", len(want))
	}
	for name, text := range want {
		if !bytes.Equal(text, got[name]) {
			t.Errorf("%s is not what `make shims` writes", name)
		}
	}
	for name := range got {
		if want[name] == nil {
			t.Errorf("%s: `make shims` does not write this file", name)
		}
	}
}

func sources(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files[name], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
