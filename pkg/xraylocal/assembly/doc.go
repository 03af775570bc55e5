// Package assembly puts the documents of one trace together, as X-Ray does
// when it is asked for the trace: subsegments that were sent on their own are
// merged into their parents, and the services that sent nothing themselves
// get an inferred segment.
//
// Everything here is a pure function of documents: nothing is stored, nothing
// is fetched, and the documents given are not changed.
package assembly
