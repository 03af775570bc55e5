// Package sink is New Relic on your machine, as far as sending goes: an OTLP
// receiver that refuses what New Relic refuses and keeps the rest to be read
// back.
//
// One listener takes OTLP over gRPC and over HTTP (/v1/traces, /v1/metrics,
// /v1/logs; protobuf and JSON; gzip and zstd). As at New Relic, a request needs
// an api-key header with a license key, its body has at most 10^6 bytes on the
// wire, and sending again what has arrived makes a duplicate: nothing is
// idempotent. See
// https://docs.newrelic.com/docs/opentelemetry/best-practices/opentelemetry-otlp/
//
//	GET /spans?trace.id=ID   the spans of a trace, as JSON
//	GET /traces?from=&to=    the traces between two times, in seconds, as JSON
//	GET /counts              what has arrived, as JSON
//	GET /healthz             200 when it works
//	POST /graphql            a query of spans, answered as New Relic's NerdGraph does
//
// Spans are in the SQLite database newrelic.db of the data directory. A request
// is acknowledged after its transaction is committed, so what a client counts
// as sent survives the death of the process. Of metrics and logs there are
// counts alone.
//
// Retention: the oldest spans are deleted when they are older than 24 hours or
// there are more than 1,000,000, in steps of at most 5,000 so that no writer
// waits long. Of metrics and logs there are at most 1,000 names each; what has
// another name is counted under "(other)".
package sink
