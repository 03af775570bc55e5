module github.com/bragg-tracing/bragg/pkg/sdk

go 1.25.0
