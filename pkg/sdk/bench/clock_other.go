//go:build !linux

package main

import "time"

// now returns the time on the wall.
func now() time.Duration { return time.Since(start) }

func nowProcess() time.Duration { return now() }
