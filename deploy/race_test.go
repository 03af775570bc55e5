//go:build race

package deploy

// buildMode says how a program is built. Where the test itself sees races, those
// of bragg end it with an error. Races in the collector's own core are no error
// (see startCollector), and it starts and runs faster without them.
var buildMode = map[string][]string{"bragg": {"-race"}}
