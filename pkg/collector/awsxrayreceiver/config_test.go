package awsxrayreceiver

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestReadmeHasEveryKey looks for each key of ours in the README's table.
func TestReadmeHasEveryKey(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var check func(of reflect.Type, prefix string)
	check = func(of reflect.Type, prefix string) {
		for i := range of.NumField() {
			field := of.Field(i)
			name, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
			switch {
			case options == "squash":
				name = "endpoint"
			case field.Type == reflect.TypeFor[ProxyConfig]():
				check(field.Type, name+".")
				continue
			}
			if !strings.Contains(string(readme), "| `"+prefix+name+"` |") {
				t.Errorf("no row for %s", prefix+name)
			}
		}
	}
	check(reflect.TypeFor[Config](), "")
}
