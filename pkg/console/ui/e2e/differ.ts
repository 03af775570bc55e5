import { HOSTILE, traceId } from "./plant";

/** The key that the local sink takes; no account has it. */
const KEY = "bragglocalsinkonlynotanewreliclicensekey";

export interface Differing {
  /** Traces by what differs in them, in X-Ray's form. */
  equal: string;
  onlyXRay: string;
  onlyNewRelic: string;
  missing: string;
  status: string;
  hostile: string;
}

export interface Span {
  id: string;
  parent?: string;
  name: string;
  failed?: boolean;
  from: number;
  to: number;
}

/** One OTLP request with the spans of a trace; times in seconds after `at`. */
export function otlp(id: string, at: number, spans: Span[], service = "both-ways"): string {
  const nano = (s: number) => `${BigInt(Math.round((at + s) * 1e6)) * 1000n}`;
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
        scopeSpans: [
          {
            spans: spans.map((s) => ({
              traceId: id.replaceAll("-", "").slice(1),
              spanId: s.id,
              parentSpanId: s.parent ?? "",
              name: s.name,
              kind: s.parent ? 1 : 2,
              startTimeUnixNano: nano(s.from),
              endTimeUnixNano: nano(s.to),
              status: s.failed ? { code: 2 } : {},
              attributes: [{ key: "team", value: { stringValue: "payments" } }],
            })),
          },
        ],
      },
    ],
  });
}

export async function send(url: string, body: string): Promise<void> {
  const response = await fetch(`${url}/v1/traces`, { method: "POST", body, headers: { "Content-Type": "application/json", "api-key": KEY } });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}

/**
 * Sends traces that the two backends have in different ways; seed keeps tests apart. They are age seconds old, more
 * than what is still on its way: two hours, when neither the demo nor another test has traces, and a minute for each seed.
 */
export async function differ(xray: string, sink: string, seed: number, age = 7200 + seed * 60): Promise<Differing> {
  const at = Math.floor(Date.now() / 1000) - age;
  const id = (n: number) => traceId(at, (seed * 100 + n).toString(16).padStart(24, "d"));
  const root: Span = { id: "00000000000000a1", name: "GET /both", from: 0, to: 0.3 };
  const work: Span = { id: "00000000000000a2", parent: root.id, name: "render", from: 0.1, to: 0.2 };
  const ids = { equal: id(1), onlyXRay: id(2), onlyNewRelic: id(3), missing: id(4), status: id(5), hostile: id(6) };
  await send(xray, otlp(ids.equal, at, [root, work]));
  await send(sink, otlp(ids.equal, at, [root, work]));
  await send(xray, otlp(ids.onlyXRay, at, [root, work]));
  await send(sink, otlp(ids.onlyNewRelic, at, [root, work]));
  await send(xray, otlp(ids.missing, at, [root, work]));
  await send(sink, otlp(ids.missing, at, [root]));
  await send(xray, otlp(ids.status, at, [root, work]));
  await send(sink, otlp(ids.status, at, [root, { ...work, failed: true }]));
  await send(sink, otlp(ids.hostile, at, [{ ...root, name: HOSTILE }]));
  return ids;
}

/** Puts documents that X-Ray refuses; returns what was put. */
export async function refuse(xray: string): Promise<{ nameless: string; hostile: string }> {
  const nameless = JSON.stringify({ trace_id: traceId(Date.now() / 1000, "e".repeat(24)), id: "00000000000000f1", start_time: 1, end_time: 2 });
  const hostile = JSON.stringify({ trace_id: HOSTILE, id: "00000000000000f2", name: "x", start_time: 1, end_time: 2, metadata: { default: { x: HOSTILE } } });
  const response = await fetch(`${xray}/TraceSegments`, { method: "POST", body: JSON.stringify({ TraceSegmentDocuments: [nameless, hostile] }) });
  const answer = (await response.json()) as { UnprocessedTraceSegments: unknown[] };
  if (answer.UnprocessedTraceSegments.length !== 2) throw new Error(JSON.stringify(answer));
  return { nameless, hostile };
}

/** Reports what a service sampled by a rule, as it does every ten seconds. */
export async function report(xray: string, rule: string, matched: number, sampled: number): Promise<void> {
  const body = { SamplingStatisticsDocuments: [{ RuleName: rule, ClientID: "0123456789abcdef01234567", Timestamp: Math.floor(Date.now() / 1000), RequestCount: matched, SampledCount: sampled, BorrowCount: 0 }] };
  const response = await fetch(`${xray}/SamplingTargets`, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}

/** Sends the telemetry record of an agent. */
export async function telemetry(xray: string, host: string, arn = HOSTILE): Promise<void> {
  const body = { Hostname: host, ResourceARN: arn, TelemetryRecords: [{ Timestamp: Math.floor(Date.now() / 1000), SegmentsReceivedCount: 120, SegmentsSentCount: 118, SegmentsRejectedCount: 2, BackendConnectionErrors: { TimeoutCount: 2, HTTPCode5XXCount: 1 } }] };
  const response = await fetch(`${xray}/TelemetryRecords`, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}
