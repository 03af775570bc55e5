// Package api serves the HTTP API of AWS X-Ray, so that AWS's own clients work
// on X-Ray Local unchanged.
//
// The protocol is restJson1: every operation is a POST to a path of its own,
// times are numbers of epoch seconds, and members that have no value are there
// and null. Where the real service differs from its documentation, the package
// does what the service does. Credentials are not looked at: who may call is
// decided before a request comes here.
//
// https://docs.aws.amazon.com/xray/latest/api/Welcome.html
package api
