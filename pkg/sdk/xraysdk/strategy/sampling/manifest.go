package sampling

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/pattern"
)

// Properties are those of a rule.
type Properties struct {
	ServiceName string  `json:"service_name"`
	Host        string  `json:"host"`
	HTTPMethod  string  `json:"http_method"`
	URLPath     string  `json:"url_path"`
	FixedTarget int64   `json:"fixed_target"` // requests a second that are recorded
	Rate        float64 `json:"rate"`         // the part of the others
}

// AppliesTo reports whether a rule's patterns match; what is empty matches.
func (p *Properties) AppliesTo(host, path, method string) bool {
	return matches(p.Host, host) && matches(p.URLPath, path) && matches(p.HTTPMethod, method)
}

func matches(p, text string) bool {
	return text == "" || pattern.WildcardMatchCaseInsensitive(p, text)
}

// RuleManifest is a rule file. The rules are tried in order, and the default
// one if none applies.
type RuleManifest struct {
	Version int     `json:"version"`
	Default *Rule   `json:"default"`
	Rules   []*Rule `json:"rules"`
}

// Rule is a rule of a file.
type Rule struct {
	reservoir Reservoir
	*Properties
}

// Sample decides one request by the rule's reservoir and rate.
func (r *Rule) Sample() *Decision {
	if r.Properties == nil {
		return &Decision{}
	}
	return &Decision{Sample: r.reservoir.take(r.FixedTarget, time.Now().Unix()) || rand.Float64() < r.Rate}
}

// Reservoir counts the requests of a second. Its zero value is empty: a Rule
// fills its own.
type Reservoir struct {
	mu       sync.Mutex
	capacity int64
	second   int64
	used     int64
}

// Take takes one of this second's requests, if there is one left.
func (r *Reservoir) Take() bool { return r.take(r.capacity, time.Now().Unix()) }

func (r *Reservoir) take(capacity, second int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if second != r.second {
		r.second, r.used = second, 0
	}
	if r.used >= capacity {
		return false
	}
	r.used++
	return true
}

// ManifestFromFilePath reads a rule file.
func ManifestFromFilePath(fp string) (*RuleManifest, error) {
	content, err := os.ReadFile(fp)
	if err != nil {
		return nil, err
	}
	return ManifestFromJSONBytes(content)
}

// ManifestFromJSONBytes reads the content of a rule file of version 1 or 2.
// Rules of version 1 have their service_name as Host.
func ManifestFromJSONBytes(b []byte) (*RuleManifest, error) {
	m := &RuleManifest{}
	if err := json.Unmarshal(b, m); err != nil {
		return nil, err
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *RuleManifest) check() error {
	if m.Version != 1 && m.Version != 2 {
		return fmt.Errorf("sampling rule manifest version %d not supported", m.Version)
	}
	d := m.Default
	switch {
	case d == nil || d.Properties == nil:
		return errors.New("sampling rule manifest must include a default rule")
	case d.URLPath != "" || d.ServiceName != "" || d.HTTPMethod != "":
		return errors.New("the default rule must not specify values for url_path, service_name, or http_method")
	case d.FixedTarget < 0 || d.Rate < 0:
		return errors.New("the default rule must specify non-negative values for fixed_target and rate")
	}
	d.reservoir.capacity = d.FixedTarget
	for i, r := range m.Rules {
		if r == nil || r.Properties == nil {
			return fmt.Errorf("rule %d is empty", i+1)
		}
		if err := r.check(m.Version); err != nil {
			return err
		}
		r.reservoir.capacity = r.FixedTarget
	}
	return nil
}

func (r *Rule) check(version int) error {
	if r.FixedTarget < 0 || r.Rate < 0 {
		return errors.New("all rules must have non-negative values for fixed_target and rate")
	}
	host, other, name := &r.Host, &r.ServiceName, "host"
	if version == 1 {
		host, other, name = other, host, "service_name"
	}
	if *host == "" || *other != "" || r.HTTPMethod == "" || r.URLPath == "" {
		return errors.New("all non-default rules must have values for url_path, " + name + ", and http_method")
	}
	if version == 1 {
		r.Host, r.ServiceName = r.ServiceName, ""
	}
	return nil
}
