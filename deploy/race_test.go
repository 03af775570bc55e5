//go:build race

package deploy

// buildMode builds the programs of the rehearsal as the test itself is built:
// the dependencies are compiled already, and races in the programs are seen.
var buildMode = []string{"-race"}
