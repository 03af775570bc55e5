//go:build race

package main

// buildMode builds the collector as the test itself is built: its dependencies
// are compiled already, and races in it are seen.
var buildMode = []string{"-race"}
