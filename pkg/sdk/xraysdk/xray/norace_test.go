//go:build !race

package xray_test

const raceDetector = false
