// Package xraylocal is AWS X-Ray on one machine: the real HTTP API, over an
// SQLite database in a data directory, with a console beside it. AWS's own
// clients use it unchanged, with any credentials.
//
// It listens on the loopback interface. Whoever lets it listen beyond that gets
// a token asked of every caller, and has to name the hosts that it is reached
// by: a web page that somebody visits must not be able to read traces by way of
// the visitor's browser.
//
// The parts: package api speaks the protocol, package store keeps documents,
// package assembly puts them together as X-Ray would, package servicegraph
// says who called whom, package insights what fails more than it did, package
// servicemap how to draw it, package layout where. This package opens the
// store, listens, and decides who may call.
package xraylocal
