//go:build !race

package deploy

var buildMode map[string][]string
