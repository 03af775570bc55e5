package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// MaxRules is how many sampling rules there may be beside Default.
// https://docs.aws.amazon.com/general/latest/gr/xray.html
const MaxRules = 25

func init() {
	serve("CreateSamplingRule", (*Handler).createSamplingRule)
	serve("DeleteSamplingRule", (*Handler).deleteSamplingRule)
	serve("GetSamplingRules", (*Handler).getSamplingRules)
	serve("UpdateSamplingRule", (*Handler).updateSamplingRule)
}

// A samplingRule is one as it is on the wire.
type samplingRule struct {
	Attributes        map[string]string `valid:"len=0..5"`
	FixedRate         *float64          `valid:"required,range=0..1"`
	HTTPMethod        *string           `valid:"required,len=0..10"`
	Host              *string           `valid:"required,len=0..64"`
	Priority          *int              `valid:"required,range=1..9999"`
	ReservoirSize     *int              `valid:"required,range=0..2147483647"`
	ResourceARN       *string           `valid:"required,len=0..500"`
	RuleARN           *string
	RuleName          *string            `valid:"len=1..32"`
	SamplingRateBoost *samplingRateBoost `json:",omitempty"`
	ServiceName       *string            `valid:"required,len=0..64"`
	ServiceType       *string            `valid:"required,len=0..64"`
	URLPath           *string            `valid:"required,len=0..128"`
	Version           *int               `valid:"required,range=1.."`
}

type samplingRateBoost struct {
	CooldownWindowMinutes *int     `valid:"required,range=1..2147483647"`
	MaxRate               *float64 `valid:"required,range=0..1"`
}

// A ruleRecord is how a rule is kept in the store, by its name.
type ruleRecord struct {
	CreatedAt    float64
	ModifiedAt   float64
	SamplingRule samplingRule // without its ARN, which depends on the caller
	Tags         tagSet       `json:",omitempty"`
}

func (c caller) ruleOut(r *ruleRecord) *ruleRecord {
	out := *r
	out.Tags = nil
	arn := c.arn("sampling-rule/" + *r.SamplingRule.RuleName)
	out.SamplingRule.RuleARN = &arn
	return &out
}

// orDefaultRule returns r or, if that is nil and the name is Default, the rule
// Default as it is before somebody changes it.
func orDefaultRule(r *ruleRecord, name string) *ruleRecord {
	if r != nil || name != defaultName {
		return r
	}
	any := "*"
	return &ruleRecord{SamplingRule: samplingRule{
		RuleName: &name, Priority: new(10000), FixedRate: new(0.05), ReservoirSize: new(1), Version: new(1),
		Host: &any, HTTPMethod: &any, ResourceARN: &any, ServiceName: &any, ServiceType: &any, URLPath: &any,
		Attributes: map[string]string{},
	}}
}

// ruleName returns the name of the rule that a request names, by name or ARN.
func (c caller) ruleName(name, arn *string) (string, error) {
	switch {
	case name != nil && arn != nil:
		return "", invalidRequest("Request cannot contain both sampling rule name and sampling rule ARN")
	case name == nil && arn == nil:
		return "", invalidRequest("Request must contain either sampling rule name or sampling rule ARN")
	case name != nil:
		return *name, nil
	}
	kind, rest := c.parseARN(*arn)
	if n := utf8.RuneCountInString(rest); kind != "sampling-rule" || n < 1 || n > 32 {
		return "", invalidRequest("Invalid sampling rule ARN")
	}
	return rest, nil
}

type samplingRuleResponse struct{ SamplingRuleRecord *ruleRecord }

type createSamplingRuleRequest struct {
	SamplingRule *samplingRule `valid:"required"`
	Tags         []tag         `valid:"len=0..200"`
}

func (h *Handler) createSamplingRule(ctx context.Context, in *createSamplingRuleRequest) (any, error) {
	c, rule := callerOf(ctx), in.SamplingRule
	name, err := c.ruleName(rule.RuleName, rule.RuleARN)
	if err != nil {
		return nil, err
	}
	if *rule.Version != 1 {
		return nil, invalidRequest("Sampling rule version must be 1")
	}
	if err := checkAttributes(rule.Attributes); err != nil {
		return nil, err
	}
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	rule.RuleName, rule.RuleARN = &name, nil
	if rule.Attributes == nil {
		rule.Attributes = map[string]string{}
	}
	now := second(h.now())
	record := &ruleRecord{CreatedAt: now, ModifiedAt: now, SamplingRule: *rule, Tags: tags}
	err = modifyOne(ctx, h.storeOf(ctx), kindRule, name, func(all map[string]*ruleRecord) (*ruleRecord, error) {
		delete(all, defaultName)
		switch {
		case all[name] != nil, name == defaultName:
			return nil, invalidRequest("Sampling rule already exists")
		case c.strict && len(all) >= MaxRules:
			return nil, &apiError{status: http.StatusBadRequest, shape: "RuleLimitExceededException",
				message: "The maximum number of custom sampling rules has been reached."}
		}
		return record, nil
	})
	if err != nil {
		return nil, err
	}
	return samplingRuleResponse{c.ruleOut(record)}, h.rulesModified(ctx)
}

// checkAttributes checks the parts of a map, which tags of fields cannot reach.
func checkAttributes(attributes map[string]string) error {
	for key, value := range attributes {
		if k, v := utf8.RuneCountInString(key), utf8.RuneCountInString(value); k < 1 || k > 32 || v < 1 || v > 32 {
			return invalidRequest("Invalid attribute %q of a sampling rule: key and value have 1 to 32 characters", shorten(key))
		}
	}
	return nil
}

type samplingRuleUpdate struct {
	Attributes        map[string]string `valid:"len=0..5"`
	FixedRate         *float64
	HTTPMethod        *string `valid:"len=0..10"`
	Host              *string `valid:"len=0..64"`
	Priority          *int
	ReservoirSize     *int
	ResourceARN       *string `valid:"len=0..500"`
	RuleARN           *string
	RuleName          *string `valid:"len=1..32"`
	SamplingRateBoost *samplingRateBoost
	ServiceName       *string `valid:"len=0..64"`
	ServiceType       *string `valid:"len=0..64"`
	URLPath           *string `valid:"len=0..128"`
}

// onlyRates reports whether nothing changes but what may change of Default.
func (u *samplingRuleUpdate) onlyRates() bool {
	return u.Attributes == nil && u.HTTPMethod == nil && u.Host == nil && u.Priority == nil && u.ResourceARN == nil &&
		u.SamplingRateBoost == nil && u.ServiceName == nil && u.ServiceType == nil && u.URLPath == nil
}

type updateSamplingRuleRequest struct {
	SamplingRuleUpdate *samplingRuleUpdate `valid:"required"`
}

func (h *Handler) updateSamplingRule(ctx context.Context, in *updateSamplingRuleRequest) (any, error) {
	c, u := callerOf(ctx), in.SamplingRuleUpdate
	name, err := c.ruleName(u.RuleName, u.RuleARN)
	if err != nil {
		return nil, err
	}
	if err := checkAttributes(u.Attributes); err != nil {
		return nil, err
	}
	var out *ruleRecord
	err = modify(ctx, h.storeOf(ctx), kindRule, name, func(r *ruleRecord) (*ruleRecord, error) {
		if r = orDefaultRule(r, name); r == nil {
			return nil, errNoRule
		}
		if name == defaultName && !u.onlyRates() {
			return nil, invalidRequest("Only the reservoir size and fixed rate of the default sampling rule can be modified")
		}
		u.apply(&r.SamplingRule)
		if name != defaultName && !inRange(*r.SamplingRule.Priority, 1, 9999) ||
			!inRange(*r.SamplingRule.FixedRate, 0, 1) || *r.SamplingRule.ReservoirSize < 0 {
			return nil, invalidRequest("Invalid update request for sampling rule")
		}
		r.ModifiedAt = second(h.now())
		out = r
		return r, nil
	})
	if err != nil {
		return nil, err
	}
	if out.SamplingRule.SamplingRateBoost == nil {
		h.sampling(ctx).boosts.Forget(name)
	}
	return samplingRuleResponse{c.ruleOut(out)}, h.rulesModified(ctx)
}

var errNoRule = invalidRequest("Sampling rule does not exist")

func inRange[T cmp.Ordered](v, low, high T) bool { return v >= low && v <= high }

// apply changes what the update has. A boost that it does not have is taken
// away, as the service does.
func (u *samplingRuleUpdate) apply(r *samplingRule) {
	if u.Attributes != nil {
		r.Attributes = u.Attributes
	}
	r.SamplingRateBoost = u.SamplingRateBoost
	replace(&r.FixedRate, u.FixedRate)
	replace(&r.HTTPMethod, u.HTTPMethod)
	replace(&r.Host, u.Host)
	replace(&r.Priority, u.Priority)
	replace(&r.ReservoirSize, u.ReservoirSize)
	replace(&r.ResourceARN, u.ResourceARN)
	replace(&r.ServiceName, u.ServiceName)
	replace(&r.ServiceType, u.ServiceType)
	replace(&r.URLPath, u.URLPath)
}

func replace[T any](old **T, v *T) {
	if v != nil {
		*old = v
	}
}

type deleteSamplingRuleRequest struct {
	RuleName *string
	RuleARN  *string
}

func (h *Handler) deleteSamplingRule(ctx context.Context, in *deleteSamplingRuleRequest) (any, error) {
	c := callerOf(ctx)
	name, err := c.ruleName(in.RuleName, in.RuleARN)
	if err != nil {
		return nil, err
	}
	if name == defaultName {
		return nil, invalidRequest("The default sampling rule cannot be deleted")
	}
	var deleted *ruleRecord
	s := h.storeOf(ctx)
	err = modify(ctx, s, kindRule, name, func(r *ruleRecord) (*ruleRecord, error) {
		if r == nil {
			return nil, errNoRule
		}
		deleted = r
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	h.sampling(ctx).forget(name)
	return samplingRuleResponse{c.ruleOut(deleted)}, h.rulesModified(ctx)
}

// rulesModified remembers that the rules are not what clients have read.
func (h *Handler) rulesModified(ctx context.Context) error {
	return modify(ctx, h.storeOf(ctx), kindSettings, keyRuleModified, func(*float64) (*float64, error) {
		now := second(h.now())
		return &now, nil
	})
}

type getSamplingRulesRequest struct{ NextToken *string }

type getSamplingRulesResponse struct {
	NextToken           *string
	SamplingRuleRecords []*ruleRecord
}

// getSamplingRules returns all rules, whatever the token, as the service does:
// by name, and Default last.
func (h *Handler) getSamplingRules(ctx context.Context, _ *getSamplingRulesRequest) (any, error) {
	rules, err := rulesOfNamespace(ctx, h.storeOf(ctx))
	if err != nil {
		return nil, err
	}
	out := getSamplingRulesResponse{SamplingRuleRecords: []*ruleRecord{}}
	for _, r := range rules {
		out.SamplingRuleRecords = append(out.SamplingRuleRecords, callerOf(ctx).ruleOut(r))
	}
	slices.SortFunc(out.SamplingRuleRecords, func(a, b *ruleRecord) int {
		x, y := *a.SamplingRule.RuleName, *b.SamplingRule.RuleName
		return cmp.Or(cmp.Compare(bit(x == defaultName), bit(y == defaultName)), strings.Compare(x, y))
	})
	return out, nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// rulesOfNamespace returns all rules by name.
func rulesOfNamespace(ctx context.Context, s *store.Store) (map[string]*ruleRecord, error) {
	rules, err := loadAll[ruleRecord](ctx, s, kindRule)
	if err != nil {
		return nil, err
	}
	rules[defaultName] = orDefaultRule(rules[defaultName], defaultName)
	return rules, nil
}
