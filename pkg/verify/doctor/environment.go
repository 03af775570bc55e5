package doctor

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
)

const environment = "environment"

// settings are the variables of a service that make traces disappear, with what
// makes them do so.
var settings = []struct {
	name   string
	bad    func(value string) bool
	found  string
	remedy string
	state  string
}{
	{"OTEL_SDK_DISABLED", func(v string) bool { return strings.EqualFold(v, "true") }, "is true: no service records anything", "unset it", Fail},
	{"OTEL_TRACES_EXPORTER", func(v string) bool { return v == "none" }, "is none: no service exports traces", "unset it, or name otlp", Fail},
	{"OTEL_TRACES_SAMPLER", func(v string) bool { return strings.HasSuffix(v, "always_off") }, "samples nothing", "unset it", Fail},
	{"OTEL_PROPAGATORS", func(v string) bool { return !slices.Contains(strings.Split(v, ","), "xray") },
		"has no xray: X-Amzn-Trace-Id of load balancers, API Gateway and the X-Ray SDKs is not read", "tracecontext,baggage,xray", Warn},
	{"AWS_XRAY_SDK_DISABLED", func(v string) bool { return strings.EqualFold(v, "true") }, "is true: the X-Ray SDKs record nothing", "unset it", Warn},
	{"AWS_XRAY_DAEMON_ADDRESS", func(v string) bool { return !strings.Contains(v, ":") }, "has no port", "host:2000", Warn},
}

// blanks are variables that otel-collector.yaml reads with a default, which an
// empty value defeats on ADOT.
var blanks = []string{
	"BRAGG_XRAY_EXPORTERS", "BRAGG_NEWRELIC_EXPORTERS", "BRAGG_XRAY_ENDPOINT", "BRAGG_NEWRELIC_ENDPOINT",
	"AWS_REGION", "BRAGG_BIND", "BRAGG_OTLP_GRPC_PORT", "BRAGG_OTLP_HTTP_PORT", "BRAGG_DAEMON_PORT", "BRAGG_HEALTH_PORT", "BRAGG_METRICS_PORT",
}

func (d *doctor) environment() {
	d.add(environment, "version", OK, fmt.Sprintf("bragg %s, %s, %s/%s", d.Collector.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH), "")
	fine := true
	for _, s := range settings {
		if v, set := d.Getenv(s.name); set && v != "" && s.bad(v) {
			d.add(environment, s.name, s.state, s.name+" "+s.found, s.remedy)
			fine = false
		}
	}
	var empty []string
	for _, name := range blanks {
		if v, set := d.Getenv(name); set && strings.TrimSpace(v) == "" {
			empty = append(empty, name)
		}
	}
	if len(empty) > 0 {
		d.add(environment, "blank variables", Warn, strings.Join(empty, ", ")+" set but empty: ADOT takes that for a value, not for the default", "unset them")
		fine = false
	}
	if fine {
		d.add(environment, "variables", OK, "nothing in this environment switches tracing off", "")
	}
}
