//go:build race

package xray_test

const raceDetector = true
