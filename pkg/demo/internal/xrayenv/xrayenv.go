// Package xrayenv keeps the original X-Ray SDK from reading its environment
// variables while it is initialized. That SDK resolves AWS_XRAY_DAEMON_ADDRESS
// in a package variable and panics when it cannot, before main has begun; a
// program that only contains the demo must not end like this for a variable
// that it does not use.
//
// It works by the order in which Go initializes packages: by import path among
// those whose imports are initialized already
// (https://go.dev/ref/spec#Program_initialization). This package imports
// nothing but os, so it comes before everything that imports net/http. Keep it
// like this.
package xrayenv

import "os"

// hidden are the variables that can make the SDK's initialization fail.
var hidden = map[string]string{}

func init() {
	for _, name := range []string{"AWS_XRAY_DAEMON_ADDRESS"} {
		if value, ok := os.LookupEnv(name); ok {
			hidden[name] = value
			os.Unsetenv(name)
		}
	}
}

// Restore puts the variables back. Call it from the init function of a package
// that imports the SDK, which is thereby initialized.
func Restore() {
	for name, value := range hidden {
		os.Setenv(name, value)
	}
	clear(hidden)
}
