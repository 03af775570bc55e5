// Package udp takes segment documents from UDP as the X-Ray daemon does: each
// datagram is a line that names the format and its version, then one document,
// or spans as OTLP.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-daemon
//
// A datagram goes from the socket to a queue in memory, never waiting. What does
// not fit, in the kernel's buffer or in the queue, is lost, and is told of.
package udp
