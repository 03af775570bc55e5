package check

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/validation"
)

// A Kubernetes is what a set of manifests holds, to be checked together.
type Kubernetes struct {
	Objects   []runtime.Object
	Operators []*OperatorCollector
	problems  []string
}

var kubernetesDecoder = func() runtime.Decoder {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, autoscalingv2.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme, rbacv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			panic(err) // two types of one name, in a list that is constant
		}
	}
	return json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
}()

// Add decodes the documents of a YAML file by Kubernetes' own types, and
// resources of the OpenTelemetry operator by ours. A field that is unknown or
// there twice is a problem.
func (k *Kubernetes) Add(name string, content []byte) {
	for i, document := range splitDocuments(content) {
		var meta struct {
			APIVersion string `yaml:"apiVersion"`
			Kind       string `yaml:"kind"`
		}
		if err := yaml.Unmarshal(document, &meta); err != nil {
			k.say("%s: document %d: %v", name, i+1, err)
			continue
		}
		if strings.HasPrefix(meta.APIVersion, "opentelemetry.io/") {
			operator, err := decodeOperator(document)
			if err != nil {
				k.say("%s: %s: %v", name, meta.Kind, err)
				continue
			}
			k.Operators = append(k.Operators, operator)
			continue
		}
		object, _, err := kubernetesDecoder.Decode(document, nil, nil)
		if err != nil {
			k.say("%s: document %d: %v", name, i+1, err)
			continue
		}
		k.Objects = append(k.Objects, object)
	}
}

func (k *Kubernetes) say(format string, args ...any) {
	k.problems = append(k.problems, fmt.Sprintf(format, args...))
}

func splitDocuments(content []byte) (documents [][]byte) {
	for _, d := range bytes.Split(append([]byte("\n"), content...), []byte("\n---")) {
		decoder := yaml.NewDecoder(bytes.NewReader(d))
		var any any
		if err := decoder.Decode(&any); errors.Is(err, io.EOF) || any == nil && err == nil {
			continue // nothing but comments
		}
		documents = append(documents, d)
	}
	return documents
}

// Problems returns what Add found, and what is wrong between the objects.
func (k *Kubernetes) Problems() []string {
	all := k.names()
	for _, o := range k.Objects {
		spec, selector, labels, owner := podOf(o)
		if spec == nil {
			continue
		}
		if selector != nil {
			for key, value := range selector.MatchLabels {
				if labels[key] != value {
					k.say("%s selects %s=%s, which its own pods do not have", owner, key, value)
				}
			}
		}
		k.podProblems(owner, spec, all)
	}
	for _, o := range k.Objects {
		k.serviceProblems(o)
		k.scalerProblems(o, all)
		k.bindingProblems(o, all)
	}
	k.adapterProblems()
	slices.Sort(k.problems)
	return k.problems
}

func objectName(o runtime.Object) string {
	meta, ok := o.(metav1.Object)
	if !ok {
		return ""
	}
	return o.GetObjectKind().GroupVersionKind().Kind + "/" + meta.GetName()
}

func (k *Kubernetes) names() map[string]bool {
	all := map[string]bool{}
	for _, o := range k.Objects {
		name := objectName(o)
		if all[name] {
			k.say("%s is there twice", name)
		}
		all[name] = true
		_, bare, _ := strings.Cut(name, "/")
		for _, problem := range validation.IsDNS1123Subdomain(bare) {
			k.say("%s: %s", name, problem)
		}
	}
	for _, o := range k.Operators { // what the operator makes of it
		all["Service/"+o.Metadata.Name+"-collector"] = true
	}
	return all
}

// podOf returns what an object makes pods of, nil if it makes none.
func podOf(o runtime.Object) (spec *corev1.PodSpec, selector *metav1.LabelSelector, labels map[string]string, owner string) {
	owner = objectName(o)
	switch o := o.(type) {
	case *appsv1.Deployment:
		return &o.Spec.Template.Spec, o.Spec.Selector, o.Spec.Template.Labels, owner
	case *appsv1.DaemonSet:
		return &o.Spec.Template.Spec, o.Spec.Selector, o.Spec.Template.Labels, owner
	case *appsv1.StatefulSet:
		return &o.Spec.Template.Spec, o.Spec.Selector, o.Spec.Template.Labels, owner
	case *corev1.Pod:
		return &o.Spec, nil, o.Labels, owner
	}
	return nil, nil, nil, owner
}

func (k *Kubernetes) podProblems(owner string, pod *corev1.PodSpec, all map[string]bool) {
	if pod.ServiceAccountName != "" && !all["ServiceAccount/"+pod.ServiceAccountName] {
		k.say("%s runs as %s, which is no ServiceAccount here", owner, pod.ServiceAccountName)
	}
	volumes := map[string]bool{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = true
		if v.ConfigMap != nil && !all["ConfigMap/"+v.ConfigMap.Name] {
			k.say("%s mounts the ConfigMap %s, which is not here", owner, v.ConfigMap.Name)
		}
		if v.HostPath != nil {
			k.say("%s mounts the node's %s", owner, v.HostPath.Path)
		}
	}
	for _, c := range append(slices.Clone(pod.InitContainers), pod.Containers...) {
		path := owner + " " + c.Name
		for _, m := range c.VolumeMounts {
			if !volumes[m.Name] {
				k.say("%s mounts %s, which is no volume", path, m.Name)
			}
		}
		for _, from := range c.EnvFrom {
			if from.ConfigMapRef != nil && !all["ConfigMap/"+from.ConfigMapRef.Name] {
				k.say("%s takes variables from the ConfigMap %s, which is not here", path, from.ConfigMapRef.Name)
			}
		}
		for _, e := range c.Env {
			if e.Value != "" && secretName.MatchString(e.Name) {
				k.say("%s: %s is in plain text", path, e.Name)
			}
			if e.Value == "" && e.ValueFrom == nil {
				k.say("%s: %s is blank", path, e.Name)
			}
		}
		k.hardeningProblems(path, pod, c)
	}
}

// hardeningProblems wants the rules of Kubernetes' restricted standard.
// https://kubernetes.io/docs/concepts/security/pod-security-standards/
func (k *Kubernetes) hardeningProblems(path string, pod *corev1.PodSpec, c corev1.Container) {
	s := c.SecurityContext
	if s == nil {
		s = &corev1.SecurityContext{}
	}
	isTrue := func(b *bool) bool { return b != nil && *b }
	nonRoot := isTrue(s.RunAsNonRoot) || pod.SecurityContext != nil && isTrue(pod.SecurityContext.RunAsNonRoot)
	_, tag, _ := strings.Cut(c.Image[strings.LastIndexByte(c.Image, '/')+1:], ":")
	for what, broken := range map[string]bool{
		"may run as root":                          !nonRoot,
		"its root file system is writable":         !isTrue(s.ReadOnlyRootFilesystem),
		"it may gain privileges":                   s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation,
		"it keeps capabilities":                    s.Capabilities == nil || !slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) || len(s.Capabilities.Add) > 0,
		"it has no limit of memory":                c.Resources.Limits.Memory().IsZero(),
		"its image " + c.Image + " has no version": tag == "" || tag == "latest",
		"it is on the node's network":              pod.HostNetwork || pod.HostPID,
	} {
		if broken {
			k.say("%s: %s", path, what)
		}
	}
}

// serviceProblems wants pods behind a service, and the port that it names.
func (k *Kubernetes) serviceProblems(o runtime.Object) {
	service, ok := o.(*corev1.Service)
	if !ok || len(service.Spec.Selector) == 0 {
		return
	}
	ports, found := map[string]bool{}, false
	for _, other := range k.Objects {
		pod, _, labels, _ := podOf(other)
		if pod == nil || !subset(service.Spec.Selector, labels) {
			continue
		}
		found = true
		for _, c := range pod.Containers {
			for _, p := range c.Ports {
				ports[p.Name], ports[fmt.Sprint(p.ContainerPort)] = true, true
			}
		}
	}
	if !found {
		k.say("Service/%s selects %v, which no pod has", service.Name, service.Spec.Selector)
		return
	}
	for _, p := range service.Spec.Ports {
		target := p.TargetPort.String()
		if target == "0" {
			target = fmt.Sprint(p.Port)
		}
		if !ports[target] {
			k.say("Service/%s sends to port %s, which its pods do not have", service.Name, target)
		}
	}
}

func subset(selector, labels map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return true
}

func (k *Kubernetes) scalerProblems(o runtime.Object, all map[string]bool) {
	h, ok := o.(*autoscalingv2.HorizontalPodAutoscaler)
	if !ok {
		return
	}
	if target := h.Spec.ScaleTargetRef.Kind + "/" + h.Spec.ScaleTargetRef.Name; !all[target] {
		k.say("HorizontalPodAutoscaler/%s scales %s, which is not here", h.Name, target)
	}
	if h.Spec.MinReplicas != nil && *h.Spec.MinReplicas > h.Spec.MaxReplicas {
		k.say("HorizontalPodAutoscaler/%s wants at least %d and at most %d", h.Name, *h.Spec.MinReplicas, h.Spec.MaxReplicas)
	}
}

func (k *Kubernetes) bindingProblems(o runtime.Object, all map[string]bool) {
	var ref rbacv1.RoleRef
	var subjects []rbacv1.Subject
	switch o := o.(type) {
	case *rbacv1.RoleBinding:
		ref, subjects = o.RoleRef, o.Subjects
	case *rbacv1.ClusterRoleBinding:
		ref, subjects = o.RoleRef, o.Subjects
	default:
		return
	}
	if !all[ref.Kind+"/"+ref.Name] {
		k.say("%s gives %s/%s, which is not here", objectName(o), ref.Kind, ref.Name)
	}
	for _, s := range subjects {
		if !all[s.Kind+"/"+s.Name] {
			k.say("%s is for %s/%s, which is not here", objectName(o), s.Kind, s.Name)
		}
	}
}
