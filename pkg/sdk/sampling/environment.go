package sampling

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseArgument reads OTEL_TRACES_SAMPLER_ARG as it is for the sampler xray:
//
//	endpoint=http://collector:2000,polling_interval=60
//
// with the interval in seconds. Both parts may be missing. What cannot be used
// is an error; the options of the rest are returned beside it.
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#general-sdk-configuration
func ParseArgument(argument string) (opts []Option, err error) {
	for part := range strings.SplitSeq(argument, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		switch o, problem := parseOption(strings.TrimSpace(name), strings.TrimSpace(value)); {
		case problem != nil:
			err = fmt.Errorf("OTEL_TRACES_SAMPLER_ARG: %w; write it like endpoint=%s,polling_interval=300", problem, DefaultEndpoint)
		default:
			opts = append(opts, o)
		}
	}
	return opts, err
}

func parseOption(name, value string) (Option, error) {
	switch name {
	case "endpoint":
		if !strings.Contains(value, "://") {
			value = "http://" + value
		}
		o := WithEndpoint(value)
		return o, o(&Remote{})
	case "polling_interval":
		seconds, err := strconv.ParseFloat(value, 64)
		if err != nil || !(seconds >= 1 && seconds <= 86400) {
			return nil, fmt.Errorf("polling_interval %q is not a number of seconds from 1 to 86400", value)
		}
		return WithPollingInterval(time.Duration(seconds * float64(time.Second))), nil
	}
	return nil, fmt.Errorf("%q is not known", name)
}
