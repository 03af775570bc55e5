// Package filtertest runs scripts that say which traces a filter expression
// finds, so that everything that answers such a question can be held to the same
// answers: the evaluator, a store with indexes, the API over HTTP.
//
// A script is a text file of commands, one per line; "#" begins a comment:
//
//	load checkout
//	    {"id": "1", "name": "web", "start_time": 0, "end_time": 2.5}
//	    {"id": "2", "name": "cart", "parent_id": "1", "start_time": 1, "end_time": 2}
//	group slow `responsetime > 2`
//	eval filter `group.name = "slow" AND service("cart")`
//	expect checkout
//	eval filter `respones > 1`
//	expect error `column 1: unknown keyword 'respones', did you mean responsetime?`
//
// load gives the documents of a trace, indented, and names the trace. They are
// X-Ray's segment documents without trace_id, with times in seconds from the
// beginning of the script's time and hexadecimal ids that are filled up with
// zeros from the left. group defines a group. clear forgets all traces and
// groups.
//
// eval asks, expect says what must come: names of traces in any order, "nothing",
// or an error. Before the expression, "ended FROM TO" makes it a question for
// services that ended in a time range (TimeRangeType Service), and "started FROM
// TO" one for traces that started in it; without, it is one for all traces.
package filtertest
