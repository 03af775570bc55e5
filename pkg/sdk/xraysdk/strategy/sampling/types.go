package sampling

// The types of AWS X-Ray's sampling operations:
// https://docs.aws.amazon.com/xray/latest/api/API_GetSamplingRules.html and
// https://docs.aws.amazon.com/xray/latest/api/API_GetSamplingTargets.html.
// Nothing here uses them; they are there for code that names them.

// GetSamplingRulesInput asks for a page of rules.
type GetSamplingRulesInput struct {
	NextToken *string `type:"string"`
}

// GetSamplingRulesOutput is a page of rules.
type GetSamplingRulesOutput struct {
	NextToken           *string               `json:"NextToken"`
	SamplingRuleRecords []*SamplingRuleRecord `json:"SamplingRuleRecords"`
}

// SamplingRuleRecord is a rule and when it was changed.
type SamplingRuleRecord struct {
	CreatedAt    *float64      `json:"CreatedAt"`
	ModifiedAt   *float64      `json:"ModifiedAt"`
	SamplingRule *SamplingRule `json:"SamplingRule"`
}

// SamplingRule is a rule.
type SamplingRule struct {
	Attributes    map[string]*string `json:"Attributes"`
	FixedRate     *float64           `json:"FixedRate" required:"true"`
	HTTPMethod    *string            `json:"HTTPMethod" required:"true"`
	Host          *string            `json:"Host" required:"true"`
	Priority      *int64             `min:"1" json:"Priority" required:"true"`
	ReservoirSize *int64             `json:"ReservoirSize" required:"true"`
	ResourceARN   *string            `json:"ResourceARN" required:"true"`
	RuleARN       *string            `json:"RuleARN"`
	RuleName      *string            `min:"1" json:"RuleName"`
	ServiceName   *string            `json:"ServiceName" required:"true"`
	ServiceType   *string            `json:"ServiceType" required:"true"`
	URLPath       *string            `json:"URLPath" required:"true"`
	Version       *int64             `min:"1" json:"Version" required:"true"`
}

// GetSamplingTargetsInput reports what was decided.
type GetSamplingTargetsInput struct {
	SamplingStatisticsDocuments []*SamplingStatisticsDocument `type:"list" required:"true"`
}

// SamplingStatisticsDocument is what was decided by one rule.
type SamplingStatisticsDocument struct {
	BorrowCount  *int64  `type:"integer"`
	ClientID     *string `min:"24" type:"string" required:"true"`
	RequestCount *int64  `type:"integer" required:"true"`
	RuleName     *string `min:"1" type:"string" required:"true"`
	SampledCount *int64  `type:"integer" required:"true"`
	Timestamp    *int64  `type:"integer" required:"true"`
}

// GetSamplingTargetsOutput is this process's share of each rule's reservoir.
type GetSamplingTargetsOutput struct {
	LastRuleModification    *float64                  `json:"LastRuleModification"`
	SamplingTargetDocuments []*SamplingTargetDocument `json:"SamplingTargetDocuments"`
	UnprocessedStatistics   []*UnprocessedStatistics  `json:"UnprocessedStatistics"`
}

// SamplingTargetDocument is the share of one rule's reservoir.
type SamplingTargetDocument struct {
	FixedRate         *float64 `json:"FixedRate"`
	Interval          *int64   `json:"Interval"`
	ReservoirQuota    *int64   `json:"ReservoirQuota"`
	ReservoirQuotaTTL *float64 `json:"ReservoirQuotaTTL"`
	RuleName          *string  `json:"RuleName"`
}

// UnprocessedStatistics is a report that X-Ray did not take.
type UnprocessedStatistics struct {
	ErrorCode *string `json:"ErrorCode"`
	Message   *string `json:"Message"`
	RuleName  *string `json:"RuleName"`
}
