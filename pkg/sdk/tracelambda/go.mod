module github.com/bragg-tracing/bragg/pkg/sdk/tracelambda

go 1.26.0

require github.com/bragg-tracing/bragg/pkg/sdk v0.1.0
