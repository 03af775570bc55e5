package api

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/sampling"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// How sampling statistics are kept, and how many come in a page.
const (
	window          = 10 * time.Second
	windowRetention = time.Hour
	windowsPage     = 100
)

func init() {
	serve("GetSamplingTargets", (*Handler).getSamplingTargets)
	serve("GetSamplingStatisticSummaries", (*Handler).getSamplingStatisticSummaries)
}

// A sampler is what is known of the clients of one namespace. It is not kept
// over a restart: clients report every few seconds.
type sampler struct {
	reservoirs sampling.Reservoirs
	boosts     sampling.Boosts
}

func (s *sampler) forget(rule string) {
	s.reservoirs.Forget(rule)
	s.boosts.Forget(rule)
}

// sampling returns the caller's sampler.
func (h *Handler) sampling(ctx context.Context) *sampler {
	h.mu.Lock()
	defer h.mu.Unlock()
	namespace := callerOf(ctx).namespace
	if h.samplers[namespace] == nil {
		h.samplers[namespace] = new(sampler)
	}
	return h.samplers[namespace]
}

type getSamplingTargetsRequest struct {
	SamplingStatisticsDocuments      []samplingStatistics `valid:"required,len=0..25"`
	SamplingBoostStatisticsDocuments []boostStatistics    `valid:"len=0..25"`
}

// samplingStatistics are one client's of one rule. The service takes documents
// without counts, whatever the model says.
type samplingStatistics struct {
	RuleName     *string  `valid:"required,len=1..32"`
	ClientID     *string  `valid:"required,len=24..24"`
	Timestamp    *float64 `valid:"required"`
	RequestCount int      `valid:"range=0..2147483647"`
	SampledCount int      `valid:"range=0..2147483647"`
	BorrowCount  int      `valid:"range=0..2147483647"`
}

type boostStatistics struct {
	RuleName            *string  `valid:"required"`
	ServiceName         *string  `valid:"required"`
	Timestamp           *float64 `valid:"required"`
	AnomalyCount        int      `valid:"range=0..2147483647"`
	TotalCount          int      `valid:"range=0..2147483647"`
	SampledAnomalyCount int      `valid:"range=0..2147483647"`
}

type getSamplingTargetsResponse struct {
	LastRuleModification       float64
	SamplingTargetDocuments    []samplingTarget
	UnprocessedBoostStatistics []unprocessedStatistics
	UnprocessedStatistics      []unprocessedStatistics
}

type samplingTarget struct {
	FixedRate         float64
	Interval          *int
	ReservoirQuota    *int
	ReservoirQuotaTTL *float64
	RuleName          string
	SamplingBoost     *samplingBoost `json:",omitempty"`
}

type samplingBoost struct {
	BoostRate    float64
	BoostRateTTL float64
}

type unprocessedStatistics struct {
	ErrorCode string
	Message   string
	RuleName  string
}

// getSamplingTargets takes what clients did, and says what to do next.
func (h *Handler) getSamplingTargets(ctx context.Context, in *getSamplingTargetsRequest) (any, error) {
	s := h.storeOf(ctx)
	rules, err := rulesOfNamespace(ctx, s)
	if err != nil {
		return nil, err
	}
	now, clients := h.now(), h.sampling(ctx)
	out := getSamplingTargetsResponse{
		SamplingTargetDocuments:    []samplingTarget{},
		UnprocessedBoostStatistics: []unprocessedStatistics{},
		UnprocessedStatistics:      []unprocessedStatistics{},
	}
	if out.LastRuleModification, err = lastModification(ctx, s, rules); err != nil {
		return nil, err
	}
	for _, d := range in.SamplingBoostStatisticsDocuments {
		rule := rules[*d.RuleName]
		if rule == nil {
			out.UnprocessedBoostStatistics = append(out.UnprocessedBoostStatistics, unknownRule(*d.RuleName))
		} else if limits, ok := boostLimits(&rule.SamplingRule); ok {
			clients.boosts.Report(now, *d.RuleName, limits, d.AnomalyCount, d.SampledAnomalyCount)
		}
	}
	counts := make(map[string]samplingCounts)
	for _, d := range in.SamplingStatisticsDocuments {
		rule := rules[*d.RuleName]
		if rule == nil {
			out.UnprocessedStatistics = append(out.UnprocessedStatistics, unknownRule(*d.RuleName))
			continue
		}
		counts[*d.RuleName] = counts[*d.RuleName].plus(samplingCounts{d.RequestCount, d.BorrowCount, d.SampledCount})
		out.SamplingTargetDocuments = append(out.SamplingTargetDocuments, clients.target(now, &rule.SamplingRule, d))
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if err := addToWindow(ctx, s, now, name, counts[name]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func unknownRule(name string) unprocessedStatistics {
	return unprocessedStatistics{ErrorCode: "400", Message: "Unknown rule", RuleName: name}
}

// target answers one client's report on one rule.
func (s *sampler) target(now time.Time, rule *samplingRule, d samplingStatistics) samplingTarget {
	quota := s.reservoirs.Report(now, *d.RuleName, *rule.ReservoirSize, *d.ClientID, d.RequestCount)
	interval, ttl := int(sampling.Interval.Seconds()), second(now.Add(sampling.QuotaTTL))
	t := samplingTarget{
		RuleName: *d.RuleName, FixedRate: *rule.FixedRate,
		Interval: &interval, ReservoirQuota: &quota, ReservoirQuotaTTL: &ttl,
	}
	if limits, ok := boostLimits(rule); ok {
		if rate, until, ok := s.boosts.Current(now, *d.RuleName, limits); ok {
			t.SamplingBoost = &samplingBoost{BoostRate: math.Round(rate*1000) / 1000, BoostRateTTL: second(until)}
		}
	}
	return t
}

func boostLimits(rule *samplingRule) (sampling.BoostLimits, bool) {
	b := rule.SamplingRateBoost
	if b == nil {
		return sampling.BoostLimits{}, false
	}
	return sampling.BoostLimits{
		FixedRate: *rule.FixedRate, MaxRate: *b.MaxRate,
		Cooldown: time.Duration(*b.CooldownWindowMinutes) * time.Minute,
	}, true
}

// lastModification returns when a rule was last made, changed or deleted.
func lastModification(ctx context.Context, s *store.Store, rules map[string]*ruleRecord) (float64, error) {
	at, err := load[float64](ctx, s, kindSettings, keyRuleModified)
	if err != nil {
		return 0, err
	}
	var last float64
	if at != nil {
		last = *at
	}
	for _, r := range rules {
		last = max(last, r.ModifiedAt)
	}
	return last, nil
}

// samplingCounts are what clients reported of a rule.
type samplingCounts struct{ RequestCount, BorrowCount, SampledCount int }

func (c samplingCounts) plus(d samplingCounts) samplingCounts {
	return samplingCounts{
		clamp(c.RequestCount + d.RequestCount), clamp(c.BorrowCount + d.BorrowCount), clamp(c.SampledCount + d.SampledCount),
	}
}

// clamp keeps a sum in what a client can read: an integer of 32 bits.
func clamp(n int) int { return min(n, math.MaxInt32) }

type samplingSummary struct {
	RuleName  string
	Timestamp float64 // when the window began
	samplingCounts
}

// A window's key sorts by time.
func windowKey(begin time.Time, rule string) string {
	return fmt.Sprintf("%011d/%s", begin.Unix(), rule)
}

// addToWindow adds to the window of ten seconds that now lies in, which is by
// receipt: clients' clocks may be anything. With a new window old ones go.
func addToWindow(ctx context.Context, s *store.Store, now time.Time, rule string, counts samplingCounts) error {
	begin := now.Truncate(window)
	var isNew bool
	err := modify(ctx, s, kindWindow, windowKey(begin, rule), func(sum *samplingSummary) (*samplingSummary, error) {
		if isNew = sum == nil; isNew {
			sum = &samplingSummary{RuleName: rule, Timestamp: second(begin)}
		}
		sum.samplingCounts = sum.plus(counts)
		return sum, nil
	})
	if err != nil || !isNew {
		return err
	}
	return s.UpdateResources(ctx, kindWindow, func(all []store.Resource) (old []store.Resource, _ error) {
		oldest := windowKey(begin.Add(-windowRetention), "")
		for _, r := range all { // in the order of time
			if r.Key >= oldest {
				break
			}
			old = append(old, store.Resource{Key: r.Key})
		}
		return old, nil
	})
}

type getSamplingStatisticSummariesRequest struct{ NextToken *string }

type getSamplingStatisticSummariesResponse struct {
	NextToken                  *string
	SamplingStatisticSummaries []samplingSummary
}

// getSamplingStatisticSummaries returns the windows of the last hour, the newest
// first; a rule of which nobody reported has an empty window.
func (h *Handler) getSamplingStatisticSummaries(ctx context.Context, in *getSamplingStatisticSummariesRequest) (any, error) {
	s := h.storeOf(ctx)
	rules, err := rulesOfNamespace(ctx, s)
	if err != nil {
		return nil, err
	}
	windows, err := loadAll[samplingSummary](ctx, s, kindWindow)
	if err != nil {
		return nil, err
	}
	begin := h.now().Truncate(window)
	maps.DeleteFunc(windows, func(key string, w *samplingSummary) bool {
		return key < windowKey(begin.Add(-windowRetention), "") || rules[w.RuleName] == nil
	})
	for _, w := range windows {
		delete(rules, w.RuleName)
	}
	for name := range rules {
		windows[windowKey(begin, name)] = &samplingSummary{RuleName: name, Timestamp: second(begin)}
	}
	keys := slices.SortedFunc(maps.Keys(windows), func(a, b string) int { return strings.Compare(b, a) })
	keys, next, err := page(keys, in.NextToken, windowsPage)
	if err != nil {
		return nil, err
	}
	out := getSamplingStatisticSummariesResponse{NextToken: next, SamplingStatisticSummaries: []samplingSummary{}}
	for _, key := range keys {
		out.SamplingStatisticSummaries = append(out.SamplingStatisticSummaries, *windows[key])
	}
	return out, nil
}
