package migrate

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxDeployFile is how large a file of a deployment is at most.
const maxDeployFile = 1 << 20

// deployment finds the daemon in Dockerfiles, compose files, task definitions
// and manifests.
func (p *Plan) deployment() {
	_ = filepath.WalkDir(p.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if d.IsDir() {
			if name := d.Name(); name == ".git" || name == "node_modules" || name == "vendor" {
				return filepath.SkipDir
			}
			return nil
		}
		if isDeployFile(d.Name()) {
			p.deployFile(path)
		}
		return nil
	})
}

func isDeployFile(name string) bool {
	lower := strings.ToLower(name)
	switch filepath.Ext(lower) {
	case ".yml", ".yaml", ".json", ".tf":
		return true
	}
	return strings.HasPrefix(lower, "dockerfile") || strings.HasSuffix(lower, ".dockerfile")
}

func (p *Plan) deployFile(path string) {
	if info, err := os.Stat(path); err != nil || info.Size() > maxDeployFile {
		return
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return
	}
	name, _ := filepath.Rel(p.Dir, path)
	for i, line := range bytes.Split(content, []byte("\n")) {
		switch text := string(line); {
		case strings.Contains(text, "xray-daemon"):
			p.add(Finding{Deploy, name, i + 1, "the X-Ray daemon: run the collector in its place (OTLP on 4317 and 4318, the daemon's protocol on 2000)"})
		case strings.Contains(text, "AWS_XRAY_DAEMON_ADDRESS"):
			p.add(Finding{Deploy, name, i + 1, "AWS_XRAY_DAEMON_ADDRESS: set OTEL_EXPORTER_OTLP_ENDPOINT to the collector, too"})
		case strings.Contains(text, "AWS_XRAY_TRACING_NAME"):
			p.add(Finding{Deploy, name, i + 1, "AWS_XRAY_TRACING_NAME still names segments; OTEL_SERVICE_NAME names the service of OpenTelemetry's spans"})
		}
	}
}
