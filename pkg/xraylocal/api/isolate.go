package api

import "context"

// explainEmpty logs, when a question about traces found nothing in the caller's
// namespace, which namespaces hold data: a region or key that is not the one of
// who sent is easily set.
func (h *Handler) explainEmpty(ctx context.Context, path string, out any) {
	if answer, ok := out.(interface{ empty() bool }); !ok || !answer.empty() {
		return
	}
	asked := callerOf(ctx).namespace
	namespaces, err := h.store.Namespaces(ctx)
	if err != nil || len(namespaces) == 0 {
		return // there is nothing to say, and the answer stands
	}
	h.logger.InfoContext(ctx, "Nothing was found in the namespace of the caller (account/region)",
		"operation", names[path], "namespace", asked, "namespaces with traces", namespaces)
}

func (r batchGetTracesResponse) empty() bool    { return len(r.Traces) == 0 }
func (r getTraceSummariesResponse) empty() bool { return len(r.TraceSummaries) == 0 }
func (r getServiceGraphResponse) empty() bool   { return len(r.Services) == 0 }
