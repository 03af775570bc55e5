package up

import (
	"fmt"
	"os"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

// Isolate makes this process deaf to accounts: it removes the variables that
// could lead AWS's, New Relic's or OpenTelemetry's code to a place beyond this
// machine, and puts static credentials that are nobody's in their place.
// Credentials in files, and the metadata service of an EC2 instance, are
// switched off too. It changes the environment of the whole process.
func Isolate() error {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		for _, prefix := range []string{"AWS_", "NEW_RELIC_", "OTEL_", "ECS_CONTAINER_METADATA_URI"} {
			if strings.HasPrefix(name, prefix) {
				os.Unsetenv(name)
			}
		}
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID":           "BRAGGLOCAL",
		"AWS_SECRET_ACCESS_KEY":       "not-a-secret",
		"AWS_REGION":                  "us-east-1",
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED":   "true",
	} {
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return nil
}

// newRelicEndpoint returns where the collector sends for New Relic in --real
// mode: what the environment says, else the endpoint of the key's region.
func newRelicEndpoint(key string) string {
	if e := os.Getenv("BRAGG_NEWRELIC_ENDPOINT"); e != "" {
		return e
	}
	region, known := licensekey.RegionOf(key)
	if !known {
		region = licensekey.US // where the check of the key says what is wrong
	}
	return licensekey.OTLPEndpoint(region)
}

// xrayEndpoint returns X-Ray's own endpoint in a region. China is a partition
// with a domain of its own.
func xrayEndpoint(region string) string {
	domain := ".amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		domain = ".amazonaws.com.cn"
	}
	return "https://xray." + region + domain
}

// collectorEnv returns the variables of otel-collector.yaml for this stack. All
// of them are given, so that nothing of the process's environment decides.
func (c *Config) collectorEnv() (map[string]string, error) {
	p := c.Ports
	env := map[string]string{
		"BRAGG_BIND":               "127.0.0.1",
		"BRAGG_OTLP_GRPC_PORT":     fmt.Sprint(p.OTLPGRPC),
		"BRAGG_OTLP_HTTP_PORT":     fmt.Sprint(p.OTLPHTTP),
		"BRAGG_DAEMON_PORT":        fmt.Sprint(p.Daemon),
		"BRAGG_HEALTH_PORT":        fmt.Sprint(p.Health),
		"BRAGG_METRICS_PORT":       fmt.Sprint(p.Metrics),
		"BRAGG_XRAY_EXPORTERS":     "[debug/off]",
		"BRAGG_NEWRELIC_EXPORTERS": "[debug/off]",
		"BRAGG_XRAY_ENDPOINT":      "http://" + loopback(p.XRay),
		"BRAGG_NEWRELIC_ENDPOINT":  "http://" + loopback(p.NewRelic),
		"NEW_RELIC_LICENSE_KEY":    licensekey.Local,
		"AWS_REGION":               c.Region,
	}
	if c.has(XRay) {
		env["BRAGG_XRAY_EXPORTERS"] = "[awsxray]"
	}
	if c.has(NewRelic) {
		env["BRAGG_NEWRELIC_EXPORTERS"] = "[otlp_http/newrelic]"
	}
	if !c.Real {
		return env, nil
	}
	env["BRAGG_XRAY_ENDPOINT"] = xrayEndpoint(c.Region)
	if c.has(NewRelic) {
		key := os.Getenv("NEW_RELIC_LICENSE_KEY")
		endpoint := newRelicEndpoint(key)
		if err := licensekey.Check(key, endpoint); err != nil {
			return nil, fmt.Errorf("%w; set NEW_RELIC_LICENSE_KEY, or leave New Relic out with --backends xray", err)
		}
		env["NEW_RELIC_LICENSE_KEY"] = key
		env["BRAGG_NEWRELIC_ENDPOINT"] = endpoint
	}
	return env, nil
}
