// Package migrate moves a code base from aws-xray-sdk-go to package xraysdk: it
// finds what must change, by types, and changes the imports, go.mod and the
// start of the programs. What it does not understand it leaves alone.
package migrate
