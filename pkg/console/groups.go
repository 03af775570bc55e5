package console

import (
	"context"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
)

// A group is a filter expression that was saved under a name.
type group struct {
	Name   string `json:"name"`
	ARN    string `json:"arn"`
	Filter string `json:"filter"`
}

func (c *console) allGroups(ctx context.Context) ([]group, error) {
	all := []group{}
	pages := xray.NewGetGroupsPaginator(c.xray, &xray.GetGroupsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, g := range page.Groups {
			all = append(all, group{aws.ToString(g.GroupName), aws.ToString(g.GroupARN), aws.ToString(g.FilterExpression)})
		}
	}
	return all, nil
}

func (c *console) groups(r *http.Request) (any, error) { return c.allGroups(r.Context()) }

// saveGroup makes a group, or changes the expression of the one with its name.
func (c *console) saveGroup(r *http.Request) (any, error) {
	var g group
	if err := readJSON(r, &g); err != nil {
		return nil, err
	}
	if _, err := filter.Parse(g.Filter); err != nil {
		return nil, err
	}
	all, err := c.allGroups(r.Context())
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(all, func(old group) bool { return old.Name == g.Name }) {
		_, err = c.xray.UpdateGroup(r.Context(), &xray.UpdateGroupInput{GroupName: &g.Name, FilterExpression: &g.Filter})
	} else {
		_, err = c.xray.CreateGroup(r.Context(), &xray.CreateGroupInput{GroupName: &g.Name, FilterExpression: &g.Filter})
	}
	if err != nil {
		return nil, err
	}
	return c.allGroups(r.Context())
}

// deleteGroup deletes the group ?name=.
func (c *console) deleteGroup(r *http.Request) (any, error) {
	name := r.URL.Query().Get("name")
	if _, err := c.xray.DeleteGroup(r.Context(), &xray.DeleteGroupInput{GroupName: &name}); err != nil {
		return nil, err
	}
	return c.allGroups(r.Context())
}

func (c *console) groupValues(ctx context.Context, key filter.GroupKey) ([]completion, error) {
	groups, err := c.allGroups(ctx)
	if err != nil {
		return nil, err
	}
	var all []completion
	for _, g := range groups {
		text := g.Name
		if key == filter.GroupARN {
			text = g.ARN
		}
		all = append(all, completion{text, "group", g.Filter})
	}
	return all, nil
}
