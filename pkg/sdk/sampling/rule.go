package sampling

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
)

// ruleDocument is a sampling rule as GetSamplingRules gives it.
// https://docs.aws.amazon.com/xray/latest/api/API_SamplingRule.html
type ruleDocument struct {
	RuleName      string
	Priority      int64
	FixedRate     float64
	ReservoirSize int64
	ServiceName   string
	ServiceType   string
	ResourceARN   string
	Host          string
	HTTPMethod    string
	URLPath       string
	Version       int64
	Attributes    map[string]string
}

// check returns why the rule cannot be used, nil if it can.
func (d *ruleDocument) check() error {
	switch {
	case d.RuleName == "":
		return fmt.Errorf("a sampling rule has no name")
	case d.Version != 1:
		return fmt.Errorf("sampling rule %s: version %d is not known, only 1 is", d.RuleName, d.Version)
	case !(d.FixedRate >= 0 && d.FixedRate <= 1):
		return fmt.Errorf("sampling rule %s: the fixed rate %v is not between 0 and 1", d.RuleName, d.FixedRate)
	case d.ReservoirSize < 0:
		return fmt.Errorf("sampling rule %s: the reservoir size %d is negative", d.RuleName, d.ReservoirSize)
	}
	return nil
}

// matcher is what a rule says of requests. It is apart from the rest of the
// rule so that those of all rules lie side by side in memory.
type matcher struct {
	path, method, host pattern
	attributes         []attributePattern
	service            servicePattern
	rule               *rule
}

type servicePattern struct {
	name, kind, arn pattern
}

func newMatcher(d *ruleDocument, r *rule) matcher {
	m := matcher{
		path:   compilePattern(d.URLPath),
		method: compilePattern(d.HTTPMethod),
		host:   compilePattern(d.Host),
		service: servicePattern{
			name: compilePattern(d.ServiceName),
			kind: compilePattern(d.ServiceType),
			arn:  compilePattern(d.ResourceARN),
		},
		rule: r,
	}
	for key, value := range d.Attributes {
		m.attributes = append(m.attributes, attributePattern{attribute.Key(key), compilePattern(value)})
	}
	return m
}

// matchRequest reports whether the rule is for the request, whatever the
// service.
func (m *matcher) matchRequest(r *Request) bool {
	if !matchField(&m.path, r.Path, r.Partial) || !matchField(&m.method, r.Method, r.Partial) {
		return false
	}
	if !matchField(&m.host, r.Host, r.Partial) && !m.host.match(hostname(r.Host)) {
		return false
	}
	for i := range m.attributes {
		if !m.attributes[i].match(r.Attributes) {
			return false
		}
	}
	return true
}

// matchService reports whether the rule is for the service.
func (m *matcher) matchService(r *Request) bool {
	s := &m.service
	return matchField(&s.name, r.ServiceName, r.Partial) &&
		matchField(&s.kind, r.ServiceType, r.Partial) &&
		matchField(&s.arn, r.ResourceARN, r.Partial)
}

func matchField(p *pattern, text string, partial bool) bool {
	return p.kind == matchAny || partial && text == "" || p.match(text)
}

// rule is one sampling rule with what was counted for it since the last report
// and what X-Ray allowed it then. It outlives the fetches of the rules.
type rule struct {
	name          string
	attributes    []attribute.KeyValue // RuleNameKey
	reservoirSize int64
	fixedRate     float64

	*statistics
}

func newRule(d *ruleDocument, s *statistics) *rule {
	return &rule{
		name:          d.RuleName,
		attributes:    []attribute.KeyValue{RuleNameKey.String(d.RuleName)},
		reservoirSize: d.ReservoirSize,
		fixedRate:     d.FixedRate,
		statistics:    s,
	}
}

// sample decides on a request that the rule matches: from the share of the
// reservoir that X-Ray gave this process, and where it gave none, or did too
// long ago, by borrowing 1 request a second; beyond that by the rate.
func (r *rule) sample(now time.Duration) Decision {
	d := Decision{RuleName: r.name, attributes: r.attributes}
	r.requests.Add(1)
	rate := r.fixedRate
	t := r.target.Load()
	if t != nil {
		rate = t.rate
	}
	switch {
	case t != nil && now < t.expires:
		d.Sample = r.take(now, t.quota)
	case r.reservoirSize > 0 && r.take(now, 1):
		r.borrowed.Add(1)
		d.Sample = true
		return d
	}
	d.Sample = d.Sample || chance(rate)
	if d.Sample {
		r.sampled.Add(1)
	}
	return d
}

// ruleSet is what one fetch of the rules brought, in the order in which rules
// apply. It never changes.
type ruleSet struct {
	rules   []*rule
	all     []block
	service Request // whose rules own are
	own     []block
	fetched time.Duration
}

// newRuleSet makes the set of the documents, which it sorts. Rules that before
// had already keep their statistics. Documents that cannot be used it leaves
// out and returns an error for each.
func newRuleSet(documents []ruleDocument, before *ruleSet, service Request) (*ruleSet, []error) {
	slices.SortStableFunc(documents, func(a, b ruleDocument) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.RuleName, b.RuleName))
	})
	known := map[string]*statistics{}
	if before != nil {
		for _, r := range before.rules {
			known[r.name] = r.statistics
		}
	}
	set := &ruleSet{service: service}
	var all, own []matcher
	var errs []error
	for i := range documents {
		d := &documents[i]
		if err := d.check(); err != nil {
			errs = append(errs, err)
			continue
		}
		s := known[d.RuleName]
		if s == nil {
			s = &statistics{}
		}
		s.setRate(d.FixedRate)
		m := newMatcher(d, newRule(d, s))
		set.rules = append(set.rules, m.rule)
		all = append(all, m)
		if m.matchService(&service) {
			own = append(own, m)
		}
	}
	set.all, set.own = newBlocks(all), newBlocks(own)
	return set, errs
}

// match returns the rule for the request, nil if there is none.
func (s *ruleSet) match(r *Request) *rule {
	blocks, known := s.all, s.isOwn(r)
	if known {
		blocks = s.own
	}
	for i := range blocks {
		if rule := blocks[i].match(r, known); rule != nil {
			return rule
		}
	}
	return nil
}

// isOwn reports whether the request is for the service that own is for.
func (s *ruleSet) isOwn(r *Request) bool {
	return !r.Partial && r.ServiceName == s.service.ServiceName &&
		r.ServiceType == s.service.ServiceType && r.ResourceARN == s.service.ResourceARN
}
