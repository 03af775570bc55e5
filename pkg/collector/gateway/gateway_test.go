package gateway

import (
	"os"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/component"
	"go.uber.org/goleak"
	"go.yaml.in/yaml/v3"

	"github.com/bragg-tracing/bragg/pkg/collector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestAdd proves that the components come on top of the others, each with the
// module that it is from, and that the ones for which the documentation offers
// ADOT are there.
func TestAdd(t *testing.T) {
	f, err := collector.Factories()
	if err != nil {
		t.Fatal(err)
	}
	before := len(f.Exporters)
	if err := Add(&f); err != nil {
		t.Fatal(err)
	}
	if len(f.Exporters) <= before {
		t.Errorf("%d exporters with the gateway's, %d without", len(f.Exporters), before)
	}
	modules := map[string]string{
		"load_balancing":  module(f.Exporters, f.ExporterModules, "load_balancing"),
		"tail_sampling":   module(f.Processors, f.ProcessorModules, "tail_sampling"),
		"forward":         module(f.Connectors, f.ConnectorModules, "forward"),
		"bearertokenauth": module(f.Extensions, f.ExtensionModules, "bearertokenauth"),
	}
	for name, module := range modules {
		if !strings.Contains(module, "/") {
			t.Errorf("%s is missing, or nobody knows where it is from: %q", name, module)
		}
	}
	list, err := os.ReadFile("../adot/adot-v0.49.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var adot struct{ Exporters, Processors, Extensions []string }
	if err := yaml.Unmarshal(list, &adot); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(append(append(adot.Exporters, adot.Processors...), adot.Extensions...), " ")
	for name, want := range map[string]bool{"load_balancing": true, "tail_sampling": true, "bearertokenauth": false} {
		if got := strings.Contains(all, name); got != want {
			t.Errorf("ADOT has %s: %t, the package comment says %t", name, got, want)
		}
	}
}

// module returns where a component is from, "" if there is none.
func module[T component.Factory](all map[component.Type]T, modules map[component.Type]string, name string) string {
	kind := component.MustNewType(name)
	if _, ok := all[kind]; !ok {
		return ""
	}
	return modules[kind]
}
