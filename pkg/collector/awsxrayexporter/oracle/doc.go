// Package oracle compares the translation of package translate with that of
// the awsxray exporter of opentelemetry-collector-contrib v0.159, which it
// drives through its public factory and an endpoint on loopback. It holds only
// what tests need, and is a module of its own so that nothing else requires
// that exporter for its sake.
//
// A Case is one span with its resource. Cases come from a corpus written by
// hand, which goes through the rules of the translation, and from a Generator,
// which mixes them at random. Compare says whether both documents of a case
// are equal but for what is random in contrib's: the ids of exceptions and of
// service segments, and which of several attributes wins a key that they
// share.
//
// Where contrib has no document, because it panics or drops the span, or has
// one that X-Ray refuses for its size, the document of package translate must
// be one that X-Ray accepts. Such a case has a Class other than Equal.
//
// To run it:
//
//	go test -v -run Differential . -args -spans 100000 -seed 1
//	go test -run '^$' -fuzz Differential -fuzzminimizetime 1x -fuzztime 10m .
//	go run ./sidebyside -benchtime 300ms -count 3
//
// The last measures both sides; see its package comment.
package oracle
