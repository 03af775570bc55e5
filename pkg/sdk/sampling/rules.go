package sampling

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// maxFile is how many bytes a rule file may have.
const maxFile = 1 << 20

// Rules samples by a rule file of the X-Ray SDKs, which no other process
// shares. Its methods may be called concurrently; it has no goroutine.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-sdk-go-configuration.html#xray-sdk-go-configuration-sampling
type Rules struct {
	clock       *clock
	rules       []*fileRule
	defaultRule *budget
	source      string // where the rules are from
}

type fileRule struct {
	host, method, path pattern
	*budget
}

var _ sdktrace.Sampler = (*Rules)(nil)

// DefaultRules returns X-Ray's default without any file: 1 request a second
// and 5 % of the rest.
func DefaultRules() *Rules {
	return &Rules{clock: newClock(), defaultRule: &budget{size: 1, rate: 0.05}}
}

// ruleFile is the JSON of a rule file.
type ruleFile struct {
	Version int
	Default *fileRuleDocument
	Rules   []fileRuleDocument
}

type fileRuleDocument struct {
	Host        string  `json:"host"`
	ServiceName string  `json:"service_name"`
	HTTPMethod  string  `json:"http_method"`
	URLPath     string  `json:"url_path"`
	FixedTarget int64   `json:"fixed_target"`
	Rate        float64 `json:"rate"`
}

// ReadRules reads a rule file of version 1 or 2, of at most 1 MB.
func ReadRules(path string) (*Rules, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("sampling rules: %w", err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("sampling rules %s: %w", path, err)
	}
	if len(content) > maxFile {
		return nil, fmt.Errorf("sampling rules %s: more than %d bytes", path, maxFile)
	}
	rules, err := ParseRules(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	rules.source = path
	return rules, nil
}

// ParseRules reads the content of a rule file of version 1 or 2. A file must
// have a default rule, which names a budget alone; every other rule must name
// a host (in version 1 called service_name), an http_method and a url_path,
// where * is everything.
func ParseRules(content []byte) (*Rules, error) {
	var file ruleFile
	if err := json.Unmarshal(content, &file); err != nil {
		return nil, fmt.Errorf("sampling rules: %w", err)
	}
	switch {
	case file.Version != 1 && file.Version != 2:
		return nil, fmt.Errorf("sampling rules: version %d is not known, only 1 and 2 are", file.Version)
	case file.Default == nil:
		return nil, errors.New("sampling rules: there is no default rule")
	case file.Default.Host != "" || file.Default.ServiceName != "" || file.Default.HTTPMethod != "" || file.Default.URLPath != "":
		return nil, errors.New("sampling rules: the default rule may not have a host, service_name, http_method or url_path")
	}
	rules := &Rules{clock: newClock(), source: "rules"}
	var err error
	if rules.defaultRule, err = file.Default.budget(); err != nil {
		return nil, fmt.Errorf("sampling rules: default rule: %w", err)
	}
	for i, d := range file.Rules {
		rule, err := d.rule(file.Version)
		if err != nil {
			return nil, fmt.Errorf("sampling rules: rule %d: %w", i+1, err)
		}
		rules.rules = append(rules.rules, rule)
	}
	return rules, nil
}

func (d *fileRuleDocument) rule(version int) (*fileRule, error) {
	host, other, name := d.Host, d.ServiceName, "host"
	if version == 1 {
		host, other, name = d.ServiceName, d.Host, "service_name"
	}
	if host == "" || other != "" || d.HTTPMethod == "" || d.URLPath == "" {
		return nil, fmt.Errorf("version %d wants %s, http_method and url_path, and no other pattern", version, name)
	}
	b, err := d.budget()
	return &fileRule{
		host:   compilePattern(host),
		method: compilePattern(d.HTTPMethod),
		path:   compilePattern(d.URLPath),
		budget: b,
	}, err
}

func (d *fileRuleDocument) budget() (*budget, error) {
	if d.FixedTarget < 0 || !(d.Rate >= 0 && d.Rate <= 1) {
		return nil, fmt.Errorf("fixed_target %d must not be negative, and rate %v must be between 0 and 1", d.FixedTarget, d.Rate)
	}
	return &budget{size: d.FixedTarget, rate: d.Rate}, nil
}

// Decide answers a request by the first rule that matches it, else by the
// default rule. A field that the request leaves empty matches, as in the X-Ray
// SDK, every pattern. Decide does not allocate, lock or wait.
func (s *Rules) Decide(r *Request) Decision {
	now := s.clock.now()
	for i := range s.rules {
		rule := s.rules[i]
		if matchField(&rule.path, r.Path, true) && matchField(&rule.method, r.Method, true) &&
			(matchField(&rule.host, r.Host, true) || rule.host.match(hostname(r.Host))) {
			return Decision{Sample: rule.sample(now)}
		}
	}
	return Decision{Sample: s.defaultRule.sample(now)}
}

// ShouldSample implements sdktrace.Sampler by the span's attributes. It does
// not look at the parent.
func (s *Rules) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	var r Request
	r.setAttributes(p.Attributes)
	return s.Decide(&r).result(&p)
}

// Description implements sdktrace.Sampler.
func (s *Rules) Description() string {
	return "XRayLocalSampler{" + s.String() + "}"
}

// String says which rules these are.
func (s *Rules) String() string {
	if s.source != "" {
		return s.source
	}
	return fmt.Sprintf("%d a second and %g %% of the rest", s.defaultRule.size, 100*s.defaultRule.rate)
}
