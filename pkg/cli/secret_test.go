package cli

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

const asBragg = "BRAGG_TEST_AS_BRAGG"

// TestMain is the program bragg in the processes that TestNoSecretIsShown
// starts: arguments and crashes are a process's.
func TestMain(m *testing.M) {
	if os.Getenv(asBragg) != "" {
		os.Exit(Main())
	}
	os.Exit(m.Run())
}

// Secrets of the run.
var secrets = map[string]string{
	"NEW_RELIC_LICENSE_KEY": "feed01cafe23babe45dead67beef89f00d0aNRAL",
	"NEW_RELIC_USER_KEY":    "NRAK-Q7ZJ4W2KX8V5M3T9R6Y1B0HCDFG",
	"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMIK7MDENGbPxRfiCYNOTAREALKEY",
	"AWS_SESSION_TOKEN":     "FwoGZXIvYXdzEJr77NOTAREALSESSIONTOKEN88",
}

// TestNoSecretIsShown runs commands with keys that every backend refuses, and
// shows in its refusal, and looks for them in all that the processes wrote: what
// they print, arguments, the stacks of a crash, files.
func TestNoSecretIsShown(t *testing.T) {
	echo := startEcho(t)
	dir := t.TempDir()
	tests := []struct {
		name string
		args []string
		ends bool   // by itself, else it crashes after the backend was asked
		said string // proves that there was something to show
	}{
		{"up", []string{"up", "--real", "--backends", "newrelic", "--free-ports", "--rate", "20", "--data", filepath.Join(dir, "up")}, false, "REDACTED"},
		{"verify", []string{"verify", "--real", "--xray-endpoint", echo.URL, "--newrelic-endpoint", echo.URL, "--existing", "1-6b029317-0123456789abcdef01234567", "--wait", "1s"}, true, "refused"},
		{"doctor", []string{"doctor", "--real", "--xray-endpoint", echo.URL, "--newrelic-endpoint", echo.URL, "--newrelic-ingest", echo.URL}, true, "403"},
		{"doctor as JSON", []string{"doctor", "--json", "--real", "--xray-endpoint", echo.URL, "--newrelic-endpoint", echo.URL, "--newrelic-ingest", echo.URL}, true, "403"},
		{"traces", []string{"traces", "--endpoint", echo.URL}, true, "bragg traces: "},
		{"help", []string{"verify", "--help"}, true, "Examples:"},
		{"a key as a flag", []string{"verify", "--newrelic-key"}, true, "unknown flag: --newrelic-key"},
		{"up with the wrong kind of key", []string{"up", "--real", "--backends", "newrelic", "--free-ports", "--data", filepath.Join(dir, "wrong")}, true, "user key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], tt.args...)
			cmd.Env = []string{
				asBragg + "=1", "HOME=" + dir, "GOTRACEBACK=all", "PATH=" + os.Getenv("PATH"), "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7NOTREAL",
				"AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL=" + echo.URL, "NEW_RELIC_ACCOUNT_ID=1", "BRAGG_NEWRELIC_ENDPOINT=" + echo.URL,
			}
			for name, value := range secrets {
				if name == "NEW_RELIC_LICENSE_KEY" && strings.Contains(tt.name, "wrong kind") {
					value = secrets["NEW_RELIC_USER_KEY"]
				}
				cmd.Env = append(cmd.Env, name+"="+value)
			}
			written := echo.run(t, cmd, tt.ends)
			if !tt.ends && !strings.Contains(written["output"], "goroutine ") {
				t.Errorf("no stacks: it shows nothing\n%s", written["output"])
			}
			if !strings.Contains(written["output"], tt.said) {
				t.Errorf("the output lacks %q: it shows nothing\n%s", tt.said, written["output"])
			}
			if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				content, err := os.ReadFile(path)
				written[path] = string(content)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			holdNone(t, written)
		})
	}
}

// holdNone fails if one of the texts holds a secret, or a part of one.
func holdNone(t *testing.T, written map[string]string) {
	t.Helper()
	for where, text := range written {
		for name, secret := range secrets {
			encoded := base64.StdEncoding.EncodeToString([]byte(secret))
			for _, part := range []string{secret[:12], secret[8:], encoded[:20]} {
				if i := strings.Index(text, part); i >= 0 {
					t.Errorf("%s: holds %s: …%s…", where, name, text[max(0, i-200):min(len(text), i+60)])
				}
			}
		}
	}
}

// echoServer refuses everything, with all that it was sent.
type echoServer struct {
	*httptest.Server
	asked chan struct{} // has an element after it refused a license key
}

func startEcho(t *testing.T) *echoServer {
	t.Helper()
	e := &echoServer{asked: make(chan struct{}, 1)}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := "refused: " + fmt.Sprint(r.Header)
		for _, values := range r.Header {
			said += " " + base64.StdEncoding.EncodeToString([]byte(values[0]))
		}
		var body []byte
		if strings.Contains(r.Header.Get("Content-Type"), "protobuf") {
			w.Header().Set("Content-Type", "application/x-protobuf")
			body, _ = proto.Marshal(&spb.Status{Code: 7, Message: said})
		} else {
			w.Header().Set("Content-Type", "application/json")
			body, _ = json.Marshal(map[string]any{"message": said, "Message": said, "errors": []any{map[string]any{"message": said}}})
		}
		w.WriteHeader(http.StatusForbidden)
		w.Write(body) //nolint:errcheck // the client has gone
		if r.Header.Get("Api-Key") == secrets["NEW_RELIC_LICENSE_KEY"] {
			select {
			case e.asked <- struct{}{}:
			default:
			}
		}
	}))
	t.Cleanup(e.Close)
	return e
}

// run runs a process to its end, or to its crash after the server was asked,
// and returns its output and arguments.
func (e *echoServer) run(t *testing.T, cmd *exec.Cmd, ends bool) map[string]string {
	t.Helper()
	output := &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	arguments, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", cmd.Process.Pid)) // not everywhere
	done := make(chan struct{})
	go func() { defer close(done); cmd.Wait() }() //nolint:errcheck // it fails
	limit, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if !ends {
		select {
		case <-e.asked:
		case <-done:
		case <-limit.Done():
		}
		for range 100 { // what the refusal makes it say comes after it
			if strings.Contains(output.String(), "REDACTED") {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		cmd.Process.Signal(syscall.SIGQUIT) //nolint:errcheck // it may have ended
	}
	select {
	case <-done:
	case <-limit.Done():
		cmd.Process.Kill() //nolint:errcheck // it may have ended
		<-done
		t.Errorf("it does not end: %s", output)
	}
	return map[string]string{"output": output.String(), "arguments": string(bytes.Join(slices.Collect(bytes.SplitSeq(arguments, []byte{0})), []byte(" ")))}
}

// lockedBuffer takes what a process writes while it is read.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
