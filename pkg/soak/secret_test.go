package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

// TestNoSecretIsWritten runs a collector with a license key and an AWS secret
// that New Relic and X-Ray refuse, at the highest log level, lets it crash, and
// looks for both in everything that was written: logs, the stack of every
// goroutine, the process's arguments, the queues' files, the metrics.
func TestNoSecretIsWritten(t *testing.T) {
	l := testLab(t, "deploy/collector/durable.yaml")
	if err := l.renew(); err != nil {
		t.Fatal(err)
	}
	const key, secret = "feed01cafe23babe45dead67beef89f00d0aNRAL", "wJalrXUtnFEMIK7MDENGbPxRfiCYNOTAREALKEY"
	for i, v := range l.collector.env {
		v = strings.Replace(v, licensekey.Local, key, 1)
		v = strings.Replace(v, "AWS_SECRET_ACCESS_KEY=local", "AWS_SECRET_ACCESS_KEY="+secret, 1)
		l.collector.env[i] = strings.Replace(v, "BRAGG_LOG_LEVEL=warn", "BRAGG_LOG_LEVEL=debug", 1)
	}
	l.collector.env = append(l.collector.env, "GOTRACEBACK=all")
	l.xray.set(l.xray.status(403, "X-Amzn-ErrorType", "InvalidSignatureException"))
	l.newrelic.set(inTurn(echo, l.newrelic.status(403), l.newrelic.status(401), l.newrelic.reset, l.newrelic.status(503)))
	if err := l.collector.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	newGenerator(l.collector.otlp(), 20).run(ctx, 0)
	written := map[string]string{"metrics": page(t, l.collector.metrics())}
	arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", l.collector.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	written["arguments"] = string(arguments)
	if err := l.collector.cmd.Process.Signal(syscall.SIGQUIT); err != nil { // a crash, with every stack
		t.Fatal(err)
	}
	<-l.collector.done
	written["output"] = l.collector.output.String()
	err = filepath.WalkDir(l.collector.queues, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		written[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"goroutine ", "Exporting failed", "refused: REDACTED REDACTED"} {
		if !strings.Contains(written["output"], want) {
			t.Errorf("the output lacks %q: the test shows nothing\n%s", want, written["output"])
		}
	}
	if len(written) < 5 {
		t.Errorf("only %d places were looked at", len(written))
	}
	for where, text := range written {
		for name, s := range map[string]string{"license key": key, "AWS secret": secret} {
			for _, part := range []string{s, s[:8], s[8:28], base64.StdEncoding.EncodeToString([]byte(s))[:20]} {
				if strings.Contains(text, part) {
					t.Errorf("%s: holds the %s", where, name)
				}
			}
		}
	}
}

// echo refuses a key and shows it in its answer, as some backends do.
func echo(w http.ResponseWriter, r *http.Request) bool {
	key := r.Header.Get("api-key")
	status := &spb.Status{Code: 7, Message: "refused: " + key + " " + base64.StdEncoding.EncodeToString([]byte(key))}
	body, err := proto.Marshal(status)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.WriteHeader(http.StatusForbidden)
	w.Write(body) //nolint:errcheck // the client has gone
	return true
}

func page(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b strings.Builder
	if err := resp.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
