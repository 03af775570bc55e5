// Package redactprocessor is the processor `redact`: it takes credentials and
// SQL literals out of spans and log records by the rules of pkg/sdk/redact,
// which services with this repository's SDK apply to themselves.
//
// Contrib's redaction processor was looked at first. It replaces whole values,
// or what regular expressions find in every value of every span; its URL
// sanitizer rewrites paths, from which X-Ray makes its groups; and what it
// leaves would be others words than the SDK's for the same secret.
package redactprocessor
