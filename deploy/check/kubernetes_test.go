package check

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
)

// manifests returns the files of deploy/eks. Those of the gateway and the
// operator belong to collector.yaml, whose account and names they use.
func manifests(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "eks", "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no manifests: %v", err)
	}
	files := map[string][]byte{}
	for _, path := range paths {
		name := "eks/" + filepath.Base(path)
		files[name] = read(t, name)
	}
	return files
}

// manifestProblems checks manifests together, and the collector configurations
// that are in them.
func manifestProblems(t testing.TB, files map[string][]byte) []string {
	k := &Kubernetes{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		k.Add(name, files[name])
	}
	problems := k.Problems()
	if len(problems) > 0 {
		return problems
	}
	for name, config := range configsOf(t, k) {
		problems = append(problems, collectorProblems(t, name, []byte(config))...)
	}
	return problems
}

// configsOf returns the collector configurations of ConfigMaps and of the
// operator's resources, by the names of their files.
func configsOf(t testing.TB, k *Kubernetes) map[string]string {
	t.Helper()
	configs := map[string]string{}
	for _, o := range k.Objects {
		if m, ok := o.(*corev1.ConfigMap); ok && m.Name != AdapterConfig {
			for name, content := range m.Data {
				if strings.HasSuffix(name, ".yaml") {
					configs[name] = content
				}
			}
		}
	}
	for _, o := range k.Operators {
		text, err := yaml.Marshal(o.Spec.Config)
		if err != nil {
			t.Fatal(err)
		}
		configs["operator"] = string(text)
	}
	return configs
}

func TestKubernetes(t *testing.T) {
	files := manifests(t)
	for _, problem := range manifestProblems(t, files) {
		t.Error(problem)
	}
	k := &Kubernetes{}
	for name, content := range files {
		k.Add(name, content)
	}
	configs := configsOf(t, k)
	for name, file := range map[string]string{
		"otel-collector.yaml": "../../otel-collector.yaml", "balancer.yaml": "../gateway/balancer.yaml", "sampler.yaml": "../gateway/sampler.yaml",
		"operator": "../../otel-collector.yaml",
	} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want, got any
		if err := yaml.Unmarshal(content, &want); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal([]byte(configs[name]), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s in the manifests is not %s (-file +manifest):\n%s", name, file, diff)
		}
	}
}
