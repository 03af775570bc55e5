package conformance

import (
	"os"
	"os/exec"
	"testing"
)

// nodeModules names a directory that has @aws-sdk/client-xray in node_modules;
// `make conformance-xraylocal` installs it.
const nodeModules = "XRAYLOCAL_NODE_MODULES"

func TestJavaScriptSDK(t *testing.T) {
	dir := os.Getenv(nodeModules)
	if dir == "" {
		t.Skip(nodeModules + " is not set: make conformance-xraylocal")
	}
	_, _, port := start(t)
	out, err := exec.CommandContext(t.Context(), "node", "testdata/client-xray.mjs", dir, "http://127.0.0.1:"+port, "token").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
