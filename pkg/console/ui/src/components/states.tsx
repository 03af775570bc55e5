import type { ReactNode } from "react";
import type { Problem } from "../api/client";
import { Snippet } from "./Copy";

/** While the first data come. */
export function Loading({ what }: { what: string }) {
  return (
    <p className="loading" role="status">
      Reading {what} …
    </p>
  );
}

/** A page that could not be read, when there is nothing older to show. */
export function Failed({ error, retry, children }: { error: Problem; retry?: (() => void) | undefined; children?: ReactNode }) {
  return (
    <section className="state" role="alert">
      <h1>{error.title}</h1>
      {error.detail && <p>{error.detail}</p>}
      {children}
      {retry && (
        <div className="actions">
          <button type="button" className="button primary" onClick={retry}>
            Try again
          </button>
        </div>
      )}
    </section>
  );
}

/** Above older data that are still shown: what failed since. */
export function Stale({ error, retry }: { error: Problem; retry: () => void }) {
  return (
    <div className="notice bad" role="alert">
      <span className="cut">
        {error.title}. {error.detail} What is shown is older.
      </span>
      <button type="button" className="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
}

/** Nothing matches, though there may be traces. */
export function Nothing({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <section className="state">
      <h1>{title}</h1>
      {children}
    </section>
  );
}

/** There are no traces at all: how to send the first. With error, what failed since. */
export function FirstTrace({ error, retry }: { error: Problem | null; retry: () => void }) {
  const origin = window.location.origin;
  return (
    <>
      {error && <Stale error={error} retry={retry} />}
      <First origin={origin} />
    </>
  );
}

function First({ origin }: { origin: string }) {
  return (
    <section className="state">
      <h1>No traces yet</h1>
      <p>Each request that your services trace appears here a second after it ended. Send the first one now, with curl and no service at all:</p>
      <Snippet label="send a trace with curl" text={firstTrace(origin)} />
      <p>From a service that uses OpenTelemetry:</p>
      <Snippet
        label="point OpenTelemetry here"
        text={`export OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=${origin}/v1/traces\nexport OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf`}
      />
      <p>From a service that uses the X-Ray SDK, or any client of the X-Ray daemon:</p>
      <Snippet label="point the X-Ray SDK here" text="export AWS_XRAY_DAEMON_ADDRESS=127.0.0.1:2000" />
      <p>Or start the demo, five services that send all kinds of requests:</p>
      <Snippet label="start the demo" text="bragg up" />
    </section>
  );
}

/** One segment by PutTraceSegments, with the time and id of when it is pasted. */
export function firstTrace(origin: string): string {
  return `now=$(date +%s); id=$(od -An -tx1 -N20 /dev/urandom | tr -d ' \\n')
curl -s ${origin}/TraceSegments -d "$(printf '{"TraceSegmentDocuments":["{\\\\"trace_id\\\\":\\\\"1-%x-%s\\\\",\\\\"id\\\\":\\\\"%s\\\\",\\\\"name\\\\":\\\\"my-service\\\\",\\\\"start_time\\\\":%s.1,\\\\"end_time\\\\":%s.3,\\\\"http\\\\":{\\\\"request\\\\":{\\\\"method\\\\":\\\\"GET\\\\",\\\\"url\\\\":\\\\"http://localhost/hello\\\\"},\\\\"response\\\\":{\\\\"status\\\\":200}}}"]}' $now \${id:0:24} \${id:24:16} $now $now)"`;
}
