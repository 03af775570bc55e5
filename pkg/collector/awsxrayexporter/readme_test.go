package awsxrayexporter

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
)

// TestReadmeNamesEveryKey: a key that is not in the README's table is not
// documented.
func TestReadmeNamesEveryKey(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keysOf(reflect.TypeFor[Config](), "") {
		if !strings.Contains(string(readme), "\n| `"+key+"` | ") {
			t.Errorf("%s is not in the README", key)
		}
	}
}

// keysOf returns the keys of a struct and of this package's structs in it.
func keysOf(s reflect.Type, prefix string) []string {
	var keys []string
	for f := range s.Fields() {
		key, options, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		own := f.Type.Kind() == reflect.Struct && f.Type.PkgPath() == s.PkgPath()
		switch {
		case strings.Contains(options, "squash"):
			keys = append(keys, keysOf(f.Type, prefix)...)
		case own:
			keys = append(keys, keysOf(f.Type, prefix+key+".")...)
		case key != "":
			keys = append(keys, prefix+key)
		}
	}
	return keys
}

// TestReadmeNamesEveryMetric holds the table of metrics.
func TestReadmeNamesEveryMetric(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("metrics.go")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(source)) {
		_, rest, counter := strings.Cut(line, "{&m.")
		if !counter {
			continue
		}
		name := strings.Split(rest, `"`)[1]
		if !strings.Contains(string(readme), "| `otelcol_exporter_awsxray_"+name+"` |") {
			t.Errorf("%s is not in the README", name)
		}
	}
}

// TestReadmeNamesEveryFix holds the table of the default mode's fixes.
func TestReadmeNamesEveryFix(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range translate.Rules {
		row := "\n| `" + rule.Name + "` | " + rule.What + " | "
		if i := strings.Index(string(readme), row); i < 0 {
			t.Errorf("%s is not in the README as the rules state it", rule.Name)
		} else if line, _, _ := strings.Cut(string(readme)[i+1:], "\n"); !strings.Contains(line, rule.Issue) {
			t.Errorf("%s has no link to %s", rule.Name, rule.Issue)
		}
	}
}
