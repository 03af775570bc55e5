package sampling

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Argument is OTEL_TRACES_SAMPLER_ARG as it is for the sampler xray.
type Argument struct {
	Endpoint        string        // "" if it is not there
	PollingInterval time.Duration // 0 if it is not there
}

// ParseArgument reads an argument like
//
//	endpoint=http://collector:2000,polling_interval=60
//
// with the interval in seconds. Both parts may be missing. What cannot be used
// is an error, beside what can.
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#general-sdk-configuration
func ParseArgument(text string) (a Argument, err error) {
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		if problem := a.set(strings.TrimSpace(name), strings.TrimSpace(value)); problem != nil {
			err = fmt.Errorf("%w; write it like endpoint=%s,polling_interval=300", problem, DefaultEndpoint)
		}
	}
	return a, err
}

func (a *Argument) set(name, value string) error {
	switch name {
	case "endpoint":
		if !strings.Contains(value, "://") {
			value = "http://" + value
		}
		if err := WithEndpoint(value)(&Remote{}); err != nil {
			return err
		}
		a.Endpoint = value
		return nil
	case "polling_interval":
		seconds, err := strconv.ParseFloat(value, 64)
		if err != nil || !(seconds >= 1 && seconds <= 86400) {
			return fmt.Errorf("polling_interval %q is not a number of seconds from 1 to 86400", value)
		}
		a.PollingInterval = time.Duration(seconds * float64(time.Second))
		return nil
	}
	return fmt.Errorf("%q is not known", name)
}

// Options returns the options for what the argument names.
func (a Argument) Options() []Option {
	var opts []Option
	if a.Endpoint != "" {
		opts = append(opts, WithEndpoint(a.Endpoint))
	}
	if a.PollingInterval != 0 {
		opts = append(opts, WithPollingInterval(a.PollingInterval))
	}
	return opts
}
