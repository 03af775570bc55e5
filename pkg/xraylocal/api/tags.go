package api

import (
	"context"
	"net/http"
	"strings"
)

// maxTags is how many tags a resource may have.
// https://docs.aws.amazon.com/xray/latest/api/API_CreateGroup.html
const maxTags = 50

func init() {
	serve("ListTagsForResource", (*Handler).listTagsForResource)
	serve("TagResource", (*Handler).tagResource)
	serve("UntagResource", (*Handler).untagResource)
}

type tag struct {
	Key   *string `valid:"required,len=1..128"`
	Value *string `valid:"required,len=0..256"`
}

// A tagSet is what of a resource is its tags, in the order in which they came.
type tagSet []tag

// set adds tags, and replaces those with the same key.
func (s *tagSet) set(tags []tag) {
next:
	for _, t := range tags {
		for i := range *s {
			if *(*s)[i].Key == *t.Key {
				(*s)[i].Value = t.Value
				continue next
			}
		}
		*s = append(*s, t)
	}
}

func (s *tagSet) remove(keys []string) {
	gone := make(map[string]bool)
	for _, key := range keys {
		gone[key] = true
	}
	kept := tagSet{}
	for _, t := range *s {
		if !gone[*t.Key] {
			kept = append(kept, t)
		}
	}
	*s = kept
}

// newTags checks the tags of a resource that is made.
func newTags(tags []tag) (tagSet, error) {
	if err := checkTags(tags); err != nil {
		return nil, err
	}
	if len(tags) > maxTags {
		return nil, invalidRequest("The resultant tag set must not have more than %d user tags.", maxTags)
	}
	var s tagSet
	s.set(tags)
	return s, nil
}

func checkTags(tags []tag) error {
	seen := make(map[string]bool)
	for _, t := range tags {
		if err := checkTagKey(*t.Key); err != nil {
			return err
		}
		if seen[*t.Key] {
			return invalidRequest("Duplicate tag key: %s", *t.Key)
		}
		seen[*t.Key] = true
	}
	return nil
}

func checkTagKey(key string) error {
	if strings.HasPrefix(strings.ToLower(key), "aws:") {
		return invalidRequest("Caller is an end user and not allowed to mutate system tags")
	}
	return nil
}

type listTagsForResourceRequest struct {
	ResourceARN *string `valid:"required,len=1..1011"`
	NextToken   *string
}

type listTagsForResourceResponse struct {
	NextToken *string
	Tags      []tag
}

// listTagsForResource ignores NextToken, as the service does.
func (h *Handler) listTagsForResource(ctx context.Context, in *listTagsForResourceRequest) (any, error) {
	out := listTagsForResourceResponse{Tags: []tag{}}
	err := h.tagged(ctx, *in.ResourceARN, func(tags *tagSet) error {
		out.Tags = append(out.Tags, *tags...)
		return nil
	})
	return out, err
}

type tagResourceRequest struct {
	ResourceARN *string `valid:"required,len=1..1011"`
	Tags        []tag   `valid:"required,len=0..200"`
}

func (h *Handler) tagResource(ctx context.Context, in *tagResourceRequest) (any, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	err := h.tagged(ctx, *in.ResourceARN, func(tags *tagSet) error {
		tags.set(in.Tags)
		if len(*tags) > maxTags {
			return &apiError{status: http.StatusBadRequest, shape: "TooManyTagsException", resource: *in.ResourceARN,
				message: "The resultant tag set must not have more than 50 user tags."}
		}
		return nil
	})
	return struct{}{}, err
}

type untagResourceRequest struct {
	ResourceARN *string  `valid:"required,len=1..1011"`
	TagKeys     []string `valid:"required,len=0..200" each:"valid:\"len=1..128\""`
}

func (h *Handler) untagResource(ctx context.Context, in *untagResourceRequest) (any, error) {
	for _, key := range in.TagKeys {
		if err := checkTagKey(key); err != nil {
			return nil, err
		}
	}
	err := h.tagged(ctx, *in.ResourceARN, func(tags *tagSet) error {
		tags.remove(in.TagKeys)
		return nil
	})
	return struct{}{}, err
}

// tagged calls f with the tags of the group or sampling rule that has the ARN,
// and stores what f makes of them.
func (h *Handler) tagged(ctx context.Context, arn string, f func(*tagSet) error) error {
	kind, name := callerOf(ctx).parseARN(arn)
	s := h.storeOf(ctx)
	switch kind {
	case "group":
		return modify(ctx, s, kindGroup, groupKey(name), func(g *group) (*group, error) {
			if g, _ = orDefaultGroup(g, groupKey(name)); g == nil || g.resource() != "group/"+name {
				return nil, notFound(arn)
			}
			return g, f(&g.Tags)
		})
	case "sampling-rule":
		return modify(ctx, s, kindRule, name, func(r *ruleRecord) (*ruleRecord, error) {
			if r = orDefaultRule(r, name); r == nil {
				return nil, notFound(arn)
			}
			return r, f(&r.Tags)
		})
	default:
		return notFound(arn)
	}
}

func notFound(name string) error {
	return &apiError{status: http.StatusNotFound, shape: "ResourceNotFoundException", resource: name,
		message: "Resource " + name + " not found"}
}
