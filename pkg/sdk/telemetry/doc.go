// Package telemetry starts OpenTelemetry in a service whose traces go to AWS
// X-Ray and to New Relic:
//
//	sdk, err := telemetry.Start(ctx, telemetry.WithServiceName("checkout"))
//	if err != nil {
//		return err
//	}
//	defer sdk.Shutdown(context.Background())
//
// From then on otel.Tracer, otelhttp and every other instrumentation works.
// Spans have ids that X-Ray accepts, and requests are followed across
// traceparent and X-Amzn-Trace-Id headers alike. Spans and metrics go to an
// OpenTelemetry Collector at http://localhost:4317 until told otherwise. With
// no collector there, the service starts and runs just the same: spans wait in
// a bounded queue, what does not fit is dropped and counted, and one log line
// a minute says so.
//
// # Environment and options
//
// The OTEL_* variables of the OpenTelemetry specification are honoured. They
// describe the process, so the rule for a setting that has both a variable and
// an option is:
//
//   - Start, as a service calls it, makes the process's own SDK. There a
//     variable wins over an option: the option is the author's default, the
//     variable the operator's word.
//   - Start with [WithoutGlobals] makes one of possibly several SDKs in a
//     process, to which a variable cannot be addressed. There an option wins
//     over a variable, and the variable fills in for options not given.
//
// It holds for the service name (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES),
// version and resource attributes, the endpoint (OTEL_EXPORTER_OTLP_ENDPOINT,
// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT), the
// sampler (OTEL_TRACES_SAMPLER) and the size of the queue
// (OTEL_BSP_MAX_QUEUE_SIZE). Switches without an option, such as
// OTEL_SDK_DISABLED, always hold. A variable with a value that nobody
// understands is reported to the logger and passed over.
//
// OTEL_CONFIG_FILE names a declarative configuration, which takes the place of
// the other OTEL_* variables. Reading it needs the import of
// github.com/bragg-tracing/bragg/pkg/sdk/telemetry/otelconf, a module of its
// own.
//
// Credentials in headers, URLs and messages, and literals of SQL, are redacted
// before anything is exported: see [WithRedaction], BRAGG_REDACT,
// BRAGG_REDACT_KEYS and BRAGG_REDACT_PARAMETERS.
//
// Beyond the specification's there are the exporters xray, newrelic and xrayudp
// (see [WithExporters]), the samplers xray and parentbased_xray (see
// [WithXRaySampling]), and BRAGG_TRACE_HEADERS (see [WithTraceHeaders]).
package telemetry
