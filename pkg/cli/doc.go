// Package cli is the bragg command line.
package cli
