// Package up is what `bragg up` does: X-Ray Local, the New Relic sink, the
// collector and the demo, started in this order in one process, and stopped in
// the other one so that nothing on its way is lost. [Once] sends a number of
// requests through all of it and counts what arrived where.
package up
