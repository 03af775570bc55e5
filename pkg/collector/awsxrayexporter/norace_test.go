//go:build !race

package awsxrayexporter

const raceDetector = false
