package sampling

import (
	"encoding/json"
	"os"

	rules "github.com/bragg-tracing/bragg/pkg/sdk/sampling"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/resources"
)

// LocalizedStrategy decides by a rule file, on its own. Make it with one of
// the New functions.
type LocalizedStrategy struct {
	rules *rules.Rules
}

// NewLocalizedStrategy returns a strategy that records 1 request a second and
// 5 % of the others.
func NewLocalizedStrategy() (*LocalizedStrategy, error) {
	return NewLocalizedStrategyFromJSONBytes(resources.MustAsset("resources/DefaultSamplingRules.json"))
}

// NewLocalizedStrategyFromFilePath returns a strategy by a rule file.
func NewLocalizedStrategyFromFilePath(fp string) (*LocalizedStrategy, error) {
	content, err := os.ReadFile(fp)
	if err != nil {
		return nil, err
	}
	return NewLocalizedStrategyFromJSONBytes(content)
}

// NewLocalizedStrategyFromJSONBytes returns a strategy by the content of a
// rule file.
func NewLocalizedStrategyFromJSONBytes(b []byte) (*LocalizedStrategy, error) {
	manifest, err := ManifestFromJSONBytes(b)
	if err != nil {
		return nil, err
	}
	parsed, err := manifest.parsed()
	if err != nil {
		return nil, err
	}
	return &LocalizedStrategy{parsed}, nil
}

// parsed is the manifest for the other package, which wants rates of at most 1.
func (m *RuleManifest) parsed() (*rules.Rules, error) {
	content, err := json.Marshal(struct {
		Version int          `json:"version"`
		Default Properties   `json:"default"`
		Rules   []Properties `json:"rules"`
	}{2, m.Default.limited(), limited(m.Rules)})
	if err != nil {
		return nil, err
	}
	return rules.ParseRules(content)
}

func limited(list []*Rule) []Properties {
	all := make([]Properties, len(list))
	for i, r := range list {
		all[i] = r.limited()
	}
	return all
}

func (r *Rule) limited() Properties {
	p := *r.Properties
	p.Rate = min(p.Rate, 1)
	return p
}

// ShouldTrace decides by the first rule that applies, or the default one.
func (s *LocalizedStrategy) ShouldTrace(rq *Request) *Decision {
	return decision(s.rules.Decide(rq.other()))
}

func (r *Request) other() *rules.Request {
	return &rules.Request{
		Host: r.Host, Method: r.Method, Path: r.URL,
		ServiceName: r.ServiceName, ServiceType: r.ServiceType, Partial: true,
	}
}

// recorded and ignored are the decisions of rules without names. They are
// handed out again and again: a Decision is not to be written.
var recorded, ignored = &Decision{Sample: true}, &Decision{}

func decision(d rules.Decision) *Decision {
	switch {
	case d.RuleName != "":
		return &Decision{Sample: d.Sample, Rule: &d.RuleName}
	case d.Sample:
		return recorded
	}
	return ignored
}
