// Package segment is the X-Ray segment document: its model, its decoder and
// the rules by which X-Ray accepts or refuses one.
//
// It knows nothing of OpenTelemetry and nothing of where documents are kept:
// the exporter writes them, X-Ray Local reads them, the console and the
// command line draw them, all with these types.
package segment
