// Package store keeps X-Ray documents in an SQLite database on one machine, or
// in memory.
//
// A document that Put has acknowledged is synced: it survives the death of the
// process and of the machine. All writes go through one goroutine, which puts
// what waits into one transaction, so that many callers share one sync; reads run
// beside it on a snapshot of their own. Several processes may use one directory:
// they write in turns, and what one of them remembers of the database it forgets
// when another has written.
//
// Documents are kept as they were sent, those of one trace and one transaction
// together and compressed: what a reader sees is put together anew by package
// assembly. Beside them, and in the same transaction, the store keeps what lists
// and graphs are made of: where a trace stands in the order of start times with
// its index entry and its facts (see package index), and its service graph (see
// package servicegraph). So a query reads the documents of those traces alone that
// it shows, and a service graph none, or with a filter those of few. A trace of
// more than index.MaxEntities documents gets these when nothing has come of it for
// a while, and is read until then when it is asked about.
package store
