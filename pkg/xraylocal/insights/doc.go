// Package insights finds services that fail more than they did, in what is
// stored.
//
// AWS does not publish the model behind X-Ray's insights. What stands here is a
// heuristic of X-Ray Local that can be said in a few sentences, and every text
// that it writes says so:
//
// Each minute, a service's faults of the last three minutes are compared with
// those of the two hours before by Fisher's exact test. If chance alone would
// give so many once in a million times or less, and they are at least three, of
// at least ten requests, and their share is at least five points above the one
// before, the service is anomalous. It stays so until five minutes have passed
// without such a minute; what it is compared with remains what was before. After
// six hours the new state is taken to be the usual one. A service that was seen
// for too short a time to say anything is never anomalous: the test sees to it.
//
// Services that are anomalous at the same time and call each other are one
// insight. The deepest of them is its root cause.
//
// Everything is computed from the service graphs of the traces; nothing is kept.
// So insights outlive restarts, appear for data that was imported, and are gone
// with the traces. What is found in a minute depends on the eight hours before.
package insights
