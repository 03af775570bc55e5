package api

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Snapshots returns the files of a directory of AWS's SDK for Go, by what comes
// before the first dot of their names. They are read from the module cache.
func Snapshots(t *testing.T, kind string) map[string]string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/xray").Output()
	if err != nil {
		t.Fatalf("find the SDK: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), kind+"_snapshot", "*.snap"))
	if err != nil || len(files) < 38 {
		t.Fatalf("%d snapshots, %v", len(files), err)
	}
	all := make(map[string]string)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		all[name] = string(text)
	}
	return all
}

// Requests returns the requests that the SDK tests itself with: one of each
// operation, with every member that it has.
func Requests(t *testing.T) map[string]*http.Request {
	t.Helper()
	all := make(map[string]*http.Request)
	for name, text := range Snapshots(t, "request") {
		// "POST /path", and after empty lines the headers and the body
		first, rest, _ := strings.Cut(text, "\n")
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(first + " HTTP/1.1\r\nHost: x\r\n\r\n")))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, body, _ := strings.Cut(rest, "\n\n")
		r.Body = io.NopCloser(strings.NewReader(strings.TrimSpace(body)))
		all[name] = r
	}
	return all
}

// TestSnapshotsDecode reads each of AWS's requests: at the path that the
// operation has here, all its members known and of the right type.
func TestSnapshotsDecode(t *testing.T) {
	for name, r := range Requests(t) {
		t.Run(name, func(t *testing.T) {
			if r.Method != http.MethodPost || paths[name] != r.URL.Path {
				t.Fatalf("%s %s, and here the path is %q", r.Method, r.URL.Path, paths[name])
			}
			if operations[r.URL.Path] == nil {
				t.Fatal("it is not served")
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			if len(body) == 0 {
				body = []byte("{}")
			}
			in := requests[r.URL.Path]()
			d := json.NewDecoder(bytes.NewReader(body))
			d.DisallowUnknownFields()
			if err := d.Decode(in); err != nil {
				t.Fatalf("%v in %s", err, body)
			}
			// What was read says all that was sent.
			again, err := json.Marshal(in)
			if err != nil {
				t.Fatal(err)
			}
			var want, got any
			if json.Unmarshal(body, &want) != nil || json.Unmarshal(again, &got) != nil {
				t.Fatal("not JSON")
			}
			if missing := lacks(want, got, ""); missing != "" {
				t.Errorf("%s is lost of %s: %s", missing, body, again)
			}
		})
	}
}

// lacks returns the path of something in want that got does not have.
func lacks(want, got any, path string) string {
	switch want := want.(type) {
	case map[string]any:
		object, _ := got.(map[string]any)
		for key, v := range want {
			if missing := lacks(v, object[key], path+"."+key); missing != "" {
				return missing
			}
		}
	case []any:
		list, _ := got.([]any)
		for i, v := range want {
			if i >= len(list) {
				return path
			}
			if missing := lacks(v, list[i], path+"[]"); missing != "" {
				return missing
			}
		}
	default:
		if want != got {
			return path
		}
	}
	return ""
}
