package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
)

func TestEncryptionConfig(t *testing.T) {
	s, ctx := newService(t), t.Context()
	get := func() *types.EncryptionConfig {
		return must[*xray.GetEncryptionConfigOutput](t)(s.GetEncryptionConfig(ctx, &xray.GetEncryptionConfigInput{})).EncryptionConfig
	}
	same(t, &types.EncryptionConfig{Type: types.EncryptionTypeNone, Status: types.EncryptionStatusActive}, get())
	want := &types.EncryptionConfig{Type: types.EncryptionTypeKms, KeyId: str("alias/mine"), Status: types.EncryptionStatusActive}
	out := must[*xray.PutEncryptionConfigOutput](t)(s.PutEncryptionConfig(ctx, &xray.PutEncryptionConfigInput{Type: types.EncryptionTypeKms, KeyId: str("alias/mine")}))
	same(t, want, out.EncryptionConfig)
	s.restart()
	same(t, want, get())
	_, err := s.PutEncryptionConfig(ctx, &xray.PutEncryptionConfigInput{Type: types.EncryptionTypeKms})
	refuses[invalidRequest](t, err, "KeyId is required when Type is KMS")
	_, err = s.PutEncryptionConfig(ctx, &xray.PutEncryptionConfigInput{Type: types.EncryptionTypeNone, KeyId: str("k")})
	refuses[invalidRequest](t, err, "KeyId must be omitted when Type is NONE")
	_, err = s.PutEncryptionConfig(ctx, &xray.PutEncryptionConfigInput{Type: "ROT13"})
	invalid(t, err, "'type' failed to satisfy constraint: Member must satisfy enum value set: [NONE, KMS]")
	same(t, want, get())
}

func TestTraceSegmentDestination(t *testing.T) {
	s, ctx := newService(t), t.Context()
	get := func() (types.TraceSegmentDestination, types.TraceSegmentDestinationStatus) {
		out := must[*xray.GetTraceSegmentDestinationOutput](t)(s.GetTraceSegmentDestination(ctx, &xray.GetTraceSegmentDestinationInput{}))
		return out.Destination, out.Status
	}
	if d, status := get(); d != "XRay" || status != "ACTIVE" {
		t.Errorf("at first %s, %s", d, status)
	}
	update := func() types.TraceSegmentDestinationStatus {
		out := must[*xray.UpdateTraceSegmentDestinationOutput](t)(s.UpdateTraceSegmentDestination(ctx, &xray.UpdateTraceSegmentDestinationInput{Destination: "CloudWatchLogs"}))
		if out.Destination != "CloudWatchLogs" {
			t.Errorf("updated to %s", out.Destination)
		}
		return out.Status
	}
	if status := update(); status != "PENDING" {
		t.Errorf("a change is %s", status)
	}
	s.restart()
	if d, status := get(); d != "CloudWatchLogs" || status != "ACTIVE" {
		t.Errorf("then %s, %s", d, status)
	}
	if status := update(); status != "ACTIVE" {
		t.Errorf("no change is %s", status)
	}
	_, err := s.UpdateTraceSegmentDestination(ctx, &xray.UpdateTraceSegmentDestinationInput{Destination: "Paper"})
	invalid(t, err, "[XRay, CloudWatchLogs]")
	_, err = s.UpdateTraceSegmentDestination(ctx, &xray.UpdateTraceSegmentDestinationInput{})
	refuses[invalidRequest](t, err, "Destination is required: XRay or CloudWatchLogs")
}

func TestIndexingRules(t *testing.T) {
	s, ctx := newService(t), t.Context()
	probabilistic := func(p float64) types.IndexingRuleValue {
		return &types.IndexingRuleValueMemberProbabilistic{Value: types.ProbabilisticRuleValue{DesiredSamplingPercentage: &p, ActualSamplingPercentage: &p}}
	}
	get := func() []types.IndexingRule {
		return must[*xray.GetIndexingRulesOutput](t)(s.GetIndexingRules(ctx, &xray.GetIndexingRulesInput{})).IndexingRules
	}
	same(t, []types.IndexingRule{{Name: str("Default"), ModifiedAt: epoch(0), Rule: probabilistic(1)}}, get())
	update := func(name string, p float64) (*xray.UpdateIndexingRuleOutput, error) {
		return s.UpdateIndexingRule(ctx, &xray.UpdateIndexingRuleInput{Name: &name, Rule: &types.IndexingRuleValueUpdateMemberProbabilistic{
			Value: types.ProbabilisticRuleValueUpdate{DesiredSamplingPercentage: &p},
		}})
	}
	want := types.IndexingRule{Name: str("Default"), ModifiedAt: epoch(s.now.Unix()), Rule: probabilistic(42.5)}
	same(t, &want, must[*xray.UpdateIndexingRuleOutput](t)(update("Default", 42.5)).IndexingRule)
	s.restart()
	same(t, []types.IndexingRule{want}, get())
	_, err := update("other", 1)
	refuses[*types.ResourceNotFoundException](t, err, "Resource other not found")
	_, err = update("Default", 101)
	invalid(t, err, "'rule.probabilistic.desiredSamplingPercentage' failed")
	_, err = s.GetIndexingRules(ctx, &xray.GetIndexingRulesInput{NextToken: str("x")})
	refuses[invalidRequest](t, err, "Invalid NextToken")
}

func policy(effect, principal, action string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":"S","Effect":%q,"Principal":%s,"Action":[%q],"Resource":"*"}]}`, effect, principal, action)
}

var snsPolicy = policy("Allow", `{"Service":"sns.amazonaws.com"}`, "xray:PutTraceSegments")

func TestResourcePolicies(t *testing.T) {
	s, ctx := newService(t), t.Context()
	put := func(name, document, revision string) (*types.ResourcePolicy, error) {
		in := &xray.PutResourcePolicyInput{PolicyName: &name, PolicyDocument: &document}
		if revision != "" {
			in.PolicyRevisionId = &revision
		}
		out, err := s.PutResourcePolicy(ctx, in)
		if err != nil {
			return nil, err
		}
		return out.ResourcePolicy, nil
	}
	stored := func(name, revision string) types.ResourcePolicy {
		return types.ResourcePolicy{PolicyName: &name, PolicyDocument: &snsPolicy, PolicyRevisionId: &revision, LastUpdatedTime: epoch(s.now.Unix())}
	}
	list := func() (all []types.ResourcePolicy) {
		pages := xray.NewListResourcePoliciesPaginator(s, &xray.ListResourcePoliciesInput{})
		for pages.HasMorePages() {
			all = append(all, must[*xray.ListResourcePoliciesOutput](t)(pages.NextPage(ctx)).ResourcePolicies...)
		}
		return all
	}
	for n, revision := range []string{"0", "1", ""} {
		want := stored("b", fmt.Sprint(n+1))
		same(t, &want, must[*types.ResourcePolicy](t)(put("b", snsPolicy, revision)))
	}
	must[*types.ResourcePolicy](t)(put("a", snsPolicy, ""))
	s.restart()
	same(t, []types.ResourcePolicy{stored("a", "1"), stored("b", "3")}, list())

	const modified = "Another concurrent request has modified the resource policy "
	for _, tt := range [][2]string{{"b", "0"}, {"b", "2"}, {"new", "1"}} {
		_, err := put(tt[0], snsPolicy, tt[1])
		refuses[*types.InvalidPolicyRevisionIdException](t, err, modified+tt[0])
	}
	remove := func(name string, revision *string) error {
		_, err := s.DeleteResourcePolicy(ctx, &xray.DeleteResourcePolicyInput{PolicyName: &name, PolicyRevisionId: revision})
		return err
	}
	const orDeleted = "Another concurrent request has modified or deleted the resource policy "
	refuses[*types.InvalidPolicyRevisionIdException](t, remove("b", str("1")), orDeleted+"b")
	refuses[*types.InvalidPolicyRevisionIdException](t, remove("gone", str("1")), orDeleted+"gone")
	refuses[invalidRequest](t, remove("gone", nil), "The resource policy gone does not exist.")
	must[any](t)(nil, remove("b", str("3")))
	must[any](t)(nil, remove("a", nil))
	s.restart()
	same(t, 0, len(list()))
	same(t, "1", *must[*types.ResourcePolicy](t)(put("b", snsPolicy, "0")).PolicyRevisionId)

	for n := range api.MaxPolicies - 1 {
		must[*types.ResourcePolicy](t)(put(named("p", n), snsPolicy, ""))
	}
	_, err := put("one-more", snsPolicy, "")
	refuses[*types.PolicyCountLimitExceededException](t, err, "The maximum number of X-Ray resource policies has been reached.")
	_, err = put("b", snsPolicy+strings.Repeat(" ", api.MaxPolicySize), "")
	refuses[*types.PolicySizeLimitExceededException](t, err, "The resource policy exceeds the maximum size of 5 KB.")
	_, err = put("not a name", snsPolicy, "")
	invalid(t, err, "'policyName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+")
}

func TestPolicyDocuments(t *testing.T) {
	s := newService(t)
	put := func(document string, bypass bool) error {
		_, err := s.PutResourcePolicy(t.Context(), &xray.PutResourcePolicyInput{PolicyName: str("p"), PolicyDocument: &document, BypassPolicyLockoutCheck: bypass})
		return err
	}
	for name, tt := range map[string]struct{ document, message string }{
		"not JSON":     {`{`, "the document is not JSON, or not an object of a policy's members"},
		"a list":       {`[]`, "the document is not JSON, or not an object of a policy's members"},
		"version":      {`{"Version":"2011","Statement":[]}`, `member Version "2011": there are 2012-10-17 and 2008-10-17`},
		"no statement": {`{"Version":"2012-10-17"}`, "member Statement is neither a statement nor a list of them"},
		"none":         {`{"Statement":[]}`, "member Statement is empty"},
		"effect":       {policy("Maybe", `"*"`, "xray:*"), `statement 1: member Effect "Maybe": there are Allow and Deny`},
		"principal":    {`{"Statement":{"Effect":"Allow","Action":"xray:*","Resource":"*"}}`, "statement 1: it needs Principal or NotPrincipal"},
		"action":       {`{"Statement":{"Effect":"Allow","Principal":"*","Resource":"*"}}`, "statement 1: it needs Action or NotAction"},
		"resource":     {`{"Statement":{"Effect":"Allow","Principal":"*","Action":"xray:*"}}`, "statement 1: it needs Resource or NotResource"},
		"other action": {policy("Allow", `"*"`, "s3:GetObject"), `statement 1: member Action "s3:GetObject" is not one of X-Ray`},
		"condition":    {`{"Statement":{"Effect":"Allow","Principal":"*","Action":"xray:*","Resource":"*","Condition":[]}}`, "statement 1: member Condition is not an object of operators, each with keys"},
	} {
		t.Run(name, func(t *testing.T) {
			refuses[*types.MalformedPolicyDocumentException](t, put(tt.document, false), "Invalid resource policy: "+tt.message)
		})
	}
	const locked = "The resource policy would prevent the caller from making a subsequent PutResourcePolicy request."
	for name, document := range map[string]string{
		"all of all":   policy("Deny", `"*"`, "*"),
		"this account": policy("Deny", `{"AWS":["000000000000"]}`, "xray:*"),
		"its root":     policy("Deny", `{"AWS":"arn:aws:iam::000000000000:root"}`, "xray:PutResource*"),
		"all but":      `{"Statement":{"Effect":"Deny","Principal":"*","NotAction":"xray:GetGroups","Resource":"*"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			refuses[*types.LockoutPreventionException](t, put(document, false), locked)
			must[any](t)(nil, put(document, true))
		})
	}
	for name, document := range map[string]string{
		"another account": policy("Deny", `{"AWS":"111111111111"}`, "xray:*"),
		"a service":       policy("Deny", `{"Service":"sns.amazonaws.com"}`, "xray:*"),
		"another action":  policy("Deny", `"*"`, "xray:PutTraceSegments"),
		"on a condition":  `{"Statement":{"Effect":"Deny","Principal":"*","Action":"xray:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}}`,
	} {
		t.Run(name, func(t *testing.T) { must[any](t)(nil, put(document, false)) })
	}
}
