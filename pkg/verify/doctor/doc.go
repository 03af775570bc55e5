// Package doctor examines what traces need on their way, before any is sent:
// configuration, ports, endpoints, credentials, permissions, keys, versions and
// the clock. It changes nothing anywhere: permissions are tried with calls that
// cannot store or alter anything.
//
// Each [Check] has a state, says what it found, and what to do about it. No
// check's text has a key or a credential in it.
package doctor

import (
	"context"
	"time"
)

// The states of a check.
const (
	OK   = "ok"
	Warn = "warn" // it works, but not as it should, or not for long
	Fail = "fail" // it does not work
	Skip = "skip" // it could not be tried, because of another check
)

// A Check is one thing that was looked at.
type Check struct {
	Part   string `json:"part"` // environment, collector, X-Ray or New Relic
	Name   string `json:"name"` // what was looked at, stable
	State  string `json:"state"`
	Found  string `json:"found"`
	Remedy string `json:"remedy,omitempty"` // "" if there is nothing to do
}

// A Report has the checks in the order in which a trace meets what they look at.
type Report struct {
	OK     bool    `json:"ok"` // nothing failed
	Checks []Check `json:"checks"`
}

// checkTimeout bounds each check that goes over a network.
const checkTimeout = 10 * time.Second

// Run examines everything that cfg names.
func Run(ctx context.Context, cfg Config) Report {
	d := &doctor{Config: cfg}
	d.environment()
	d.collector(ctx)
	if cfg.XRay != nil {
		d.xray(ctx)
	}
	if cfg.NewRelic != nil {
		d.newRelic(ctx)
	}
	r := Report{OK: true, Checks: d.checks}
	for _, c := range d.checks {
		r.OK = r.OK && c.State != Fail
	}
	return r
}

// A doctor gathers checks.
type doctor struct {
	Config
	checks []Check
}

func (d *doctor) add(part, name, state, found, remedy string) {
	d.checks = append(d.checks, Check{part, name, state, found, remedy})
}
