// Package oracle compares the awsxray receiver with contrib's on the same
// documents, in a module of its own, so that contrib's receiver is nobody's
// dependency. What differs is listed, with the reason.
package oracle
