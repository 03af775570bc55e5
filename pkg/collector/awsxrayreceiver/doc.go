// Package awsxrayreceiver is the collector's `awsxray` receiver: the X-Ray
// daemon's two halves, segment documents over UDP and the SDKs' sampling calls
// over TCP.
//
// Datagrams wait in memory (package segment/udp); workers (pipeline) make spans
// of the documents and hand them on, several documents at a time when they come
// faster than that. What is lost on the way, in the kernel too, is counted by
// its reason and logged at most once a minute (losses). Calls over TCP are signed and passed to X-Ray (proxy).
//
// The package spans holds the rules by which a document becomes spans,
// the package passthrough how the document itself travels beside them to the
// exporter. The README lists every key and the differences to contrib.
package awsxrayreceiver
