package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenWithoutRights(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	parent := t.TempDir()
	existing := filepath.Join(parent, "existing")
	s, err := Open(existing)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{existing, parent} {
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(dir, 0o700)
	}
	for name, dir := range map[string]string{"a new one": filepath.Join(parent, "new"), "an existing one": existing} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(dir)
			if !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), dir+": permission denied: give this user the right") {
				t.Errorf("got %v", err)
			}
		})
	}
}
