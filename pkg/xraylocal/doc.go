// Package xraylocal is AWS X-Ray on one machine: the real HTTP API, over an
// SQLite database in a data directory, with a console beside it. AWS's own
// clients use it unchanged, with any credentials.
//
// It listens on the loopback interface. Whoever lets it listen beyond that gets
// a token asked of every caller, and has to name the hosts that it is reached
// by: a web page that somebody visits must not be able to read traces by way of
// the visitor's browser.
//
// The parts: package api speaks the protocol, daemon that of the X-Ray daemon,
// otlp turns spans into documents and back, sampling shares reservoirs, store
// keeps documents, assembly puts them together as X-Ray would, servicegraph says
// who called whom, insights what fails more than it did, servicemap how to draw
// it, layout where; archive writes what is stored to a file, and command bench
// measures. This package opens the store, listens, and decides who may call. The
// README says which of AWS's limits hold, how data is stored, and how fast it is.
package xraylocal
