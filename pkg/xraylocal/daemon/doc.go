// Package daemon is the X-Ray daemon for X-Ray Local: segment documents over
// UDP go to the store, and calls over TCP on the same port, which SDKs leave
// unsigned, go to the API. A datagram may also hold spans as OTLP, as AWS's
// OpenTelemetry distributions send them.
//
// UDP acknowledges nothing: what is lost, and why, is logged with the ids of the
// document, at most once a minute for each reason.
package daemon
