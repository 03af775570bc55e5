package up

import (
	"bytes"
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// buildBragg builds the program as a user has it.
func buildBragg(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "bragg")
	out, err := exec.Command("go", "build", "-o", bin, "github.com/bragg-tracing/bragg/cmd/bragg").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// TestOnlyLoopbackIsDialed runs the program with the variables and the files of
// a developer who has accounts, watches its system calls, and fails on any
// address that is not of this machine: of a backend, a resolver or a metadata
// service.
func TestOnlyLoopbackIsDialed(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("strace watches system calls on Linux only")
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: `make test` installs it")
	}
	bin, home := buildBragg(t), t.TempDir()
	writeAWSFiles(t, home)
	realEnvironment(t)
	t.Setenv("HOME", home)
	t.Setenv("XDG_DATA_HOME", "")

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	calls := filepath.Join(t.TempDir(), "calls")
	cmd := exec.CommandContext(ctx, strace, "-f", "--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-s", "0", "-o", calls,
		bin, "up", "--once", "--requests", "20", "--free-ports", "--json")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, stdout.String(), stderr.String())
	}
	var report Report
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil || !report.Complete() {
		t.Fatalf("report %s: %v", stdout.String(), err)
	}
	log, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	dialed, beyond := addresses(string(log))
	if len(dialed) == 0 {
		t.Fatal("no dial was seen at all: the test watches nothing")
	}
	for _, a := range beyond {
		t.Errorf("dialed %s", a)
	}
	if _, err := os.Stat(filepath.Join(home, ".local", "share", "bragg", "xray.db")); err != nil {
		t.Errorf("the data is not where it belongs: %v", err)
	}
}

// writeAWSFiles makes the ~/.aws of a developer whose default profile is real.
func writeAWSFiles(t *testing.T, home string) {
	t.Helper()
	dir := filepath.Join(home, ".aws")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"config":      "[default]\nregion = eu-west-1\n[profile production]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = default\n",
		"credentials": "[default]\naws_access_key_id = AKIAREALREALREALREAL\naws_secret_access_key = real\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

var socketAddress = regexp.MustCompile(`inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"|sin6_addr=[^,]*"([^"]+)"`)

// addresses returns the addresses in a log of strace, and those of them that
// are not of this machine.
func addresses(log string) (all, beyond []string) {
	for _, m := range socketAddress.FindAllStringSubmatch(log, -1) {
		text := strings.Join(m[1:], "")
		all = append(all, text)
		if a, err := netip.ParseAddr(text); err != nil || !a.Unmap().IsLoopback() {
			beyond = append(beyond, text)
		}
	}
	return all, beyond
}

func TestAddressesBeyondThisMachineAreSeen(t *testing.T) {
	const log = `7 connect(7, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
7 connect(7, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("169.254.169.254")}, 16) = -1
7 connect(7, {sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28) = 0
7 sendto(7, ""..., 40, 0, {sa_family=AF_INET6, sin6_port=htons(53), inet_pton(AF_INET6, "2001:db8::1", &sin6_addr)}, 28) = 40
7 connect(7, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1`
	all, beyond := addresses(log)
	if got := strings.Join(all, " "); got != "127.0.0.1 169.254.169.254 ::1 2001:db8::1" {
		t.Errorf("addresses: %s", got)
	}
	if got := strings.Join(beyond, " "); got != "169.254.169.254 2001:db8::1" {
		t.Errorf("beyond this machine: %s", got)
	}
}
