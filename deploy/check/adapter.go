package check

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// AdapterConfig names the ConfigMap of Prometheus Adapter's configuration.
const AdapterConfig = "adapter-config"

// adapterConfig is what Prometheus Adapter's --config takes, as far as ours uses
// it; a key that is not here is refused.
// https://github.com/kubernetes-sigs/prometheus-adapter/blob/master/docs/config.md
type adapterConfig struct {
	Rules []struct {
		SeriesQuery string `yaml:"seriesQuery"`
		Resources   struct {
			Overrides map[string]struct{ Group, Resource string }
		}
		Name         struct{ Matches, As string }
		MetricsQuery string `yaml:"metricsQuery"`
	}
}

// adapterProblems holds the rules of Prometheus Adapter and what autoscalers ask
// of them against each other.
func (k *Kubernetes) adapterProblems() {
	served := map[string]bool{}
	for _, o := range k.Objects {
		m, ok := o.(*corev1.ConfigMap)
		if !ok || m.Name != AdapterConfig {
			continue
		}
		for file, content := range m.Data {
			if err := adapterRules([]byte(content), served); err != nil {
				k.say("ConfigMap/%s: %s: %v", m.Name, file, err)
			}
		}
	}
	for _, o := range k.Objects {
		for _, name := range podMetrics(o) {
			if !served[name] {
				k.say("%s scales by %s, which no rule of ConfigMap/%s makes", objectName(o), name, AdapterConfig)
			}
		}
	}
}

// adapterRules adds the names under which metrics are served.
func adapterRules(content []byte, served map[string]bool) error {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	var config adapterConfig
	if err := decoder.Decode(&config); err != nil {
		return err
	}
	for i, rule := range config.Rules {
		if rule.SeriesQuery == "" || rule.MetricsQuery == "" || rule.Name.As == "" {
			return fmt.Errorf("rule %d needs seriesQuery, metricsQuery and name.as", i+1)
		}
		for _, resource := range []string{"namespace", "pod"} {
			if rule.Resources.Overrides[resource].Resource != resource {
				return fmt.Errorf("rule %d does not say which label is the %s", i+1, resource)
			}
		}
		served[rule.Name.As] = true
	}
	return nil
}

// podMetrics returns the metrics of its pods by which an autoscaler scales.
func podMetrics(o runtime.Object) (names []string) {
	h, ok := o.(*autoscalingv2.HorizontalPodAutoscaler)
	if !ok {
		return nil
	}
	for _, m := range h.Spec.Metrics {
		if m.Pods != nil {
			names = append(names, m.Pods.Metric.Name)
		}
	}
	return names
}
