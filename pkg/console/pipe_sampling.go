package console

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

// samplingRoutes serves the sampling rules, which X-Ray's API keeps.
func (c *console) samplingRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /console/api/pipe/rules", answer(c.rules))
	mux.HandleFunc("POST /console/api/pipe/rules", answer(c.saveRule))
	mux.HandleFunc("DELETE /console/api/pipe/rules", answer(c.deleteRule))
}

// defaultRule is the rule that is always there, and matches what no other does.
const defaultRule = "Default"

// A samplingRule is one rule with what its clients reported of late.
type samplingRule struct {
	Name        string            `json:"name"`
	Priority    int32             `json:"priority"`
	FixedRate   float64           `json:"fixedRate"` // 0 to 1
	Reservoir   int32             `json:"reservoir"` // a second
	ServiceName string            `json:"serviceName"`
	ServiceType string            `json:"serviceType"`
	Host        string            `json:"host"`
	Method      string            `json:"method"`
	Path        string            `json:"path"`
	ResourceARN string            `json:"resourceARN"`
	Attributes  map[string]string `json:"attributes"`
	Boost       *boost            `json:"boost"`
	// Create says that no rule of this name may be there. It is not answered.
	Create bool `json:"create,omitempty"`

	Default  bool    `json:"default"` // only rate and reservoir may change
	Modified float64 `json:"modified"`
	// Trend has one point for each ten seconds of late, oldest first; Matched,
	// Sampled and Borrowed are its sums.
	Trend    []trendPoint `json:"trend"`
	Matched  int          `json:"matched"`
	Sampled  int          `json:"sampled"`
	Borrowed int          `json:"borrowed"`
}

// A boost raises the rate while there are anomalies.
type boost struct {
	MaxRate  float64 `json:"maxRate"`
	Cooldown int32   `json:"cooldown"` // minutes
}

// A trendPoint is what clients reported in ten seconds.
type trendPoint struct {
	Matched  int `json:"matched"`
	Sampled  int `json:"sampled"`
	Borrowed int `json:"borrowed"`
}

// What a trend shows: GetSamplingStatisticSummaries has windows of ten seconds.
const (
	trendWindow = 10 * time.Second
	trendPoints = 30 // five minutes
)

type rulesAnswer struct {
	Rules []samplingRule `json:"rules"`
	// Window and Points say what a trend is: so many windows of so many seconds.
	Window float64 `json:"window"`
	Points int     `json:"points"`
}

func (c *console) rules(r *http.Request) (any, error) { return c.allRules(r.Context()) }

// allRules returns the rules in the order in which they are tried.
func (c *console) allRules(ctx context.Context) (rulesAnswer, error) {
	out := rulesAnswer{Rules: []samplingRule{}, Window: trendWindow.Seconds(), Points: trendPoints}
	pages := xray.NewGetSamplingRulesPaginator(c.xray, &xray.GetSamplingRulesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return out, err
		}
		for _, record := range page.SamplingRuleRecords {
			out.Rules = append(out.Rules, ruleOf(record))
		}
	}
	slices.SortStableFunc(out.Rules, func(a, b samplingRule) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Name, b.Name))
	})
	return out, c.addTrends(ctx, out.Rules)
}

func ruleOf(record types.SamplingRuleRecord) samplingRule {
	r := record.SamplingRule
	rule := samplingRule{
		Name: aws.ToString(r.RuleName), Priority: aws.ToInt32(r.Priority), FixedRate: r.FixedRate, Reservoir: r.ReservoirSize,
		ServiceName: aws.ToString(r.ServiceName), ServiceType: aws.ToString(r.ServiceType), Host: aws.ToString(r.Host),
		Method: aws.ToString(r.HTTPMethod), Path: aws.ToString(r.URLPath), ResourceARN: aws.ToString(r.ResourceARN),
		Attributes: r.Attributes, Modified: seconds(aws.ToTime(record.ModifiedAt)), Trend: make([]trendPoint, trendPoints),
	}
	if rule.Attributes == nil {
		rule.Attributes = map[string]string{}
	}
	if b := r.SamplingRateBoost; b != nil {
		rule.Boost = &boost{b.MaxRate, b.CooldownWindowMinutes}
	}
	rule.Default = rule.Name == defaultRule
	return rule
}

// addTrends reads what clients reported in the last minutes; the newest come
// first.
func (c *console) addTrends(ctx context.Context, rules []samplingRule) error {
	place := make(map[string]*samplingRule, len(rules))
	for i := range rules {
		place[rules[i].Name] = &rules[i]
	}
	current := c.now().Truncate(trendWindow)
	pages := xray.NewGetSamplingStatisticSummariesPaginator(c.xray, &xray.GetSamplingStatisticSummariesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, s := range page.SamplingStatisticSummaries {
			back := int(current.Sub(aws.ToTime(s.Timestamp).Truncate(trendWindow)) / trendWindow)
			if back >= trendPoints {
				return nil
			}
			rule := place[aws.ToString(s.RuleName)]
			if rule == nil || back < 0 {
				continue
			}
			point := &rule.Trend[trendPoints-1-back]
			point.Matched += int(s.RequestCount)
			point.Sampled += int(s.SampledCount)
			point.Borrowed += int(s.BorrowCount)
			rule.Matched += int(s.RequestCount)
			rule.Sampled += int(s.SampledCount)
			rule.Borrowed += int(s.BorrowCount)
		}
	}
	return nil
}

// saveRule makes a rule, or changes the one with its name. Of Default, X-Ray
// changes the rate and the reservoir.
func (c *console) saveRule(r *http.Request) (any, error) {
	var rule samplingRule
	if err := readJSON(r, &rule); err != nil {
		return nil, err
	}
	if rule.Name == "" {
		return nil, badRequest("The rule has no name", "Give it one of 1 to 32 characters.")
	}
	var err error
	if rule.Create {
		_, err = c.xray.CreateSamplingRule(r.Context(), &xray.CreateSamplingRuleInput{SamplingRule: rule.created()})
	} else {
		_, err = c.xray.UpdateSamplingRule(r.Context(), &xray.UpdateSamplingRuleInput{SamplingRuleUpdate: rule.updated()})
	}
	if err != nil {
		return nil, err
	}
	return c.allRules(r.Context())
}

// created fills what is empty with what matches everything.
func (r *samplingRule) created() *types.SamplingRule {
	any := func(s string) *string { return aws.String(cmp.Or(s, "*")) }
	return &types.SamplingRule{
		RuleName: &r.Name, Priority: &r.Priority, FixedRate: r.FixedRate, ReservoirSize: r.Reservoir, Version: aws.Int32(1),
		ServiceName: any(r.ServiceName), ServiceType: any(r.ServiceType), Host: any(r.Host), HTTPMethod: any(r.Method),
		URLPath: any(r.Path), ResourceARN: any(r.ResourceARN), Attributes: r.Attributes, SamplingRateBoost: r.Boost.out(),
	}
}

func (r *samplingRule) updated() *types.SamplingRuleUpdate {
	u := &types.SamplingRuleUpdate{RuleName: &r.Name, FixedRate: &r.FixedRate, ReservoirSize: &r.Reservoir}
	if r.Name == defaultRule {
		return u
	}
	all := r.created()
	u.Priority, u.ServiceName, u.ServiceType, u.Host = all.Priority, all.ServiceName, all.ServiceType, all.Host
	u.HTTPMethod, u.URLPath, u.ResourceARN, u.Attributes = all.HTTPMethod, all.URLPath, all.ResourceARN, all.Attributes
	u.SamplingRateBoost = all.SamplingRateBoost // left out, X-Ray takes it away
	return u
}

func (b *boost) out() *types.SamplingRateBoost {
	if b == nil {
		return nil
	}
	return &types.SamplingRateBoost{MaxRate: b.MaxRate, CooldownWindowMinutes: b.Cooldown}
}

// deleteRule deletes the rule ?name=.
func (c *console) deleteRule(r *http.Request) (any, error) {
	name := r.URL.Query().Get("name")
	if _, err := c.xray.DeleteSamplingRule(r.Context(), &xray.DeleteSamplingRuleInput{RuleName: &name}); err != nil {
		return nil, err
	}
	return c.allRules(r.Context())
}
