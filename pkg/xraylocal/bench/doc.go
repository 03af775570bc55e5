//go:build linux

// Command bench measures X-Ray Local from outside, as a process of its own that
// is called over HTTP: how fast it takes documents, what that costs, and how long
// queries take on what it then holds. `make bench-xraylocal` runs it.
//
// The documents are made by a seeded generator: traces of five documents of 2 KB
// each, of six services, 50,000 traces to an hour. The figures name the size of
// the store.
package main
