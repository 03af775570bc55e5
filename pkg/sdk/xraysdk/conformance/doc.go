// Command conformance runs the X-Ray SDK's own tests against package xraysdk:
// those of its test and benchmark functions that use nothing but its public
// API. They are taken from the module cache into a temporary module, with the
// imports pointed here, and run twice: unchanged, over UDP; and with another
// TestDaemon, to which segments come as spans over OTLP, are made into documents
// by the awsxray exporter's translation, and are put together again.
//
// It ends with the lines
//
//	udp: N passed, N failed, N skipped
//	otlp: N passed, N failed, N skipped
//	N passed, N failed, N skipped
//
// and exit status 1 if a test failed, or if there were other than 141. Tests
// that are skipped are listed, with reasons, in skips.txt.
package main
