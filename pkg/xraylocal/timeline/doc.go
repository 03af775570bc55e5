// Package timeline lays out the documents of one trace as the rows of a
// waterfall: what called what, when, for how long, and how it ended.
//
// It only computes. The command line and the console both draw what it
// returns, so that they cannot disagree; every function is pure and safe for
// concurrent use.
package timeline
