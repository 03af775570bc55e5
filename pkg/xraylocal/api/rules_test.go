package api_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
)

func asError[E error](err error, to *E) bool { return errors.As(err, to) }

func newRule(name string) *types.SamplingRule {
	return &types.SamplingRule{
		RuleName: &name, Priority: aws.Int32(7), FixedRate: 0.25, ReservoirSize: 6, Version: aws.Int32(1),
		Host: str("*"), HTTPMethod: str("GET"), ResourceARN: str("*"), ServiceName: str("web"), ServiceType: str("*"), URLPath: str("/api/*"),
	}
}

func createRule(t *testing.T, s *service, name string) {
	t.Helper()
	must[*xray.CreateSamplingRuleOutput](t)(s.CreateSamplingRule(t.Context(), &xray.CreateSamplingRuleInput{SamplingRule: newRule(name)}))
}

func rules(t *testing.T, s *service) (all []types.SamplingRuleRecord) {
	t.Helper()
	pages := xray.NewGetSamplingRulesPaginator(s, &xray.GetSamplingRulesInput{})
	for pages.HasMorePages() {
		all = append(all, must[*xray.GetSamplingRulesOutput](t)(pages.NextPage(t.Context())).SamplingRuleRecords...)
	}
	return all
}

var defaultRule = types.SamplingRuleRecord{CreatedAt: epoch(0), ModifiedAt: epoch(0), SamplingRule: &types.SamplingRule{
	RuleName: str("Default"), RuleARN: str("arn:aws:xray:eu-central-1:000000000000:sampling-rule/Default"),
	Priority: aws.Int32(10000), FixedRate: 0.05, ReservoirSize: 1, Version: aws.Int32(1),
	Host: str("*"), HTTPMethod: str("*"), ResourceARN: str("*"), ServiceName: str("*"), ServiceType: str("*"), URLPath: str("*"),
}}

func TestSamplingRules(t *testing.T) {
	s, ctx := newService(t), t.Context()
	same(t, []types.SamplingRuleRecord{defaultRule}, rules(t, s))

	created := must[*xray.CreateSamplingRuleOutput](t)(s.CreateSamplingRule(ctx, &xray.CreateSamplingRuleInput{SamplingRule: newRule("a")})).SamplingRuleRecord
	want := types.SamplingRuleRecord{CreatedAt: epoch(1790158400), ModifiedAt: epoch(1790158400), SamplingRule: newRule("a")}
	want.SamplingRule.RuleARN = str("arn:aws:xray:eu-central-1:000000000000:sampling-rule/a")
	same(t, &want, created)
	byARN := newRule("")
	byARN.RuleName, byARN.RuleARN = nil, str("arn:aws:xray:eu-central-1:000000000000:sampling-rule/Zed")
	byARN.SamplingRateBoost = &types.SamplingRateBoost{MaxRate: 0.5, CooldownWindowMinutes: 1}
	zed := must[*xray.CreateSamplingRuleOutput](t)(s.CreateSamplingRule(ctx, &xray.CreateSamplingRuleInput{SamplingRule: byARN})).SamplingRuleRecord
	same(t, "Zed", *zed.SamplingRule.RuleName)

	s.restart()
	same(t, []types.SamplingRuleRecord{*zed, want, defaultRule}, rules(t, s)) // by name, capitals first, then Default

	s.now = s.now.Add(time.Minute)
	updated := must[*xray.UpdateSamplingRuleOutput](t)(s.UpdateSamplingRule(ctx, &xray.UpdateSamplingRuleInput{SamplingRuleUpdate: &types.SamplingRuleUpdate{
		RuleARN: want.SamplingRule.RuleARN, FixedRate: aws.Float64(1), Attributes: map[string]string{"k": "v*"},
	}}))
	want.SamplingRule.FixedRate, want.SamplingRule.Attributes, want.ModifiedAt = 1, map[string]string{"k": "v*"}, epoch(1790158460)
	same(t, &want, updated.SamplingRuleRecord)
	updated = must[*xray.UpdateSamplingRuleOutput](t)(s.UpdateSamplingRule(ctx, &xray.UpdateSamplingRuleInput{SamplingRuleUpdate: &types.SamplingRuleUpdate{RuleName: str("Zed"), Priority: aws.Int32(1)}}))
	if boost := updated.SamplingRuleRecord.SamplingRule.SamplingRateBoost; boost != nil {
		t.Errorf("an update without a boost left %v", boost)
	}
	must[*xray.UpdateSamplingRuleOutput](t)(s.UpdateSamplingRule(ctx, &xray.UpdateSamplingRuleInput{SamplingRuleUpdate: &types.SamplingRuleUpdate{
		RuleName: str("Default"), FixedRate: aws.Float64(0), ReservoirSize: aws.Int32(0),
	}}))
	deleted := must[*xray.DeleteSamplingRuleOutput](t)(s.DeleteSamplingRule(ctx, &xray.DeleteSamplingRuleInput{RuleName: str("Zed")}))
	same(t, updated.SamplingRuleRecord, deleted.SamplingRuleRecord)

	s.restart()
	changed := defaultRule
	changed.ModifiedAt, changed.SamplingRule = epoch(1790158460), &types.SamplingRule{}
	*changed.SamplingRule = *defaultRule.SamplingRule
	changed.SamplingRule.FixedRate, changed.SamplingRule.ReservoirSize = 0, 0
	same(t, []types.SamplingRuleRecord{want, changed}, rules(t, s))
	must[*xray.DeleteSamplingRuleOutput](t)(s.DeleteSamplingRule(ctx, &xray.DeleteSamplingRuleInput{RuleARN: want.SamplingRule.RuleARN}))
	same(t, []types.SamplingRuleRecord{changed}, rules(t, s))
}

func TestSamplingRuleErrors(t *testing.T) {
	s, ctx := newService(t), t.Context()
	createRule(t, s, "there")
	arn := "arn:aws:xray:eu-central-1:000000000000:sampling-rule/there"
	create := func(change func(*types.SamplingRule)) error {
		rule := newRule("new")
		change(rule)
		_, err := s.CreateSamplingRule(ctx, &xray.CreateSamplingRuleInput{SamplingRule: rule})
		return err
	}
	update := func(u types.SamplingRuleUpdate) error {
		_, err := s.UpdateSamplingRule(ctx, &xray.UpdateSamplingRuleInput{SamplingRuleUpdate: &u})
		return err
	}
	remove := func(in xray.DeleteSamplingRuleInput) error { _, err := s.DeleteSamplingRule(ctx, &in); return err }
	const both = "Request cannot contain both sampling rule name and sampling rule ARN"
	const neither = "Request must contain either sampling rule name or sampling rule ARN"
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"exists":         {create(func(r *types.SamplingRule) { r.RuleName = str("there") }), "Sampling rule already exists"},
		"Default":        {create(func(r *types.SamplingRule) { r.RuleName = str("Default") }), "Sampling rule already exists"},
		"version":        {create(func(r *types.SamplingRule) { r.Version = aws.Int32(2) }), "Sampling rule version must be 1"},
		"create by both": {create(func(r *types.SamplingRule) { r.RuleARN = &arn }), both},
		"without a name": {create(func(r *types.SamplingRule) { r.RuleName = nil }), neither},
		"bad ARN":        {create(func(r *types.SamplingRule) { r.RuleName, r.RuleARN = nil, str("arn:aws:xray:x:y:group/z") }), "Invalid sampling rule ARN"},
		"empty attribute": {create(func(r *types.SamplingRule) { r.Attributes = map[string]string{"a": ""} }),
			`Invalid attribute "a" of a sampling rule: key and value have 1 to 32 characters`},

		"update by both":      {update(types.SamplingRuleUpdate{RuleName: str("there"), RuleARN: &arn}), both},
		"update of none":      {update(types.SamplingRuleUpdate{RuleName: str("gone")}), "Sampling rule does not exist"},
		"priority 0":          {update(types.SamplingRuleUpdate{RuleName: str("there"), FixedRate: aws.Float64(1), Priority: aws.Int32(0)}), "Invalid update request for sampling rule"},
		"rate 2":              {update(types.SamplingRuleUpdate{RuleName: str("there"), FixedRate: aws.Float64(2)}), "Invalid update request for sampling rule"},
		"negative reservoir":  {update(types.SamplingRuleUpdate{RuleName: str("there"), ReservoirSize: aws.Int32(-1)}), "Invalid update request for sampling rule"},
		"priority of Default": {update(types.SamplingRuleUpdate{RuleName: str("Default"), Priority: aws.Int32(1)}), "Only the reservoir size and fixed rate of the default sampling rule can be modified"},

		"delete of none":    {remove(xray.DeleteSamplingRuleInput{RuleName: str("gone")}), "Sampling rule does not exist"},
		"delete by both":    {remove(xray.DeleteSamplingRuleInput{RuleName: str("there"), RuleARN: &arn}), both},
		"delete by neither": {remove(xray.DeleteSamplingRuleInput{}), neither},
		"delete Default":    {remove(xray.DeleteSamplingRuleInput{RuleName: str("Default")}), "The default sampling rule cannot be deleted"},
	} {
		t.Run(name, func(t *testing.T) { refuses[invalidRequest](t, tt.err, tt.want) })
	}
	for name, tt := range map[string]struct {
		change func(*types.SamplingRule)
		want   string
	}{
		"priority 0":     {func(r *types.SamplingRule) { r.Priority = aws.Int32(0) }, "Value '0' at 'samplingRule.priority' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		"priority 10000": {func(r *types.SamplingRule) { r.Priority = aws.Int32(10000) }, "less than or equal to 9999"},
		"rate":           {func(r *types.SamplingRule) { r.FixedRate = 1.5 }, "'samplingRule.fixedRate' failed to satisfy constraint: Member must have value less than or equal to 1"},
		"long name":      {func(r *types.SamplingRule) { r.RuleName = str(strings.Repeat("n", 33)) }, "'samplingRule.ruleName' failed to satisfy constraint: Member must have length less than or equal to 32"},
		"attributes": {func(r *types.SamplingRule) {
			r.Attributes = map[string]string{"a": "b", "b": "b", "c": "b", "d": "b", "e": "b", "f": "b"}
		}, "'samplingRule.attributes' failed to satisfy constraint: Member must have length less than or equal to 5"},
		"two at once": {func(r *types.SamplingRule) { r.FixedRate, r.ReservoirSize = -1, -1 }, "2 validation errors detected: "},
	} {
		t.Run(name, func(t *testing.T) { invalid(t, create(tt.change), tt.want) })
	}
	if all := rules(t, s); len(all) != 2 || all[0].SamplingRule.FixedRate != 0.25 {
		t.Errorf("what was refused has changed something: %v", all)
	}
	for n := range api.MaxRules - 1 {
		createRule(t, s, named("r", n))
	}
	refuses[*types.RuleLimitExceededException](t, create(func(*types.SamplingRule) {}), "The maximum number of custom sampling rules has been reached.")
}

func report(rule, client string, requests, sampled, borrowed int32) types.SamplingStatisticsDocument {
	return types.SamplingStatisticsDocument{
		RuleName: &rule, ClientID: str(strings.Repeat(client, 24)), Timestamp: epoch(1790158400),
		RequestCount: requests, SampledCount: sampled, BorrowCount: borrowed,
	}
}

func TestSamplingTargets(t *testing.T) {
	s, ctx := newService(t), t.Context()
	createRule(t, s, "r")
	targets := func(docs ...types.SamplingStatisticsDocument) *xray.GetSamplingTargetsOutput {
		t.Helper()
		docs = append([]types.SamplingStatisticsDocument{}, docs...) // the SDK wants a list
		return must[*xray.GetSamplingTargetsOutput](t)(s.GetSamplingTargets(ctx, &xray.GetSamplingTargetsInput{SamplingStatisticsDocuments: docs}))
	}
	target := func(name string, rate float64, quota int32) types.SamplingTargetDocument {
		return types.SamplingTargetDocument{RuleName: &name, FixedRate: rate, ReservoirQuota: &quota, Interval: aws.Int32(10), ReservoirQuotaTTL: epoch(s.now.Unix() + 300)}
	}
	out := targets(report("r", "a", 100, 5, 1), report("Default", "a", 1, 1, 0), report("gone", "a", 1, 1, 0))
	same(t, []types.SamplingTargetDocument{target("r", 0.25, 6), target("Default", 0.05, 1)}, out.SamplingTargetDocuments)
	same(t, []types.UnprocessedStatistics{{RuleName: str("gone"), ErrorCode: str("400"), Message: str("Unknown rule")}}, out.UnprocessedStatistics)
	same(t, epoch(1790158400), out.LastRuleModification)

	s.now = s.now.Add(2 * time.Second)
	same(t, target("r", 0.25, 0), targets(report("r", "b", 100, 0, 0)).SamplingTargetDocuments[0]) // a has it all, still
	s.now = s.now.Add(8 * time.Second)
	same(t, target("r", 0.25, 3), targets(report("r", "a", 100, 5, 0)).SamplingTargetDocuments[0])
	same(t, target("r", 0.25, 3), targets(report("r", "b", 100, 5, 0)).SamplingTargetDocuments[0])
	if out := targets(); len(out.SamplingTargetDocuments) != 0 {
		t.Errorf("no report, and %v", out.SamplingTargetDocuments)
	}

	s.restart()
	summaries := must[*xray.GetSamplingStatisticSummariesOutput](t)(s.GetSamplingStatisticSummaries(ctx, &xray.GetSamplingStatisticSummariesInput{}))
	sum := func(name string, at int64, requests, sampled, borrowed int32) types.SamplingStatisticSummary {
		return types.SamplingStatisticSummary{RuleName: &name, Timestamp: epoch(at), RequestCount: requests, SampledCount: sampled, BorrowCount: borrowed}
	}
	same(t, []types.SamplingStatisticSummary{
		sum("r", 1790158410, 200, 10, 0), sum("r", 1790158400, 200, 5, 1), sum("Default", 1790158400, 1, 1, 0),
	}, summaries.SamplingStatisticSummaries)

	s.now = s.now.Add(time.Second)
	must[*xray.DeleteSamplingRuleOutput](t)(s.DeleteSamplingRule(ctx, &xray.DeleteSamplingRuleInput{RuleName: str("r")}))
	out = targets(report("r", "a", 1, 1, 1))
	if len(out.UnprocessedStatistics) != 1 || out.LastRuleModification.Unix() != s.now.Unix() {
		t.Errorf("after the rule was deleted: %v at %v", out.UnprocessedStatistics, out.LastRuleModification)
	}
	s.now = s.now.Add(2 * time.Hour)
	summaries = must[*xray.GetSamplingStatisticSummariesOutput](t)(s.GetSamplingStatisticSummaries(ctx, &xray.GetSamplingStatisticSummariesInput{}))
	same(t, []types.SamplingStatisticSummary{sum("Default", 1790165610, 0, 0, 0)}, summaries.SamplingStatisticSummaries)

	_, err := s.GetSamplingTargets(ctx, &xray.GetSamplingTargetsInput{SamplingStatisticsDocuments: make26()})
	invalid(t, err, "'samplingStatisticsDocuments' failed to satisfy constraint: Member must have length less than or equal to 25")
	short := report("r", "a", 1, 1, 1)
	short.ClientID = str("short")
	_, err = s.GetSamplingTargets(ctx, &xray.GetSamplingTargetsInput{SamplingStatisticsDocuments: []types.SamplingStatisticsDocument{short}})
	invalid(t, err, "'samplingStatisticsDocuments.1.member.clientID' failed")
}

func make26() (docs []types.SamplingStatisticsDocument) {
	for range 26 {
		docs = append(docs, report("r", "a", 1, 1, 1))
	}
	return docs
}

// TestStatisticSummaryPages reads more windows than fit a page.
func TestStatisticSummaryPages(t *testing.T) {
	s, ctx := newService(t), t.Context()
	var docs []types.SamplingStatisticsDocument
	for n := range 4 {
		createRule(t, s, named("r", n))
		docs = append(docs, report(named("r", n), "a", 1, 1, 1))
	}
	for range 30 {
		s.now = s.now.Add(10 * time.Second)
		must[*xray.GetSamplingTargetsOutput](t)(s.GetSamplingTargets(ctx, &xray.GetSamplingTargetsInput{SamplingStatisticsDocuments: docs}))
	}
	pages := xray.NewGetSamplingStatisticSummariesPaginator(s, &xray.GetSamplingStatisticSummariesInput{})
	seen := make(map[string]bool)
	var n int
	for ; pages.HasMorePages(); n++ {
		for _, sum := range must[*xray.GetSamplingStatisticSummariesOutput](t)(pages.NextPage(ctx)).SamplingStatisticSummaries {
			seen[*sum.RuleName+sum.Timestamp.String()] = true
		}
	}
	if n != 2 || len(seen) != 4*30+1 { // and one of Default
		t.Errorf("%d windows in %d pages", len(seen), n)
	}
	_, err := s.GetSamplingStatisticSummaries(ctx, &xray.GetSamplingStatisticSummariesInput{NextToken: str("x")})
	refuses[invalidRequest](t, err, "Invalid NextToken")
}

func TestSamplingBoost(t *testing.T) {
	s, ctx := newService(t), t.Context()
	rule := newRule("r")
	rule.FixedRate, rule.SamplingRateBoost = 0.05, &types.SamplingRateBoost{MaxRate: 0.5, CooldownWindowMinutes: 1}
	must[*xray.CreateSamplingRuleOutput](t)(s.CreateSamplingRule(ctx, &xray.CreateSamplingRuleInput{SamplingRule: rule}))
	call := func(rule string, anomalies int32) *xray.GetSamplingTargetsOutput {
		t.Helper()
		return must[*xray.GetSamplingTargetsOutput](t)(s.GetSamplingTargets(ctx, &xray.GetSamplingTargetsInput{
			SamplingStatisticsDocuments: []types.SamplingStatisticsDocument{report(rule, "a", 1000, 50, 0)},
			SamplingBoostStatisticsDocuments: []types.SamplingBoostStatisticsDocument{{
				RuleName: &rule, ServiceName: str("web"), Timestamp: epoch(1790158400), TotalCount: 1000, AnomalyCount: anomalies,
			}},
		}))
	}
	if out := call("r", 0); out.SamplingTargetDocuments[0].SamplingBoost != nil {
		t.Errorf("boosted without an anomaly: %v", out.SamplingTargetDocuments[0].SamplingBoost)
	}
	same(t, &types.SamplingBoost{BoostRate: 0.1, BoostRateTTL: epoch(s.now.Unix() + 20)}, call("r", 900).SamplingTargetDocuments[0].SamplingBoost)
	out := call("gone", 900)
	same(t, []types.UnprocessedStatistics{{RuleName: str("gone"), ErrorCode: str("400"), Message: str("Unknown rule")}}, out.UnprocessedBoostStatistics)
	if out := call("Default", 900); out.SamplingTargetDocuments[0].SamplingBoost != nil {
		t.Error("a rule without boosts was boosted")
	}
}
