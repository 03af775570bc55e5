package migrate

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/mod/semver"
)

// maxDeployFile is how large a file of a deployment is at most.
const maxDeployFile = 1 << 20

// deployment finds the daemon in Dockerfiles, compose files, task definitions
// and manifests.
func (p *Plan) deployment() {
	_ = filepath.WalkDir(p.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // a folder that cannot be read has no hints
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
	case ".yml", ".yaml", ".json", ".tf", ".service", ".env", ".sh":
		return true
	}
	return strings.HasPrefix(lower, "dockerfile") || strings.HasSuffix(lower, ".dockerfile") || lower == ".env"
}

func (p *Plan) deployFile(path string) {
	if info, err := os.Stat(path); err != nil || info.Size() > maxDeployFile {
		return
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return
	}
	for i, line := range bytes.Split(content, []byte("\n")) {
		if hint := p.hint(string(line)); hint != "" {
			p.add(Finding{Deploy, p.relative(path), i + 1, hint})
		}
	}
}

// baseImage is Go's in a Dockerfile.
var baseImage = regexp.MustCompile(`\bgolang:(1\.\d+)(\.\d+)?`)

// hint says what to do about a line, or "".
func (p *Plan) hint(line string) string {
	switch {
	case strings.Contains(line, "xray-daemon"):
		return "the X-Ray daemon: run the collector in its place (OTLP on 4317 and 4318, the daemon's protocol on 2000)"
	case strings.Contains(line, "AWS_XRAY_DAEMON_ADDRESS"):
		return "AWS_XRAY_DAEMON_ADDRESS: set OTEL_EXPORTER_OTLP_ENDPOINT to the collector, too, such as http://collector:4317"
	case strings.Contains(line, "AWS_XRAY_TRACING_NAME") && p.options.OpenTelemetry:
		return "AWS_XRAY_TRACING_NAME names segments alone: set OTEL_SERVICE_NAME in its place"
	case strings.Contains(line, "AWS_XRAY_TRACING_NAME"):
		return "AWS_XRAY_TRACING_NAME still names segments; OTEL_SERVICE_NAME names the service of OpenTelemetry's spans"
	case strings.Contains(line, "AWS_XRAY_SDK_DISABLED"):
		return "AWS_XRAY_SDK_DISABLED turns segments off; OTEL_SDK_DISABLED does it for OpenTelemetry's spans"
	case strings.Contains(line, "AWS_XRAY_CONTEXT_MISSING") && p.options.OpenTelemetry:
		return "AWS_XRAY_CONTEXT_MISSING is about segments alone: spans outside of one begin a trace"
	}
	if m := baseImage.FindStringSubmatch(line); m != nil && semver.Compare("v"+m[1]+".0", "v"+goVersion) < 0 {
		return m[0] + ": the modules need Go " + goVersion
	}
	return ""
}
