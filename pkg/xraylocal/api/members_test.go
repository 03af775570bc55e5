package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
)

// sometimes are members that a response has only with a value, as the service.
var sometimes = map[string]bool{
	"SamplingRateBoost": true, "SamplingBoost": true, "FaultCountHigh": true, "FaultCountLow": true,
}

// TestEveryResponseHasEveryMember compares the answers of a service that holds
// something of everything with those of the SDK's own tests: a member without a
// value is there and null, and a list without elements is there and empty.
func TestEveryResponseHasEveryMember(t *testing.T) {
	s := newService(t, func(cfg *api.Config) { cfg.Strict = false }) // some ranges are long
	ids := fill(t, s)
	bodies := map[string]string{
		"BatchGetTraces":                 `{"TraceIds":["` + front + `"]}`,
		"CancelTraceRetrieval":           `{"RetrievalToken":"` + ids["other token"] + `"}`,
		"CreateGroup":                    `{"GroupName":"new","FilterExpression":"ok"}`,
		"CreateSamplingRule":             `{"SamplingRule":` + ruleJSON(t, "new") + `}`,
		"DeleteGroup":                    `{"GroupName":"old"}`,
		"DeleteResourcePolicy":           `{"PolicyName":"old"}`,
		"DeleteSamplingRule":             `{"RuleName":"old"}`,
		"GetEncryptionConfig":            `{}`,
		"GetGroup":                       `{"GroupName":"Default"}`,
		"GetGroups":                      `{}`,
		"GetIndexingRules":               `{}`,
		"GetRetrievedTracesGraph":        `{"RetrievalToken":"` + ids["token"] + `"}`,
		"GetSamplingRules":               `{}`,
		"GetSamplingStatisticSummaries":  `{}`,
		"GetSamplingTargets":             `{"SamplingStatisticsDocuments":[` + statistics("r") + `,` + statistics("gone") + `],"SamplingBoostStatisticsDocuments":[{"RuleName":"gone","ServiceName":"s","Timestamp":1}]}`,
		"GetServiceGraph":                `{"StartTime":0,"EndTime":9e9}`,
		"GetTimeSeriesServiceStatistics": `{"StartTime":0,"EndTime":9e9,"EntitySelectorExpression":"service()"}`,
		"GetTraceGraph":                  `{"TraceIds":["` + front + `"]}`,
		"GetTraceSegmentDestination":     `{}`,
		"GetTraceSummaries":              `{"StartTime":1790158400,"EndTime":1790158500}`,
		"ListResourcePolicies":           `{}`,
		"ListRetrievedTraces":            `{"RetrievalToken":"` + ids["token"] + `"}`,
		"ListTagsForResource":            `{"ResourceARN":"` + ids["group"] + `"}`,
		"PutEncryptionConfig":            `{"Type":"NONE"}`,
		"PutResourcePolicy":              `{"PolicyName":"new","PolicyDocument":` + quote(snsPolicy) + `}`,
		"PutTelemetryRecords":            `{"TelemetryRecords":[{"Timestamp":1}]}`,
		"PutTraceSegments":               `{"TraceSegmentDocuments":["{}"]}`,
		"StartTraceRetrieval":            `{"TraceIds":["` + front + `"],"StartTime":0,"EndTime":1}`,
		"TagResource":                    `{"ResourceARN":"` + ids["group"] + `","Tags":[{"Key":"k","Value":"v"}]}`,
		"UntagResource":                  `{"ResourceARN":"` + ids["group"] + `","TagKeys":["k"]}`,
		"UpdateGroup":                    `{"GroupName":"g","FilterExpression":"ok"}`,
		"UpdateIndexingRule":             `{"Name":"Default","Rule":{"Probabilistic":{"DesiredSamplingPercentage":1}}}`,
		"UpdateSamplingRule":             `{"SamplingRuleUpdate":{"RuleName":"r"}}`,
		"UpdateTraceSegmentDestination":  `{"Destination":"XRay"}`,
	}
	requests := api.Requests(t)
	client := &http.Client{Transport: s.conns}
	for name, snapshot := range api.Snapshots(t, "response") {
		body, ok := bodies[name]
		if !ok {
			continue // an error, or an operation that has its own test of this kind
		}
		t.Run(name, func(t *testing.T) {
			res, err := client.Post(s.server.URL+requests[name].URL.Path, "application/json", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			answer, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != 200 {
				t.Fatalf("%d %s, %v", res.StatusCode, answer, err)
			}
			_, modelled, _ := strings.Cut(snapshot, "\n\n")
			if modelled == "" {
				modelled = "{}"
			}
			var want, got any
			if err := json.Unmarshal([]byte(modelled), &want); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(answer, &got); err != nil {
				t.Fatal(err)
			}
			for _, missing := range absent(want, got, "") {
				t.Errorf("no member %s in %.2000s", missing, answer)
			}
		})
	}
}

// absent returns the paths of members of want that got does not have. Of lists
// only first elements are looked at.
func absent(want, got any, path string) (paths []string) {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return nil // null, or a map of names that are free
		}
		for key, v := range want {
			member, ok := object[key]
			switch {
			case strings.HasPrefix(key, "key"), strings.HasPrefix(key, "__"): // free names
			case ok:
				paths = append(paths, absent(v, member, path+"."+key)...)
			case !sometimes[key]:
				paths = append(paths, path+"."+key)
			}
		}
	case []any:
		list, ok := got.([]any)
		if ok && len(list) > 0 && len(want) > 0 {
			paths = absent(want[0], list[0], path+"[]")
		}
	}
	return paths
}

func statistics(rule string) string {
	return fmt.Sprintf(`{"RuleName":%q,"ClientID":"0123456789abcdef01234567","Timestamp":1,"RequestCount":1,"SampledCount":1}`, rule)
}

func quote(s string) string {
	b, _ := json.Marshal(s) // a string always marshals
	return string(b)
}

func ruleJSON(t *testing.T, name string) string {
	t.Helper()
	return fmt.Sprintf(`{"RuleName":%q,"Priority":7,"FixedRate":0.25,"ReservoirSize":6,"Version":1,"Host":"*","HTTPMethod":"*","ResourceARN":"*","ServiceName":"*","ServiceType":"*","URLPath":"*"}`, name)
}

// fill puts something of everything into a service, and returns names of it.
func fill(t *testing.T, s *service) map[string]string {
	t.Helper()
	ctx := t.Context()
	putSample(t, s.Client)
	createRule(t, s, "r")
	createRule(t, s, "old")
	createGroup(t, s, "old", "ok")
	g := createGroup(t, s, "g", "ok")
	must[*xray.TagResourceOutput](t)(s.TagResource(ctx, &xray.TagResourceInput{ResourceARN: g.GroupARN, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}))
	must[*xray.PutResourcePolicyOutput](t)(s.PutResourcePolicy(ctx, &xray.PutResourcePolicyInput{PolicyName: aws.String("old"), PolicyDocument: &snsPolicy}))
	must[*xray.PutResourcePolicyOutput](t)(s.PutResourcePolicy(ctx, &xray.PutResourcePolicyInput{PolicyName: aws.String("p"), PolicyDocument: &snsPolicy}))
	must[*xray.GetSamplingTargetsOutput](t)(s.GetSamplingTargets(ctx, &xray.GetSamplingTargetsInput{SamplingStatisticsDocuments: []types.SamplingStatisticsDocument{report("r", "a", 1, 1, 1)}}))
	ids := map[string]string{"group": *g.GroupARN}
	for _, name := range []string{"token", "other token"} {
		ids[name] = *must[*xray.StartTraceRetrievalOutput](t)(s.StartTraceRetrieval(ctx, &xray.StartTraceRetrievalInput{TraceIds: []string{front}, StartTime: epoch(0), EndTime: epoch(1 << 31)})).RetrievalToken
	}
	return ids
}
