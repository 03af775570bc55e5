// Package sigv4 signs HTTP requests to AWS services: those of the exporter to
// X-Ray's OTLP endpoint, and sampling calls that go to X-Ray without a proxy.
//
// [NewTransport] signs what any HTTP client sends. [Credentials] finds the
// credentials of the place where the process runs, with a part of the AWS SDK
// that is light enough for every service; a service with an aws.Config of its
// own passes that one's Credentials instead.
package sigv4
