// Package redact takes credentials, and the values in SQL, out of spans and log
// records before they are exported. telemetry.Start does so by default, and the
// collector of this repository does the same by the same rules: see README.md
// for what is redacted and how to change it.
//
// What is replaced becomes REDACTED, the word of OpenTelemetry's conventions,
// or ? in SQL. What has been redacted stays as it is when it is redacted again.
package redact
