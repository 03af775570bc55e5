//go:build !race

package main

var buildMode []string
