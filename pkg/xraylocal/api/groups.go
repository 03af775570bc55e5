package api

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
)

// MaxGroups is how many groups there may be, Default among them.
// https://docs.aws.amazon.com/general/latest/gr/xray.html
const MaxGroups = 25

const defaultName = "Default" // of the group and of the sampling rule that are always there

func init() {
	serve("CreateGroup", (*Handler).createGroup)
	serve("DeleteGroup", (*Handler).deleteGroup)
	serve("GetGroup", (*Handler).getGroup)
	serve("GetGroups", (*Handler).getGroups)
	serve("UpdateGroup", (*Handler).updateGroup)
}

// A group is kept in the store by its name.
type group struct {
	Name             string
	Suffix           string // of the ARN of this incarnation; "" for Default
	FilterExpression *string
	Insights         insightsConfiguration
	Tags             tagSet
}

// resource is the last part of the group's ARN.
func (g *group) resource() string {
	if g.Suffix == "" {
		return "group/" + g.Name
	}
	return "group/" + g.Name + "/" + g.Suffix
}

// groupKey returns the name of a group by what follows "group/" in its ARN.
func groupKey(resource string) string {
	name, _, _ := strings.Cut(resource, "/")
	return name
}

type insightsConfiguration struct {
	InsightsEnabled      bool
	NotificationsEnabled bool
}

func (c insightsConfiguration) check() error {
	if c.NotificationsEnabled && !c.InsightsEnabled {
		return invalidRequest("Notifications can only be enabled on a group with InsightsEnabled set to true")
	}
	return nil
}

type groupOut struct {
	FilterExpression      *string
	GroupARN              string
	GroupName             string
	InsightsConfiguration insightsConfiguration
}

func (c caller) groupOut(g *group) groupOut {
	return groupOut{g.FilterExpression, c.arn(g.resource()), g.Name, g.Insights}
}

type groupResponse struct{ Group groupOut }

// orDefaultGroup returns g or, if that is nil and the name is Default, the group
// Default as it is before somebody changes it.
func orDefaultGroup(g *group, name string) (_ *group, stored bool) {
	if g == nil && name == defaultName {
		return &group{Name: defaultName}, false
	}
	return g, g != nil
}

var groupName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

type createGroupRequest struct {
	GroupName             *string `valid:"required,len=1..32"`
	FilterExpression      *string
	InsightsConfiguration *insightsConfiguration
	Tags                  []tag `valid:"len=0..200"`
}

func (h *Handler) createGroup(ctx context.Context, in *createGroupRequest) (any, error) {
	g := &group{Name: *in.GroupName, FilterExpression: in.FilterExpression}
	if !groupName.MatchString(g.Name) {
		return nil, invalidRequest("Invalid group name %s: it may have letters, digits and hyphens", g.Name)
	}
	if err := checkFilter(in.FilterExpression); err != nil {
		return nil, err
	}
	if in.InsightsConfiguration != nil {
		g.Insights = *in.InsightsConfiguration
	}
	if err := g.Insights.check(); err != nil {
		return nil, err
	}
	var err error
	if g.Tags, err = newTags(in.Tags); err != nil {
		return nil, err
	}
	g.Suffix = newSuffix()
	c := callerOf(ctx)
	err = modifyOne(ctx, h.storeOf(ctx), kindGroup, g.Name, func(all map[string]*group) (*group, error) {
		delete(all, defaultName)
		switch {
		case all[g.Name] != nil, g.Name == defaultName:
			return nil, invalidRequest("%s already exists", g.Name)
		case c.strict && len(all) >= MaxGroups-1:
			return nil, invalidRequest("The maximum number of groups (%d) has been reached", MaxGroups)
		}
		return g, nil
	})
	return groupResponse{c.groupOut(g)}, err
}

// newSuffix returns 52 random characters.
func newSuffix() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])
}

// checkFilter checks the filter expression of a group.
func checkFilter(expression *string) error {
	if expression == nil || strings.TrimSpace(*expression) == "" {
		return invalidRequest("Filter Expression is empty")
	}
	if _, err := filter.Parse(*expression); err != nil {
		return invalidRequest("Invalid filter expression: %v", err)
	}
	return nil
}

// A groupSelector names one group, by name or by ARN.
type groupSelector struct {
	GroupName *string `valid:"len=1..32"`
	GroupARN  *string `valid:"len=1..400"`
}

// key returns the name of the group, and what its ARN has to be ("" for any).
func (s groupSelector) key(c caller) (name, resource string, err error) {
	switch {
	case (s.GroupName == nil) == (s.GroupARN == nil):
		return "", "", invalidRequest("Provide either GroupName or GroupARN")
	case s.GroupName != nil:
		return *s.GroupName, "", nil
	}
	kind, rest := c.parseARN(*s.GroupARN)
	if kind != "group" {
		return "", "", errNoGroup
	}
	return groupKey(rest), "group/" + rest, nil
}

var errNoGroup = invalidRequest("Group not found")

// findGroup returns the group that a request names.
func (h *Handler) findGroup(ctx context.Context, s groupSelector) (*group, error) {
	name, resource, err := s.key(callerOf(ctx))
	if err != nil {
		return nil, err
	}
	g, err := load[group](ctx, h.storeOf(ctx), kindGroup, name)
	if err != nil {
		return nil, err
	}
	if g, _ = orDefaultGroup(g, name); g == nil || resource != "" && g.resource() != resource {
		return nil, errNoGroup
	}
	return g, nil
}

type getGroupRequest struct{ groupSelector }

func (h *Handler) getGroup(ctx context.Context, in *getGroupRequest) (any, error) {
	g, err := h.findGroup(ctx, in.groupSelector)
	if err != nil {
		return nil, err
	}
	return groupResponse{callerOf(ctx).groupOut(g)}, nil
}

type getGroupsRequest struct {
	NextToken *string `valid:"len=1..100"`
}

type getGroupsResponse struct {
	Groups    []groupOut
	NextToken *string
}

// getGroups returns all groups at once, Default first. It takes no token, as
// the service does not.
func (h *Handler) getGroups(ctx context.Context, in *getGroupsRequest) (any, error) {
	if in.NextToken != nil {
		return nil, invalidRequest("Next Token not supported")
	}
	groups, err := h.groups(ctx)
	if err != nil {
		return nil, err
	}
	out := getGroupsResponse{Groups: []groupOut{}}
	for _, g := range groups {
		out.Groups = append(out.Groups, callerOf(ctx).groupOut(g))
	}
	return out, nil
}

// groups returns all groups, Default first, the others by name.
func (h *Handler) groups(ctx context.Context) ([]*group, error) {
	all, err := loadAll[group](ctx, h.storeOf(ctx), kindGroup)
	if err != nil {
		return nil, err
	}
	first, _ := orDefaultGroup(all[defaultName], defaultName)
	delete(all, defaultName)
	groups := []*group{first}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		groups = append(groups, all[name])
	}
	return groups, nil
}

type updateGroupRequest struct {
	groupSelector
	FilterExpression      *string
	InsightsConfiguration *insightsConfiguration
}

// updateGroup demands a filter expression even of who changes the insights
// alone, as the service does; Default has none, and takes none.
func (h *Handler) updateGroup(ctx context.Context, in *updateGroupRequest) (any, error) {
	c := callerOf(ctx)
	name, resource, err := in.key(c)
	if err != nil {
		return nil, err
	}
	var out groupResponse
	err = modify(ctx, h.storeOf(ctx), kindGroup, name, func(g *group) (*group, error) {
		if g, _ = orDefaultGroup(g, name); g == nil || resource != "" && g.resource() != resource {
			return nil, errNoGroup
		}
		switch {
		case g.Name != defaultName:
			if err := checkFilter(in.FilterExpression); err != nil {
				return nil, err
			}
			g.FilterExpression = in.FilterExpression
		case in.FilterExpression != nil:
			return nil, invalidRequest("The filter expression of the group Default cannot be changed")
		}
		if in.InsightsConfiguration != nil {
			g.Insights = *in.InsightsConfiguration
		}
		out.Group = c.groupOut(g)
		return g, g.Insights.check()
	})
	return out, err
}

type deleteGroupRequest struct{ groupSelector }

func (h *Handler) deleteGroup(ctx context.Context, in *deleteGroupRequest) (any, error) {
	name, resource, err := in.key(callerOf(ctx))
	if err != nil {
		return nil, err
	}
	if name == defaultName {
		return nil, invalidRequest("The group Default cannot be deleted")
	}
	err = modify(ctx, h.storeOf(ctx), kindGroup, name, func(g *group) (*group, error) {
		if g == nil || resource != "" && g.resource() != resource {
			return nil, errNoGroup
		}
		return nil, nil
	})
	return struct{}{}, err
}
