// Package servicemap makes a picture of a service graph: what each node and edge
// is called, does and how it fares, where it stands, and the filter expression
// that means it. The command line draws it with text, SVG draws it on a page,
// Mermaid in a document; the console draws it in a browser. All see the same.
package servicemap
