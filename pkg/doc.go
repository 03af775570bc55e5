// Package pkg holds no code, only the rules of the tree as tests. What is where:
//
//	sdk         the module that a service imports: telemetry starts OpenTelemetry, and
//	            tracehttp, tracegrpc, traceaws, tracesql, tracelambda, tracelog and
//	            runtimemetrics instrument libraries, each a module of its own where it
//	            needs one; redact takes credentials out of what is exported
//	sdk/xraysdk the X-Ray SDK's API on OpenTelemetry, for an import to be changed
//	segment     the X-Ray segment document
//	otlp        decoding and errors of OTLP over HTTP
//	collector   the distribution of the OpenTelemetry Collector; gateway is what a tier
//	            of collectors needs beyond one
//	xraylocal   AWS X-Ray's API on this machine
//	console     its pages
//	newrelic    the client of NerdGraph, New Relic's query API, which newrelic/nerdgraph
//	            answers on this machine; newrelic/sink takes in what New Relic takes
//	demo        services that send traffic
//	soak        breaks everything around a collector under load, and counts every span
//	verify      compares what backends have of a trace; verify/doctor examines what
//	            traces need on their way
//	up          all of these in one process
//	migrate     rewrites a code base from the X-Ray SDK
//	cli         the command line
//	truth       tests of the instrumentation, through all of it
//	freeport    ports for what is started later
//	version     which build this is
package pkg
