// Package endtoend tests that a program's traces in X-Ray are the same when its
// imports are changed from the X-Ray SDK to package xraysdk.
package endtoend
