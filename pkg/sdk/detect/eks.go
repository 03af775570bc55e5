package detect

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// serviceAccount is where Kubernetes mounts the credentials of a pod.
// https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

// EKS detects a pod of Amazon EKS, by what Kubernetes gives every pod: the
// token of its service account names EKS as its issuer, or the API server says
// that its version is one of EKS. That needs no rights, where contrib's
// detector must read the ConfigMap aws-auth, which no pod may by default and
// newer clusters do not have, and brings a Kubernetes client.
//
// The cluster's name is in the ConfigMap amazon-cloudwatch/cluster-info, which
// Container Insights makes; a pod that may not read it goes without the name,
// or takes it from OTEL_RESOURCE_ATTRIBUTES=k8s.cluster.name=….
func EKS() Detector { return eks(serviceAccount, "/proc/self") }

// eks reads the account's files and the process's in the given directories.
func eks(account, proc string) Detector {
	return Detector{"eks", func(ctx context.Context, f *found) error {
		host := os.Getenv("KUBERNETES_SERVICE_HOST")
		token := readFile(filepath.Join(account, "token"))
		if host == "" || token == "" {
			return nil
		}
		api, err := newKubernetes(host, token, filepath.Join(account, "ca.crt"))
		if err != nil {
			return err
		}
		issuer := issuerOf(token)
		if issuer.region == "" && !api.isEKS(ctx) {
			return nil
		}
		f.add(semconv.CloudProviderAWS, semconv.CloudPlatformAWSEKS)
		f.text(semconv.CloudRegionKey, cmp.Or(issuer.region, os.Getenv("AWS_REGION")))
		f.text(semconv.K8SNamespaceNameKey, readFile(filepath.Join(account, "namespace")))
		f.text(semconv.K8SPodNameKey, os.Getenv("HOSTNAME"))
		f.text(semconv.ContainerIDKey, containerID(proc))
		name, err := api.clusterName(ctx)
		f.text(semconv.K8SClusterNameKey, name)
		return err
	}}
}

// issuer is what the token says of who made it.
type issuer struct{ region string }

// eksIssuer is the OpenID Connect issuer of a cluster.
var eksIssuer = regexp.MustCompile(`^https://oidc(?:-eks)?\.(?:eks\.)?([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)/`)

// issuerOf reads the token's claims. It need not check the signature: the file
// is the kubelet's.
func issuerOf(token string) issuer {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return issuer{}
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	var document struct {
		Issuer string `json:"iss"`
	}
	if err != nil || json.Unmarshal(claims, &document) != nil {
		return issuer{}
	}
	if m := eksIssuer.FindStringSubmatch(document.Issuer); m != nil {
		return issuer{m[1]}
	}
	return issuer{}
}

// kubernetes calls the API server of the cluster.
type kubernetes struct {
	client *http.Client
	base   url.URL
	token  string
}

func newKubernetes(host, token, caFile string) (*kubernetes, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(readFile(caFile))) {
		return nil, errors.New("the service account has no certificates")
	}
	client := newClient()
	client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
	port := cmp.Or(os.Getenv("KUBERNETES_SERVICE_PORT"), "443")
	return &kubernetes{client: client, base: url.URL{Scheme: "https", Host: net.JoinHostPort(host, port)}, token: token}, nil
}

func (k *kubernetes) get(ctx context.Context, path string, document any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, k.base.JoinPath(path).String(), nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+k.token)
	return getJSON(k.client, r, document)
}

// isEKS asks for the version, which every pod may.
func (k *kubernetes) isEKS(ctx context.Context) bool {
	var version struct {
		GitVersion string `json:"gitVersion"`
	}
	return k.get(ctx, "/version", &version) == nil && strings.Contains(version.GitVersion, "-eks-")
}

// clusterName returns "" also when the pod has no right to know.
func (k *kubernetes) clusterName(ctx context.Context) (string, error) {
	var document struct {
		Data map[string]string `json:"data"`
	}
	if err := k.get(ctx, "/api/v1/namespaces/amazon-cloudwatch/configmaps/cluster-info", &document); err != nil {
		return "", context.Cause(ctx)
	}
	return document.Data["cluster.name"], nil
}

// A container's id as it is in the path of its cgroup, and, where that shows
// nothing (cgroup version 2), in the mounts that Docker makes. Those of
// containerd name the pod's sandbox alone.
var (
	cgroupID = regexp.MustCompile(`[/-]([0-9a-f]{64})(?:\.scope)?(?m:$)`)
	mountID  = regexp.MustCompile(`/containers/([0-9a-f]{64})/`)
)

func containerID(proc string) string {
	if m := cgroupID.FindStringSubmatch(readFile(filepath.Join(proc, "cgroup"))); m != nil {
		return m[1]
	}
	if m := mountID.FindStringSubmatch(readFile(filepath.Join(proc, "mountinfo"))); m != nil {
		return m[1]
	}
	return ""
}
