package oracle

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"go.opentelemetry.io/contrib/detectors/aws/eks"

	"github.com/bragg-tracing/bragg/pkg/sdk/detect"
)

// inPod says that the process is the child that has a pod's files.
const inPod = "ORACLE_IN_POD"

// TestEKS compares in a child process with file systems of its own, because
// both detectors read the files of a pod where Kubernetes mounts them.
func TestEKS(t *testing.T) {
	if os.Getenv(inPod) != "" {
		pod(t)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestEKS$", "-test.v")
	child.Env = append(os.Environ(), inPod+"=1")
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := child.CombinedOutput()
	if _, ran := err.(*exec.ExitError); err != nil && !ran {
		t.Skipf("this machine lets nobody have file systems of their own: %v", err)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if bytes.Contains(out, []byte("--- SKIP")) {
		t.Skipf("%s", out)
	}
}

const containerID = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// pod makes what Kubernetes gives to a pod of EKS, and its API server.
func pod(t *testing.T) {
	elsewhere(t)
	token := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss": "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"}`)) + ".x"
	var mayRead = true // the ConfigMap of the cluster's authentication
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/namespaces/kube-system/configmaps/aws-auth", func(w http.ResponseWriter, r *http.Request) {
		if !mayRead || r.Header.Get("Authorization") != "Bearer "+token {
			http.Error(w, "{}", http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, `{"data": {"mapRoles": ""}}`)
	})
	mux.HandleFunc("GET /api/v1/namespaces/amazon-cloudwatch/configmaps/cluster-info", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"data": {"cluster.name": "prod"}}`)
	})
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	mount(t, "tmpfs", "/run", "tmpfs", 0) // /var/run is a link to it
	dir := "/run/secrets/kubernetes.io/serviceaccount"
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	cgroup := func(content string) {
		file := filepath.Join("/run", "cgroup")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for file, content := range map[string]string{
		"token": token, "namespace": "shop", "ca.crt": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})),
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cgroup("4:memory:/docker/" + containerID + "\n")
	mount(t, "/run/cgroup", fmt.Sprintf("/proc/%d/cgroup", os.Getpid()), "", syscall.MS_BIND)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", u.Hostname())
	t.Setenv("KUBERNETES_SERVICE_PORT", u.Port())
	t.Setenv("HOSTNAME", "shop-5d4f-x7")

	more := map[string]difference{ // which contrib does not look for
		"cloud.region": {"", "eu-west-1"}, "k8s.namespace.name": {"", "shop"}, "k8s.pod.name": {"", "shop-5d4f-x7"},
	}
	compare(t, eks.NewResourceDetector(), detect.EKS(), more)

	// In a pod of today contrib finds nothing: it may not read aws-auth, and
	// knows the container's id from Docker alone.
	want := map[string]string{
		"cloud.provider": "aws", "cloud.platform": "aws_eks", "cloud.region": "eu-west-1", "k8s.cluster.name": "prod",
		"k8s.namespace.name": "shop", "k8s.pod.name": "shop-5d4f-x7", "container.id": containerID,
	}
	all := map[string]difference{}
	for key, value := range want {
		all[key] = difference{"", value}
	}
	mayRead = false
	compare(t, eks.NewResourceDetector(), detect.EKS(), all)
	mayRead = true
	cgroup("0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-" + containerID + ".scope\n")
	compare(t, eks.NewResourceDetector(), detect.EKS(), all)
}

func mount(t *testing.T, from, to, kind string, flags uintptr) {
	t.Helper()
	if err := syscall.Mount(from, to, kind, flags, ""); err != nil {
		t.Skipf("mount %s: %v", to, err)
	}
}
