// Package passthrough keeps an X-Ray document beside the spans that were made
// from it: Mark is what the receiver does, Judge is how the exporter decides
// whether the document may be sent in the place of the spans, and a Gatherer
// brings together what batches split. A Front puts a Gatherer before an
// exporter's queue.
//
// The attributes and the rule are stated at [segment.DocumentAttribute].
package passthrough
