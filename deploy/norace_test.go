//go:build !race

package deploy

var buildMode []string
