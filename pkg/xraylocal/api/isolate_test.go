package api_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
)

func TestIsolation(t *testing.T) {
	var log bytes.Buffer
	s := newService(t, func(cfg *api.Config) {
		cfg.Isolate, cfg.Logger = true, slog.New(slog.NewTextHandler(&log, nil))
	})
	ctx := t.Context()
	here := s.as("111111111111", "eu-west-1")
	putSample(t, here)
	if _, err := here.CreateGroup(ctx, &xray.CreateGroupInput{GroupName: str("g"), FilterExpression: str("ok")}); err != nil {
		t.Fatal(err)
	}
	s.restart()
	here = s.as("111111111111", "eu-west-1")
	group := must[*xray.GetGroupOutput](t)(here.GetGroup(ctx, &xray.GetGroupInput{GroupName: str("g")})).Group
	if !strings.HasPrefix(*group.GroupARN, "arn:aws:xray:eu-west-1:111111111111:group/g/") {
		t.Errorf("ARN %s", *group.GroupARN)
	}
	get := func(c *xray.Client) int {
		t.Helper()
		return len(must[*xray.BatchGetTracesOutput](t)(c.BatchGetTraces(ctx, &xray.BatchGetTracesInput{TraceIds: []string{front}})).Traces)
	}
	if get(here) != 1 || log.Len() != 0 {
		t.Errorf("who sent it does not find it; log: %s", log.String())
	}
	for name, c := range map[string]*xray.Client{
		"other region":  s.as("111111111111", "us-east-1"),
		"other account": s.as("222222222222", "eu-west-1"),
		"other key":     s.as("AKIAIOSFODNN7EXAMPLE", "eu-west-1"),
	} {
		log.Reset()
		if get(c) != 0 {
			t.Errorf("%s: found", name)
		}
		if !strings.Contains(log.String(), "[111111111111/eu-west-1]") {
			t.Errorf("%s: log %q", name, log.String())
		}
		_, err := c.GetGroup(ctx, &xray.GetGroupInput{GroupARN: group.GroupARN})
		refuses[invalidRequest](t, err, "Group not found")
	}
	// Without isolation all find everything, each with its own region.
	shared := newService(t)
	putSample(t, shared.as("111111111111", "eu-west-1"))
	if get(shared.as("x", "us-east-1")) != 1 {
		t.Error("without isolation it is not found")
	}
}
