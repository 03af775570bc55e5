package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// writeModule writes a module with the suites. Its requirements and sums are
// those of this module, with the modules of this tree in their folders.
func writeModule(to string, suites []*suite, replaced map[string]string) error {
	for _, s := range suites {
		dir := filepath.Join(to, strings.TrimPrefix(s.pkg.ForTest, original))
		if err := s.write(dir, s.needed, replaced); err != nil {
			return fmt.Errorf("write %s: %w", s.pkg.ForTest, err)
		}
	}
	return writeGoMod(to)
}

type module struct {
	Path, Dir, GoMod string
	Main             bool
}

// writeGoMod derives go.mod and go.sum from the workspace's.
func writeGoMod(to string) error {
	modules, err := workspace()
	if err != nil {
		return err
	}
	var mod []byte
	var sums bytes.Buffer
	replaces := ""
	for _, m := range modules {
		replaces += fmt.Sprintf("replace %s => %s\n", m.Path, m.Dir)
		if m.Path == ours+"/conformance" {
			if mod, err = os.ReadFile(m.GoMod); err != nil {
				return err
			}
		}
		sum, err := os.ReadFile(filepath.Join(m.Dir, "go.sum"))
		if err == nil {
			sums.Write(sum)
		}
	}
	work, err := exec.Command("go", "env", "GOWORK").Output()
	if err != nil {
		return err
	}
	if sum, err := os.ReadFile(strings.TrimSpace(string(work)) + ".sum"); err == nil {
		sums.Write(sum)
	}
	mod = bytes.Replace(mod, []byte("module "+ours+"/conformance"), []byte("module conformance"), 1)
	if err := os.WriteFile(filepath.Join(to, "go.mod"), append(mod, "\n"+replaces...), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, "go.sum"), sums.Bytes(), 0o644)
}

// workspace lists the modules of this tree.
func workspace() ([]module, error) {
	out, err := exec.Command("go", "list", "-m", "-json").Output()
	if err != nil {
		return nil, fmt.Errorf("go list -m: %w", err)
	}
	var modules []module
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var m module
		if err := decoder.Decode(&m); err != nil {
			return nil, err
		}
		modules = append(modules, m)
	}
	return modules, nil
}
