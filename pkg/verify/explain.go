package verify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"github.com/bragg-tracing/bragg/pkg/newrelic"
)

// explainSend says why a collector did not take a trace.
func explainSend(t TraceReport) Finding {
	f := Finding{Severity: Fault, Code: "not_accepted", Path: t.Path, What: t.SendError}
	text := strings.ToLower(t.SendError)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	switch {
	case has("answers unauthenticated", "answers 401", "answers 403", "answers permissiondenied"):
		f.Cause, f.Remedy = "the collector wants authentication", "give its token in OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20…"
	case has("certificate", "tls:", "x509"):
		f.Cause, f.Remedy = "the collector's certificate is not one that this machine trusts, or it speaks no TLS", "name its authority with --ca, or use http:// where it listens without TLS"
	case has("answers resourceexhausted", "data refused", "unavailable: data", "answers 503", "answers 429"):
		f.Cause, f.Remedy = "the collector is short of memory, or its queue is full", "look at otelcol_exporter_queue_size and at the memory limit; the backend may be slow"
	case has("connection refused", "nobody listens", "no such host", "deadline exceeded", "i/o timeout", "connection reset", "eof"):
		f.Cause, f.Remedy = "no collector listens there, or it listens on another address or without this protocol", "start it (`bragg up`, or the sidecar's task); check the address, BRAGG_BIND, and security groups"
	case has("answers 404"):
		f.Cause, f.Remedy = "what listens there is no OTLP receiver, or has another path", "use the base URL, such as http://127.0.0.1:4318"
	default:
		f.Cause, f.Remedy = "the collector refused the data", "read the collector's log"
	}
	return f
}

// explainRead says why a backend could not be read.
func explainRead(backend string, err error) Finding {
	f := Finding{Severity: Fault, Code: "unreadable", What: "reading back failed: " + err.Error()}
	var graph *newrelic.Error
	var api smithy.APIError
	var dial *net.OpError
	switch {
	case errors.As(err, &graph):
		f.Code, f.Cause, f.Remedy = "unreadable_"+strings.ReplaceAll(string(graph.Kind), " ", "_"), string(graph.Kind), graph.Remedy()
	case errors.As(err, &api):
		f.Cause, f.Remedy = explainAWS(api.ErrorCode())
	case errors.As(err, &dial):
		f.Cause, f.Remedy = "nobody listens at "+backend+"'s endpoint", "start it (`bragg up`), or name the endpoint"
	case strings.Contains(err.Error(), "credentials"):
		f.Cause, f.Remedy = "there are no AWS credentials", "set AWS_PROFILE, or log in with `aws sso login`"
	default:
		f.Cause, f.Remedy = "see above", "run `bragg doctor`"
	}
	return f
}

func explainAWS(code string) (cause, remedy string) {
	switch code {
	case "AccessDeniedException", "AccessDenied":
		return "the role may not read traces", "allow xray:BatchGetTraces and xray:GetTraceSummaries, as AWSXrayReadOnlyAccess does"
	case "UnrecognizedClientException", "InvalidSignatureException", "SignatureDoesNotMatch", "InvalidClientTokenId", "IncompleteSignature":
		return "AWS does not know the credentials", "check the profile, and that the region is enabled for the account"
	case "ExpiredTokenException", "ExpiredToken":
		return "the credentials have expired", "log in again: `aws sso login`"
	case "RequestTimeTooSkewed", "RequestExpired":
		return "this machine's clock is wrong", "set it by NTP"
	case "ThrottledException":
		return "too many calls to X-Ray's API in this account", "try again in a minute"
	}
	return "X-Ray answers " + code, "run `bragg doctor`"
}

// exporterOf says whether a metric's exporter sends to the backend.
func exporterOf(backend string) func(string) bool {
	return func(exporter string) bool {
		kind, _, _ := strings.Cut(exporter, "/")
		if backend == XRay {
			return kind == "awsxray"
		}
		return kind == "otlp_http" || kind == "otlphttp" || (kind == "otlp_grpc" || kind == "otlp") && strings.Contains(exporter, "newrelic")
	}
}

// explainMissing looks for what became of spans that a backend does not have:
// the collector counts what it could not deliver, and New Relic what it took and
// dropped.
func (r *run) explainMissing(ctx context.Context, t TraceReport, b BackendReport) Finding {
	f := Finding{
		Severity: Fault, Code: "missing", missing: true, What: fmt.Sprintf("%d of %d missing after %.0f s", b.Result.Missing, b.Result.Spans, b.Seconds),
		Spans: spansWhere(b.Result, func(s SpanResult) bool { return s.State == Missing }),
	}
	if b.Result.Missing == 1 && slices.ContainsFunc(b.Result.BySpan, func(s SpanResult) bool { return s.ID == continued && s.State == Missing }) {
		f.Code = "header_dropped"
		f.Cause = "no span has the caller's span for its parent: a proxy or gateway in between drops or replaces X-Amzn-Trace-Id, the service does not read that header, or did not sample"
		f.Remedy = "let the proxy pass X-Amzn-Trace-Id on; in the service use the X-Ray propagator (telemetry.Start has it, OTEL_PROPAGATORS=tracecontext,baggage,xray)"
		return f
	}
	for _, look := range []func(context.Context, TraceReport, BackendReport) (code, cause, remedy string){
		r.keyCause, r.counterCause, r.noteCause,
	} {
		if code, cause, remedy := look(ctx, t, b); code != "" {
			f.Code, f.Cause, f.Remedy = code, cause, remedy
			return f
		}
	}
	f.Cause, f.Remedy = restCause(t, b)
	return f
}

func (r *run) keyCause(_ context.Context, _ TraceReport, b BackendReport) (code, cause, remedy string) {
	if err := r.ingestKeyProblem(); b.Backend == NewRelic && err != nil {
		return "license_key", "New Relic refuses the license key with 403, for which the collector drops the data: " + err.Error(),
			"set NEW_RELIC_LICENSE_KEY to an ingest key of the account's region"
	}
	return "", "", ""
}

// counterCause reads the collector's counters, of this run's time.
func (r *run) counterCause(_ context.Context, t TraceReport, b BackendReport) (code, cause, remedy string) {
	if r.after == nil {
		return "", "", ""
	}
	grown, of := r.after.Since(r.before), exporterOf(b.Backend)
	if r.before == nil {
		grown = r.after
	}
	if n, why := grown.Sum("exporter_awsxray_dropped_documents", of); n > 0 {
		return "refused", fmt.Sprintf("X-Ray refused %.0f documents for good: %s", n, reasons(why)), "the collector's log has code, trace id and segment id of each; dead_letter keeps the documents"
	}
	if n, _ := grown.Sum("exporter_send_failed_spans", of); n > 0 {
		return "send_failed", fmt.Sprintf("the collector gave up %.0f spans for %s: a wrong key or region (New Relic: 403), no permission (X-Ray), or a body that is too large (413)", n, b.Backend),
			"the collector's log says which: \"Exporting failed. Dropping data\""
	}
	if n, _ := grown.Sum("exporter_enqueue_failed_spans", of); n > 0 {
		return "queue_full", fmt.Sprintf("the collector's queue was full: %.0f spans were dropped", n), "make sending_queue larger, or find out why the backend is slow"
	}
	if n, _ := r.after.Sum("exporter_queue_size", of); n > 0 {
		cause = fmt.Sprintf("the collector still holds %.0f in its queue for %s: the backend is down or slow", n, b.Backend)
		if throttled, _ := grown.Sum("exporter_awsxray_throttled_documents", of); throttled > 0 {
			return "throttled", cause + fmt.Sprintf("; X-Ray throttled %.0f documents, repeats counted", throttled), "wait, or ask AWS for a higher quota of PutTraceSegments; sample less"
		}
		return "queued", cause, "wait, and look at the collector's log for the error that it retries"
	}
	if n := grown.NotSampled(); n > 0 {
		return "sampled_out", fmt.Sprintf("the collector's sampler dropped traces while this one was on its way (%.0f): it was probably sampled out", n),
			"set the sampler's share to 100 for this (BRAGG_KEEP_REST=100 of the gateway), or compare one that was kept with --existing"
	}
	if n, _ := r.after.Sum("exporter_sent_spans", of); n == 0 && t.Path != "existing" {
		return "no_exporter", fmt.Sprintf("the collector has sent nothing to %s since it started: no pipeline with that exporter is on", b.Backend),
			"switch it on: BRAGG_XRAY_EXPORTERS=[awsxray], BRAGG_NEWRELIC_EXPORTERS=[otlp_http/newrelic]"
	}
	return "", "", ""
}

func reasons(why map[string]float64) string {
	var all []string
	for _, w := range slices.Sorted(maps.Keys(why)) {
		all = append(all, fmt.Sprintf("%s %.0f", w, why[w]))
	}
	return strings.Join(all, ", ")
}

// noteCause asks New Relic what it has dropped.
func (r *run) noteCause(ctx context.Context, _ TraceReport, b BackendReport) (code, cause, remedy string) {
	for _, backend := range r.Backends {
		if backend.Name != b.Backend || backend.Notes == nil {
			continue
		}
		notes, err := backend.Notes(ctx, max(time.Since(r.begun), 30*time.Minute))
		if err != nil || len(notes) == 0 {
			return "", "", ""
		}
		n := notes[0]
		return "integration_error", fmt.Sprintf("New Relic took data and dropped it: NrIntegrationError %s %s: %s", n.Category, n.Limit, n.Message),
			"FROM NrIntegrationError SELECT * in the query builder shows all of them; a rate limit is the account's"
	}
	return "", "", ""
}

// restCause is for what left no trace in any counter.
func restCause(t TraceReport, b BackendReport) (cause, remedy string) {
	switch {
	case t.Path == PathUDP && b.Result.Arrived == 0:
		return "UDP is not answered: perhaps no receiver for the X-Ray daemon's protocol listens there", "check the collector's awsxray receiver and its address"
	case b.Result.Arrived > 0:
		return "the rest of the trace was sampled out, filtered, or is late", "look for samplers and filters in this backend's pipeline; wait longer with --wait"
	case b.Backend == NewRelic:
		return "the collector sends to another account or region than is read here, samples the trace out, or is late", "compare the account of the license key with NEW_RELIC_ACCOUNT_ID; look for sampling processors; wait longer with --wait"
	}
	return "the collector sends to another account or region than is read here, samples the trace out, or is late", "compare the collector's AWS_REGION and role with yours (`aws sts get-caller-identity`); look for sampling processors; wait longer with --wait"
}
