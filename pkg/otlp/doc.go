// Package otlp is what the servers of OTLP over HTTP have in common: decoding
// that no body can overflow, and errors as the protocol wants them.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
package otlp
