package api

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// Limits of resource policies.
// https://docs.aws.amazon.com/xray/latest/api/API_PutResourcePolicy.html
const (
	MaxPolicies   = 5
	MaxPolicySize = 5 << 10 // bytes
)

func init() {
	serve("DeleteResourcePolicy", (*Handler).deleteResourcePolicy)
	serve("ListResourcePolicies", (*Handler).listResourcePolicies)
	serve("PutResourcePolicy", (*Handler).putResourcePolicy)
}

// A resourcePolicy is kept in the store as it is on the wire, by its name.
type resourcePolicy struct {
	LastUpdatedTime  float64
	PolicyDocument   string
	PolicyName       string
	PolicyRevisionID string `json:"PolicyRevisionId"`
}

type listResourcePoliciesRequest struct {
	NextToken *string `valid:"len=1..100"`
}

type listResourcePoliciesResponse struct {
	NextToken        *string
	ResourcePolicies []*resourcePolicy
}

// listResourcePolicies returns all of them, by name: there are not many.
func (h *Handler) listResourcePolicies(ctx context.Context, in *listResourcePoliciesRequest) (any, error) {
	all, err := loadAll[resourcePolicy](ctx, h.storeOf(ctx), kindPolicy)
	if err != nil {
		return nil, err
	}
	names, next, err := page(slices.Sorted(maps.Keys(all)), in.NextToken, 100)
	if err != nil {
		return nil, err
	}
	out := listResourcePoliciesResponse{NextToken: next, ResourcePolicies: []*resourcePolicy{}}
	for _, name := range names {
		out.ResourcePolicies = append(out.ResourcePolicies, all[name])
	}
	return out, nil
}

type putResourcePolicyRequest struct {
	PolicyName               *string `valid:"required,len=1..128" pattern:"[\\w+=,.@-]+"`
	PolicyDocument           *string `valid:"required"`
	PolicyRevisionID         *string `json:"PolicyRevisionId"`
	BypassPolicyLockoutCheck bool
}

type putResourcePolicyResponse struct{ ResourcePolicy *resourcePolicy }

// putResourcePolicy keeps a policy, which nothing here enforces. Its revision
// counts from 1, and 0 stands for a policy that is not there.
func (h *Handler) putResourcePolicy(ctx context.Context, in *putResourcePolicyRequest) (any, error) {
	c, name := callerOf(ctx), *in.PolicyName
	if c.strict && len(*in.PolicyDocument) > MaxPolicySize {
		return nil, badPolicy("PolicySizeLimitExceededException", "The resource policy exceeds the maximum size of 5 KB.")
	}
	statements, err := parsePolicy(*in.PolicyDocument)
	if err != nil {
		return nil, badPolicy("MalformedPolicyDocumentException", "Invalid resource policy: "+err.Error())
	}
	if !in.BypassPolicyLockoutCheck && statements.lockOut(c.account) {
		return nil, badPolicy("LockoutPreventionException",
			"The resource policy would prevent the caller from making a subsequent PutResourcePolicy request.")
	}
	var out *resourcePolicy
	err = modifyOne(ctx, h.storeOf(ctx), kindPolicy, name, func(all map[string]*resourcePolicy) (*resourcePolicy, error) {
		revision := revisionOf(all[name])
		switch {
		case in.PolicyRevisionID != nil && *in.PolicyRevisionID != strconv.Itoa(revision):
			return nil, badPolicy("InvalidPolicyRevisionIdException",
				"Another concurrent request has modified the resource policy "+name)
		case c.strict && revision == 0 && len(all) >= MaxPolicies:
			return nil, badPolicy("PolicyCountLimitExceededException", "The maximum number of X-Ray resource policies has been reached.")
		}
		out = &resourcePolicy{second(h.now()), *in.PolicyDocument, name, strconv.Itoa(revision + 1)}
		return out, nil
	})
	return putResourcePolicyResponse{out}, err
}

func badPolicy(shape, message string) error {
	return &apiError{status: http.StatusBadRequest, shape: shape, message: message}
}

func revisionOf(p *resourcePolicy) int {
	if p == nil {
		return 0
	}
	n, _ := strconv.Atoi(p.PolicyRevisionID) // it was made by Itoa
	return n
}

type deleteResourcePolicyRequest struct {
	PolicyName       *string `valid:"required,len=1..128" pattern:"[\\w+=,.@-]+"`
	PolicyRevisionID *string `json:"PolicyRevisionId"`
}

func (h *Handler) deleteResourcePolicy(ctx context.Context, in *deleteResourcePolicyRequest) (any, error) {
	name := *in.PolicyName
	err := modify(ctx, h.storeOf(ctx), kindPolicy, name, func(p *resourcePolicy) (*resourcePolicy, error) {
		switch {
		case in.PolicyRevisionID != nil && (p == nil || *in.PolicyRevisionID != p.PolicyRevisionID):
			return nil, badPolicy("InvalidPolicyRevisionIdException",
				"Another concurrent request has modified or deleted the resource policy "+name)
		case p == nil:
			return nil, invalidRequest("The resource policy %s does not exist.", name)
		}
		return nil, nil
	})
	return struct{}{}, err
}
