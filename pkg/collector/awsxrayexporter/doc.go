// Package awsxrayexporter is the collector's `awsxray` exporter: it renders
// spans as X-Ray segment documents and delivers them with PutTraceSegments.
//
// It takes every key of contrib's exporter of the same name and adds a queue,
// retries of exactly what failed, and an answer for every document: stored,
// tried again, or dropped with a reason that is counted, logged and, if asked
// for, kept in a file. The package translate holds the rules by which a span
// becomes a document; this package holds the way of a document to X-Ray:
//
//	exporterhelper's queue and retry → push: translate (batch.go), pack
//	(pack.go), rounds of concurrent puts (deliver.go) at a rate that follows
//	X-Ray's answers (rate.go), each answer judged (classify.go)
//
// The README lists every key, its default, and the differences to contrib.
package awsxrayexporter
