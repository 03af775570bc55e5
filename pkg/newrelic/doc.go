// Package newrelic reads from New Relic: it knows the regions' endpoints and has
// a client of NerdGraph, New Relic's GraphQL API, for the spans of a trace and
// for what New Relic says that it has dropped.
//
// What New Relic takes in is the matter of package sdk/licensekey; package
// newrelic/sink takes it in on this machine, and package newrelic/nerdgraph
// answers queries there as NerdGraph does.
//
// Sources: NerdGraph, https://docs.newrelic.com/docs/apis/nerdgraph/get-started/introduction-new-relic-nerdgraph/
// and its NRQL tutorial, https://docs.newrelic.com/docs/apis/nerdgraph/examples/nerdgraph-nrql-tutorial/
package newrelic
