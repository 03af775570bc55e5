// Package version says which build this is.
package version

import "runtime/debug"

// release is set by the linker for a released binary:
// -ldflags "-X github.com/bragg-tracing/bragg/pkg/version.release=v1.2.3".
var release string

// String returns the release, else the module's version, else "devel".
func String() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
