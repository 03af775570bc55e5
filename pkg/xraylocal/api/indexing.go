package api

import (
	"context"
)

func init() {
	serve("GetIndexingRules", (*Handler).getIndexingRules)
	serve("UpdateIndexingRule", (*Handler).updateIndexingRule)
}

type indexingRule struct {
	ModifiedAt float64
	Name       string
	Rule       indexingRuleValue
}

type indexingRuleValue struct{ Probabilistic probabilistic }

type probabilistic struct {
	ActualSamplingPercentage  float64
	DesiredSamplingPercentage float64
}

// indexingRule returns the only rule: of spans that come for transaction search,
// X-Ray indexes one percent unless told otherwise. Here all are indexed.
// https://docs.aws.amazon.com/xray/latest/api/API_IndexingRule.html
func (h *Handler) indexingRule(ctx context.Context) (*indexingRule, error) {
	rule, err := load[indexingRule](ctx, h.storeOf(ctx), kindIndexing, defaultName)
	if rule == nil {
		rule = &indexingRule{Name: defaultName, Rule: indexingRuleValue{probabilistic{1, 1}}}
	}
	return rule, err
}

type getIndexingRulesRequest struct{ NextToken *string }

type getIndexingRulesResponse struct {
	IndexingRules []*indexingRule
	NextToken     *string
}

func (h *Handler) getIndexingRules(ctx context.Context, in *getIndexingRulesRequest) (any, error) {
	if in.NextToken != nil {
		return nil, errToken
	}
	rule, err := h.indexingRule(ctx)
	if err != nil {
		return nil, err
	}
	return getIndexingRulesResponse{IndexingRules: []*indexingRule{rule}}, nil
}

type updateIndexingRuleRequest struct {
	Name *string `valid:"required"`
	Rule *struct {
		Probabilistic *struct {
			DesiredSamplingPercentage *float64 `valid:"required,range=0..100"`
		}
	} `valid:"required"`
}

type updateIndexingRuleResponse struct{ IndexingRule *indexingRule }

func (h *Handler) updateIndexingRule(ctx context.Context, in *updateIndexingRuleRequest) (any, error) {
	if *in.Name != defaultName {
		return nil, notFound(*in.Name)
	}
	if in.Rule.Probabilistic == nil {
		return nil, invalidRequest("Rule needs the member Probabilistic")
	}
	percentage := *in.Rule.Probabilistic.DesiredSamplingPercentage
	rule := &indexingRule{second(h.now()), defaultName, indexingRuleValue{probabilistic{percentage, percentage}}}
	err := modify(ctx, h.storeOf(ctx), kindIndexing, defaultName, func(*indexingRule) (*indexingRule, error) { return rule, nil })
	return updateIndexingRuleResponse{rule}, err
}
