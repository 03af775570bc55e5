// Package verify proves that a trace arrived: it compares what was sent with
// what AWS X-Ray and New Relic have of it, span id by span id, and says of each
// difference what probably caused it and what to do.
//
// The two backends tell a trace differently. New Relic has OpenTelemetry's
// spans. X-Ray has segments and subsegments with the same ids, but names them by
// service and not by operation, splits some spans in two, adds segments for
// calls to what sends no traces, and keeps attributes in blocks, annotations and
// metadata. A [View] is what one place knows of a trace, whichever that is;
// [Compare] knows which differences between two views are the backends' ways,
// and which are faults.
//
//	documents, err := client.GetTrace(ctx, api, id)         // X-Ray
//	spans, err := nerdgraph.Spans(ctx, id)                  // New Relic
//	result := verify.Compare(verify.NewRelicView(spans), verify.XRayView(documents.Documents))
//
// [MatchIDs] is the part of it that only counts; `bragg up --once` uses it too.
package verify
