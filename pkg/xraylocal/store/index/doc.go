// Package index is what the store keeps of a trace beside its documents, so
// that a filter expression need not read every trace of a time range.
//
// Of makes the entry of a trace: what a condition on its root segment asks for
// as columns, and everything else that can be asked for by equality as bits of
// a signature. Plan makes the condition, in SQL, that the entry of every trace
// must meet which the expression matches. It may let through others: whoever
// calls evaluates the expression on the traces that were found.
//
// A signature has 512 bits, of which each term of a trace sets three. A trace of
// five services and ten annotations has some forty terms: then one trace in two
// hundred looks as if it had a term that it has not, and one in some ten
// thousand two. It costs no index to keep up, 64 bytes a trace, and some half a
// microsecond to test.
package index
