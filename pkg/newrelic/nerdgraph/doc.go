// Package nerdgraph answers queries as NerdGraph, New Relic's GraphQL API, does,
// over the spans of the local New Relic sink. A program that reads traces from
// New Relic can so be tried, and tested, without an account:
//
//	curl http://127.0.0.1:4319/graphql -H 'API-Key: NRAK-LOCALSINKONLYNOTANEWRELICKEY' \
//	  -H 'Content-Type: application/json' \
//	  -d '{"query": "{ actor { account(id: 1) { nrql(query: \"SELECT count(*) FROM Span WHERE trace.id = '\''…'\''\") { results } } } }"}'
//
// Of the GraphQL schema it has the user, the account and nrql with its results,
// all others are errors, as they are there. Of NRQL it has
//
//	SELECT * | attribute, … | count(*), uniqueCount(attribute), latest(attribute) [AS name]
//	FROM Span | NrIntegrationError
//	WHERE condition AND …     = != < > <= >= LIKE 'a%' IN (…) IS [NOT] NULL, with NOT before
//	SINCE n minutes ago | UNTIL n minutes ago | ORDER BY attribute [ASC|DESC] | LIMIT n | LIMIT MAX
//
// Every query of spans names one trace.id: this is no analytics database. What
// it does not have is a syntax error, with New Relic's words.
//
// Errors come as there: a user key is demanded (401 and BAD_API_KEY), and
// [Config.Fault] makes it answer late, not at all, or that there were too many
// queries. Sources: https://docs.newrelic.com/docs/apis/nerdgraph/examples/nerdgraph-nrql-tutorial/
// and https://docs.newrelic.com/docs/nrql/get-started/introduction-nrql-new-relics-query-language/.
// The words of error messages are from public reports of them, not from a
// specification: there is none.
package nerdgraph
