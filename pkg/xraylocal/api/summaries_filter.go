package api

import (
	"context"
	"errors"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
)

// expression reads a filter expression, with the expressions of the caller's
// groups in the place of their names. Nil stands for every trace.
func (h *Handler) expression(ctx context.Context, text *string) (filter.Expr, error) {
	if text == nil {
		return filter.Const(true), nil
	}
	e, err := filter.Parse(*text)
	if err != nil {
		return nil, invalidRequest("Invalid filter expression: %v", err)
	}
	var failure error // of the store
	e, err = filter.Expand(e, func(by filter.GroupKey, value string) (string, error) {
		s := groupSelector{GroupName: &value}
		if by == filter.GroupARN {
			s = groupSelector{GroupARN: &value}
		}
		g, err := h.findGroup(ctx, s)
		switch {
		case errors.Is(err, errNoGroup):
			return "", filter.ErrNoGroup
		case err != nil:
			failure = err
			return "", err
		case g.FilterExpression == nil:
			return "", nil
		default:
			return *g.FilterExpression, nil
		}
	})
	if failure != nil {
		return nil, failure
	}
	if err != nil {
		return nil, invalidRequest("Invalid filter expression: %v", err)
	}
	return e, nil
}
