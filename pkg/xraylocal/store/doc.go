// Package store keeps X-Ray documents in an SQLite database on one machine.
//
// A document that Put has acknowledged survives the death of the process. All
// writes go through one goroutine, which puts what waits into one transaction;
// reads run beside it on a snapshot of their own. Documents are kept as they
// were sent: what a reader sees is put together anew by package assembly.
package store
