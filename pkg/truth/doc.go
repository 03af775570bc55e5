// Package truth proves, for each instrumentation of the SDK, what comes of it:
// services with real servers, databases and AWS clients send their spans through
// the real collector into X-Ray Local and the New Relic sink, and the tests
// assert the documents and the spans that are there. The package has nothing but
// tests.
package truth
