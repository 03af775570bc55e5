// Package oracle holds no code, only tests that compare the detectors with
// contrib's: the same endpoints answer both, and both must find the same
// attributes, but for a written list of those that contrib lacks or gets wrong.
// It is a module of its own, because contrib's bring a Kubernetes client.
package oracle
