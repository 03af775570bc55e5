package sampling_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bragg-tracing/bragg/pkg/sdk/sampling"
)

const (
	version2 = `{"version": 2, "default": {"description": "d", "fixed_target": 0, "rate": 0}, "rules": [
		{"description": "carts", "id": "1", "host": "*.example.com", "http_method": "GET", "url_path": "/cart/*", "fixed_target": 0, "rate": 1}]}`
	version1 = `{"version": 1, "default": {"fixed_target": 0, "rate": 0}, "rules": [
		{"service_name": "*.example.com", "http_method": "GET", "url_path": "/cart/*", "fixed_target": 0, "rate": 1}]}`
)

func TestRuleFiles(t *testing.T) {
	for name, file := range map[string]string{"version 1": version1, "version 2": version2} {
		rules := readRules(t, file)
		for _, tt := range []struct {
			request sampling.Request
			want    bool
		}{
			{sampling.Request{Host: "a.example.com", Method: "GET", Path: "/cart/1"}, true},
			{sampling.Request{Host: "a.example.com:8080", Method: "get", Path: "/cart/1"}, true},
			{sampling.Request{Host: "a.example.com", Method: "POST", Path: "/cart/1"}, false},
			{sampling.Request{Host: "other", Method: "GET", Path: "/cart/1"}, false},
			{sampling.Request{ServiceName: "no HTTP"}, true}, // as in the X-Ray SDK
		} {
			if d := rules.Decide(&tt.request); d.Sample != tt.want || d.RuleName != "" {
				t.Errorf("%s: %+v: %+v, want %t", name, tt.request, d, tt.want)
			}
		}
	}
}

func TestRuleFileTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rules := readRules(t, `{"version": 2, "default": {"fixed_target": 2, "rate": 0}}`)
		if n := drive(rules, 10, 20, &sampling.Request{}); n != 20 {
			t.Errorf("%d samples in 10 seconds, want 2 a second", n)
		}
	})
}

func TestRuleFileErrors(t *testing.T) {
	for name, tt := range map[string]struct{ file, want string }{
		"no JSON":               {"x", "invalid character"},
		"version":               {`{"version": 3, "default": {}}`, "version 3"},
		"no default":            {`{"version": 2}`, "no default rule"},
		"default with path":     {`{"version": 2, "default": {"url_path": "*"}}`, "default rule may not"},
		"negative":              {`{"version": 2, "default": {"fixed_target": -1}}`, "must not be negative"},
		"rate":                  {`{"version": 2, "default": {"rate": 1.1}}`, "between 0 and 1"},
		"version 1 with a host": {strings.Replace(version2, `"version": 2`, `"version": 1`, 1), "rule 1: version 1 wants service_name"},
		"version 2 with a name": {strings.Replace(version1, `"version": 1`, `"version": 2`, 1), "rule 1: version 2 wants host"},
		"no method":             {strings.Replace(version2, `"GET"`, `""`, 1), "http_method"},
	} {
		if _, err := sampling.ParseRules([]byte(tt.file)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestReadRules(t *testing.T) {
	dir := t.TempDir()
	good, bad, long := filepath.Join(dir, "good.json"), filepath.Join(dir, "bad.json"), filepath.Join(dir, "long.json")
	for file, content := range map[string]string{good: version2, bad: "{", long: strings.Repeat(" ", 2<<20)} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if rules, err := sampling.ReadRules(good); err != nil || !strings.Contains(rules.Description(), good) {
		t.Errorf("%v, %v", rules, err)
	}
	for _, file := range []string{bad, long, filepath.Join(dir, "missing.json")} {
		if _, err := sampling.ReadRules(file); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("error: %v, want one with the file's name", err)
		}
	}
}

func FuzzParseRules(f *testing.F) {
	f.Add([]byte(version1))
	f.Add([]byte(version2))
	f.Fuzz(func(t *testing.T, file []byte) {
		if rules, err := sampling.ParseRules(file); err == nil {
			rules.Decide(&sampling.Request{Host: "a", Method: "GET", Path: "/"})
		}
	})
}
