// Package spans makes OpenTelemetry spans of an X-Ray segment document: one of
// the segment and one of each subsegment in it.
//
// The names of attributes are those of contrib's awsxray receiver wherever it
// has one, and of the semantic conventions or "aws.xray." where it loses what
// the document says. It reads as leniently as X-Ray: a member of an unexpected
// type counts as absent, and a subsegment that lacks something is repaired.
package spans
