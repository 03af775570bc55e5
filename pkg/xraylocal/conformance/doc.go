// Package conformance holds tests of X-Ray Local with clients that nothing else
// should have to require: contrib's awsxray exporter and version 1 of AWS's X-Ray
// SDK for Go; so it is a module of its own. AWS's SDK for JavaScript is tested
// here too, where node_modules has it:
//
//	make conformance-xraylocal
package conformance
