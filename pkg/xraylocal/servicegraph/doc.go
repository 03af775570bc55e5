// Package servicegraph tells who called whom: it projects a trace onto the
// services that took part, and adds many traces up into one map with statistics.
//
// Of makes the Graph of one assembled trace: nodes, edges, and at each of them
// the requests that it is there for. Filter expressions, trace graphs and the
// console's trace map read it.
//
// A Graph is stored in two parts. Its shape, who calls whom, is the same for
// all traces that took the same way, so that it is stored once; its values,
// when and how long and how it ended, are some ten bytes per request. A Merger
// adds such pairs up without making a Graph of each, which is how a map over
// tens of thousands of traces answers at once.
//
// The rules are X-Ray's, where they can be observed:
// https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-servicegraph
package servicegraph
