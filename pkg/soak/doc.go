// Command soak breaks everything around a collector while spans flow through it,
// and counts by span id what became of each.
//
//	make soak               every fault, outages of 60 s
//	SOAK=long make soak     outages of 10 minutes
//
// The collector is a process of its own, with otel-collector.yaml and
// deploy/collector/durable.yaml, or with the configuration that ADOT takes and
// contrib's awsxray exporter, for comparison. The backends are X-Ray Local and
// the New Relic sink, each behind a proxy that fails on script. Load comes from
// a generator, which knows what was acknowledged, and from the demo, whose
// latency must not move.
//
// A row passes when every span that was acknowledged is stored, still queued or
// counted under a named refusal, with equal numbers; nothing is lost by faults
// that pass; the backend that is well gets its spans as fast as before; and the
// collector's memory stays under its limit. README.md has the rows.
package main
