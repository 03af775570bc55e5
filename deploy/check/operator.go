package check

import (
	"bytes"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// OperatorCollector is the resource OpenTelemetryCollector of the OpenTelemetry
// operator, as far as a manifest of ours uses it. The operator's own types bring
// a hundred modules; a field that is not here is refused.
// https://github.com/open-telemetry/opentelemetry-operator/blob/main/docs/api/opentelemetrycollectors.md
type OperatorCollector struct {
	APIVersion string `yaml:"apiVersion"` // opentelemetry.io/v1beta1
	Kind       string
	Metadata   struct {
		Name        string
		Namespace   string
		Labels      map[string]string
		Annotations map[string]string
	}
	Spec operatorSpec
}

type operatorSpec struct {
	Mode            string // deployment, daemonset, statefulset or sidecar
	Image           string
	Replicas        *int
	ServiceAccount  string `yaml:"serviceAccount"`
	UpgradeStrategy string `yaml:"upgradeStrategy"`
	ManagementState string `yaml:"managementState"`
	Args            map[string]string
	Env             []operatorEnv
	Resources       struct{ Limits, Requests map[string]string }
	SecurityContext struct {
		RunAsNonRoot             bool  `yaml:"runAsNonRoot"`
		RunAsUser                int64 `yaml:"runAsUser"`
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		Capabilities             struct{ Drop []string }
		SeccompProfile           map[string]string `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
	TerminationGracePeriodSeconds int `yaml:"terminationGracePeriodSeconds"`
	// Config is the collector's configuration, structured since v1beta1.
	Config map[string]any
}

type operatorEnv struct {
	Name      string
	Value     string
	ValueFrom struct {
		SecretKeyRef struct {
			Name, Key string
			Optional  bool
		} `yaml:"secretKeyRef"`
	} `yaml:"valueFrom"`
}

func decodeOperator(document []byte) (*OperatorCollector, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(document))
	decoder.KnownFields(true)
	o := &OperatorCollector{}
	if err := decoder.Decode(o); err != nil {
		return nil, err
	}
	s := o.Spec
	for what, broken := range map[string]bool{
		fmt.Sprintf("kind %s in version %s", o.Kind, o.APIVersion): o.Kind != "OpenTelemetryCollector" || o.APIVersion != "opentelemetry.io/v1beta1",
		"it has no name": o.Metadata.Name == "",
		fmt.Sprintf("there is no mode %q", s.Mode):   !slices.Contains([]string{"deployment", "daemonset", "statefulset", "sidecar"}, s.Mode),
		"it has no image":                            s.Image == "",
		"it has no configuration":                    s.Config["service"] == nil,
		"it has no limit of memory":                  s.Resources.Limits["memory"] == "",
		"it may run as root, or write where it runs": !s.SecurityContext.RunAsNonRoot || !s.SecurityContext.ReadOnlyRootFilesystem,
		"a secret is in plain text":                  slices.ContainsFunc(s.Env, func(e operatorEnv) bool { return e.Value != "" && secretName.MatchString(e.Name) }),
	} {
		if broken {
			return nil, fmt.Errorf("%s", what)
		}
	}
	return o, nil
}
