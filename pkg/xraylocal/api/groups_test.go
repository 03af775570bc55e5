package api_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
)

func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

type invalidRequest = *types.InvalidRequestException

func createGroup(t *testing.T, s *service, name, filter string) *types.Group {
	t.Helper()
	return must[*xray.CreateGroupOutput](t)(s.CreateGroup(t.Context(), &xray.CreateGroupInput{GroupName: &name, FilterExpression: &filter})).Group
}

var none = &types.InsightsConfiguration{InsightsEnabled: aws.Bool(false), NotificationsEnabled: aws.Bool(false)}

func TestGroups(t *testing.T) {
	s, ctx := newService(t), t.Context()
	defaultGroup := types.GroupSummary{GroupName: str("Default"), GroupARN: str("arn:aws:xray:eu-central-1:000000000000:group/Default"), InsightsConfiguration: none}
	got := must[*xray.GetGroupsOutput](t)(s.GetGroups(ctx, &xray.GetGroupsInput{}))
	same(t, []types.GroupSummary{defaultGroup}, got.Groups)

	g := createGroup(t, s, "slow", "responsetime > 5")
	if !regexp.MustCompile(`^arn:aws:xray:eu-central-1:000000000000:group/slow/[A-Z2-7]{52}$`).MatchString(*g.GroupARN) {
		t.Errorf("ARN %s", *g.GroupARN)
	}
	want := &types.Group{GroupName: str("slow"), GroupARN: g.GroupARN, FilterExpression: str("responsetime > 5"), InsightsConfiguration: none}
	same(t, want, g)
	createGroup(t, s, "Fast", "responsetime < 1") // names are case-sensitive, and in order

	s.restart()
	out := must[*xray.GetGroupOutput](t)(s.GetGroup(ctx, &xray.GetGroupInput{GroupName: str("slow")}))
	same(t, want, out.Group)
	out = must[*xray.GetGroupOutput](t)(s.GetGroup(ctx, &xray.GetGroupInput{GroupARN: g.GroupARN}))
	same(t, want, out.Group)
	out = must[*xray.GetGroupOutput](t)(s.as("other", "us-west-2").GetGroup(ctx, &xray.GetGroupInput{GroupARN: g.GroupARN}))
	if arn := strings.Replace(*g.GroupARN, "eu-central-1", "us-west-2", 1); *out.Group.GroupARN != arn {
		t.Errorf("ARN in another region %s, want %s", *out.Group.GroupARN, arn)
	}

	updated := must[*xray.UpdateGroupOutput](t)(s.UpdateGroup(ctx, &xray.UpdateGroupInput{
		GroupARN: g.GroupARN, FilterExpression: str("fault"), InsightsConfiguration: &types.InsightsConfiguration{InsightsEnabled: aws.Bool(true)},
	}))
	want.FilterExpression, want.InsightsConfiguration = str("fault"), &types.InsightsConfiguration{InsightsEnabled: aws.Bool(true), NotificationsEnabled: aws.Bool(false)}
	same(t, want, updated.Group)
	must[*xray.UpdateGroupOutput](t)(s.UpdateGroup(ctx, &xray.UpdateGroupInput{GroupName: str("Default"), InsightsConfiguration: want.InsightsConfiguration}))
	s.restart()
	got = must[*xray.GetGroupsOutput](t)(s.GetGroups(ctx, &xray.GetGroupsInput{}))
	var names []string
	for _, g := range got.Groups {
		names = append(names, *g.GroupName)
	}
	same(t, []string{"Default", "Fast", "slow"}, names)
	same(t, want.InsightsConfiguration, got.Groups[0].InsightsConfiguration)

	must[*xray.DeleteGroupOutput](t)(s.DeleteGroup(ctx, &xray.DeleteGroupInput{GroupARN: g.GroupARN}))
	s.restart()
	_, err := s.GetGroup(ctx, &xray.GetGroupInput{GroupName: str("slow")})
	refuses[invalidRequest](t, err, "Group not found")
	again := createGroup(t, s, "slow", "fault")
	if *again.GroupARN == *g.GroupARN {
		t.Error("a group that was made anew has the ARN of the old one")
	}
	_, err = s.GetGroup(ctx, &xray.GetGroupInput{GroupARN: g.GroupARN})
	refuses[invalidRequest](t, err, "Group not found")
}

func TestGroupErrors(t *testing.T) {
	s, ctx := newService(t), t.Context()
	g := createGroup(t, s, "there", "ok")
	create := func(in xray.CreateGroupInput) error { _, err := s.CreateGroup(ctx, &in); return err }
	update := func(in xray.UpdateGroupInput) error { _, err := s.UpdateGroup(ctx, &in); return err }
	remove := func(in xray.DeleteGroupInput) error { _, err := s.DeleteGroup(ctx, &in); return err }
	get := func(in xray.GetGroupInput) error { _, err := s.GetGroup(ctx, &in); return err }
	_, token := s.GetGroups(ctx, &xray.GetGroupsInput{NextToken: str("x")})
	ok := str("ok")
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"exists":                 {create(xray.CreateGroupInput{GroupName: str("there"), FilterExpression: ok}), "there already exists"},
		"Default":                {create(xray.CreateGroupInput{GroupName: str("Default"), FilterExpression: ok}), "Default already exists"},
		"no filter":              {create(xray.CreateGroupInput{GroupName: str("new")}), "Filter Expression is empty"},
		"blank filter":           {create(xray.CreateGroupInput{GroupName: str("new"), FilterExpression: str("  ")}), "Filter Expression is empty"},
		"name":                   {create(xray.CreateGroupInput{GroupName: str("a b"), FilterExpression: ok}), "Invalid group name a b: it may have letters, digits and hyphens"},
		"notifications alone":    {create(xray.CreateGroupInput{GroupName: str("new"), FilterExpression: ok, InsightsConfiguration: &types.InsightsConfiguration{NotificationsEnabled: aws.Bool(true)}}), "Notifications can only be enabled on a group with InsightsEnabled set to true"},
		"system tag":             {create(xray.CreateGroupInput{GroupName: str("new"), FilterExpression: ok, Tags: []types.Tag{{Key: str("aws:x"), Value: str("")}}}), "Caller is an end user and not allowed to mutate system tags"},
		"update without filter":  {update(xray.UpdateGroupInput{GroupName: str("there"), InsightsConfiguration: none}), "Filter Expression is empty"},
		"update by both":         {update(xray.UpdateGroupInput{GroupName: str("there"), GroupARN: g.GroupARN, FilterExpression: ok}), "Provide either GroupName or GroupARN"},
		"update of none":         {update(xray.UpdateGroupInput{GroupName: str("gone"), FilterExpression: ok}), "Group not found"},
		"filter of Default":      {update(xray.UpdateGroupInput{GroupName: str("Default"), FilterExpression: ok}), "The filter expression of the group Default cannot be changed"},
		"delete Default":         {remove(xray.DeleteGroupInput{GroupName: str("Default")}), "The group Default cannot be deleted"},
		"delete by both":         {remove(xray.DeleteGroupInput{GroupName: str("there"), GroupARN: g.GroupARN}), "Provide either GroupName or GroupARN"},
		"delete of none":         {remove(xray.DeleteGroupInput{GroupName: str("gone")}), "Group not found"},
		"get by none":            {get(xray.GetGroupInput{}), "Provide either GroupName or GroupARN"},
		"get by both":            {get(xray.GetGroupInput{GroupName: str("there"), GroupARN: g.GroupARN}), "Provide either GroupName or GroupARN"},
		"get by no ARN":          {get(xray.GetGroupInput{GroupARN: str("there")}), "Group not found"},
		"get by the ARN of rule": {get(xray.GetGroupInput{GroupARN: str("arn:aws:xray:eu-central-1:000000000000:sampling-rule/Default")}), "Group not found"},
		"other case":             {get(xray.GetGroupInput{GroupName: str("There")}), "Group not found"},
		"token":                  {token, "Next Token not supported"},
	} {
		t.Run(name, func(t *testing.T) { refuses[invalidRequest](t, tt.err, tt.want) })
	}
	err := create(xray.CreateGroupInput{GroupName: str("new"), FilterExpression: str("respones > 5")})
	if e := new(types.InvalidRequestException); !asError(err, &e) || !strings.Contains(e.ErrorMessage(), "Invalid filter expression: ") || !strings.Contains(e.ErrorMessage(), "respones") {
		t.Errorf("got %v", err)
	}
	invalid(t, create(xray.CreateGroupInput{GroupName: str(strings.Repeat("x", 33)), FilterExpression: ok}), "at 'groupName' failed to satisfy constraint: Member must have length less than or equal to 32")
	invalid(t, create(xray.CreateGroupInput{GroupName: str("new"), FilterExpression: ok, Tags: []types.Tag{{Key: str(""), Value: str("")}}}), "Value '' at 'tags.1.member.key' failed")
}

func TestGroupLimit(t *testing.T) {
	for _, strict := range []bool{true, false} {
		s := newService(t, func(cfg *api.Config) { cfg.Strict = strict })
		for n := range api.MaxGroups - 1 {
			createGroup(t, s, named("g", n), "ok")
		}
		_, err := s.CreateGroup(t.Context(), &xray.CreateGroupInput{GroupName: str("one-more"), FilterExpression: str("ok")})
		if !strict {
			must[any](t)(nil, err)
			continue
		}
		refuses[invalidRequest](t, err, "The maximum number of groups (25) has been reached")
	}
}

func TestTags(t *testing.T) {
	s, ctx := newService(t), t.Context()
	g := createGroup(t, s, "g", "ok")
	tag := func(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }
	rule := *newRule("r")
	r := must[*xray.CreateSamplingRuleOutput](t)(s.CreateSamplingRule(ctx, &xray.CreateSamplingRuleInput{SamplingRule: &rule, Tags: []types.Tag{tag("made", "here")}}))
	for _, arn := range []*string{g.GroupARN, r.SamplingRuleRecord.SamplingRule.RuleARN, str("arn:aws:xray:eu-central-1:000000000000:group/Default"), str("arn:aws:xray:eu-central-1:000000000000:sampling-rule/Default")} {
		must[*xray.TagResourceOutput](t)(s.TagResource(ctx, &xray.TagResourceInput{ResourceARN: arn, Tags: []types.Tag{tag("team", "a"), tag("e@mail", "x@y"), tag("made", "")}}))
		must[*xray.TagResourceOutput](t)(s.TagResource(ctx, &xray.TagResourceInput{ResourceARN: arn, Tags: []types.Tag{tag("team", "b")}}))
		must[*xray.UntagResourceOutput](t)(s.UntagResource(ctx, &xray.UntagResourceInput{ResourceARN: arn, TagKeys: []string{"made", "never"}}))
		s.restart()
		got := must[*xray.ListTagsForResourceOutput](t)(s.ListTagsForResource(ctx, &xray.ListTagsForResourceInput{ResourceARN: arn, NextToken: str("ignored")}))
		same(t, []types.Tag{tag("team", "b"), tag("e@mail", "x@y")}, got.Tags)
		if got.NextToken != nil {
			t.Errorf("token %s", *got.NextToken)
		}
	}

	for _, arn := range []string{"nonsense", "arn:aws:xray:eu-central-1:000000000000:group/gone/X", "arn:aws:xray:eu-central-1:000000000000:group/g/OTHER", "arn:aws:xray:eu-central-1:000000000000:sampling-rule/gone", "arn:aws:s3:::bucket"} {
		_, err1 := s.ListTagsForResource(ctx, &xray.ListTagsForResourceInput{ResourceARN: &arn})
		_, err2 := s.TagResource(ctx, &xray.TagResourceInput{ResourceARN: &arn, Tags: []types.Tag{tag("a", "b")}})
		_, err3 := s.UntagResource(ctx, &xray.UntagResourceInput{ResourceARN: &arn, TagKeys: []string{"a"}})
		for _, err := range []error{err1, err2, err3} {
			refuses[*types.ResourceNotFoundException](t, err, "Resource "+arn+" not found")
			if e := new(types.ResourceNotFoundException); asError(err, &e) && (e.ResourceName == nil || *e.ResourceName != arn) {
				t.Errorf("resource name %v", e.ResourceName)
			}
		}
	}
	var many []types.Tag
	for n := range 50 {
		many = append(many, tag(named("k", n), ""))
	}
	_, err := s.TagResource(ctx, &xray.TagResourceInput{ResourceARN: g.GroupARN, Tags: many})
	refuses[*types.TooManyTagsException](t, err, "The resultant tag set must not have more than 50 user tags.")
	got := must[*xray.ListTagsForResourceOutput](t)(s.ListTagsForResource(ctx, &xray.ListTagsForResourceInput{ResourceARN: g.GroupARN}))
	if len(got.Tags) != 2 {
		t.Errorf("%d tags after a refusal", len(got.Tags))
	}
	_, err = s.UntagResource(ctx, &xray.UntagResourceInput{ResourceARN: g.GroupARN, TagKeys: []string{"AWS:x"}})
	refuses[invalidRequest](t, err, "Caller is an end user and not allowed to mutate system tags")
	_, err = s.TagResource(ctx, &xray.TagResourceInput{ResourceARN: g.GroupARN, Tags: []types.Tag{tag("a", "b"), tag("a", "c")}})
	refuses[invalidRequest](t, err, "Duplicate tag key: a")
}
