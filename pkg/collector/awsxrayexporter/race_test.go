//go:build race

package awsxrayexporter

// raceDetector says whether the test runs under it, which makes a document cost
// ten times as much.
const raceDetector = true
