// Package demo is a small lending company in Go services: it decides about loan
// applications so that there are traces to look at.
//
//	web ──▶ applications ──▶ scoring ──▶ documents
//	            │ DynamoDB      │ SQL        ▲ │ S3
//	            ▼               ▼            │ ▼
//	                          legacy ────────┘
//
// The services talk HTTP to each other over real sockets. All but one are
// instrumented with OpenTelemetry by way of pkg/sdk/telemetry; legacy, the
// company's credit bureau, still has the original X-Ray SDK and sends its
// segments over UDP, into the same traces. DynamoDB and S3 are local endpoints,
// so that nothing leaves the machine.
//
// [Start] runs everything in one process, [Run] one service, as a container
// does. [Load] sends applications of every [Scenario], and a [Recorder] knows
// every span that the services made, before any of it was exported.
package demo
