// Traces that the demo does not send, put by X-Ray's API.

/** A text that would do harm wherever it became markup, code or a style. */
export const HOSTILE = `"'><img src=x onerror=alert(1)><script>alert(1)</script></title></svg>{{7*7}}\u202e`;

export interface Document {
  trace_id: string;
  id: string;
  name: string;
  start_time: number;
  [member: string]: unknown;
}

/** Ids of what plant puts: the same in each run, but for the time in them. */
export const PLANTED = {
  hostile: "aaaaaaaaaaaaaaaaaaaaaaa1",
  large: "aaaaaaaaaaaaaaaaaaaaaaa2",
  odd: "aaaaaaaaaaaaaaaaaaaaaaa3",
  linked: "aaaaaaaaaaaaaaaaaaaaaaa4",
};
export type Planted = keyof typeof PLANTED;

export function traceId(seconds: number, rest: string): string {
  return `1-${Math.floor(seconds).toString(16)}-${rest}`;
}

const hex = (n: number, digits = 16) => n.toString(16).padStart(digits, "0");

export async function put(url: string, documents: Document[]): Promise<void> {
  for (let i = 0; i < documents.length; i += 50) {
    const body = JSON.stringify({ TraceSegmentDocuments: documents.slice(i, i + 50).map((d) => JSON.stringify(d)) });
    const response = await fetch(`${url}/TraceSegments`, { method: "POST", body });
    const answer = (await response.json()) as { UnprocessedTraceSegments?: unknown[] };
    if (!response.ok || answer.UnprocessedTraceSegments?.length) throw new Error(`refused: ${JSON.stringify(answer)}`);
  }
}

/** A trace with a hostile string in each field that takes one. */
export function hostile(trace_id: string, t: number): Document[] {
  const x = HOSTILE;
  return [
    {
      trace_id,
      id: hex(0xa1),
      name: "hostile",
      start_time: t,
      end_time: t + 0.8,
      user: x,
      fault: true,
      http: { request: { method: x, url: `javascript:${x}`, user_agent: x, client_ip: "203.0.113.1" }, response: { status: 500 } },
      aws: { operation: x, table_name: x },
      service: { version: x },
      annotations: { attack: x },
      metadata: { [x]: { [x]: { [x]: x } } },
      cause: { working_directory: x, exceptions: [{ id: hex(0xe1), type: x, message: x, stack: [{ path: x, line: 1, label: x }] }] },
      subsegments: [
        { id: hex(0xa2), name: "db@host", namespace: "remote", start_time: t + 0.1, end_time: t + 0.3, sql: { sanitized_query: x, url: x, database_type: x, user: x } },
        { id: hex(0xa3), name: "GetItem", namespace: "aws", start_time: t + 0.3, end_time: t + 0.4, aws: { operation: x, region: x, resource_names: [x] } },
      ],
    },
  ];
}

/** A trace of n subsegments below segments of 100 each: calls of calls, some failing. */
export function large(trace_id: string, t: number, n: number): Document[] {
  const per = 100;
  const documents: Document[] = [];
  const length = 10;
  const segments = Math.ceil(n / (per + 1));
  for (let s = 0; s < segments; s++) {
    const from = s === 0 ? t : t + (s / segments) * length;
    const until = s === 0 ? t + length : from + length / segments;
    const id = hex(0xb0000000 + s * 1000);
    documents.push({
      trace_id,
      id,
      ...(s > 0 ? { parent_id: hex(0xb0000000 + ((s - 1) >> 3) * 1000 + 1 + (s % 40)) } : {}),
      name: `service-${s % 12}`,
      start_time: from,
      end_time: until,
      ...(s % 17 === 3 ? { fault: true } : {}),
      ...(s === 0 ? { http: { request: { method: "GET", url: "http://large.example.com/report" }, response: { status: 200 } } } : {}),
      subsegments: Array.from({ length: per }, (_, i) => ({
        id: hex(0xb0000000 + s * 1000 + 1 + i),
        name: i % 5 === 0 ? `step ${i}` : `call-${i % 7}`,
        namespace: "remote",
        start_time: from + (i / per) * (until - from),
        end_time: from + ((i + 0.8) / per) * (until - from),
        ...(i % 29 === 7 ? { error: true } : {}),
      })),
    });
  }
  return documents;
}

/** In progress, an orphan, repeated siblings, a critical path. */
function odd(trace_id: string, t: number, linked: string): Document[] {
  return [
    {
      trace_id,
      id: hex(0xc1),
      name: "orders",
      start_time: t,
      end_time: t + 2,
      user: "ada",
      annotations: { plan: "gold" },
      http: { request: { method: "POST", url: "http://orders.example.com/orders" }, response: { status: 502 } },
      fault: true,
      links: [{ trace_id: linked, id: hex(0xd1), attributes: { "aws.xray.link_type": "parent" } }],
      subsegments: [
        ...Array.from({ length: 48 }, (_, i) => ({
          id: hex(0xc100 + i),
          name: "DynamoDB",
          namespace: "aws",
          aws: { operation: "GetItem", table_name: "orders" },
          start_time: t + 0.1 + i * 0.02,
          end_time: t + 0.118 + i * 0.02,
        })),
        {
          id: hex(0xc2),
          name: "charge",
          start_time: t + 1.2,
          end_time: t + 1.9,
          fault: true,
          subsegments: [
            {
              id: hex(0xc3),
              name: "payments.example.com",
              namespace: "remote",
              start_time: t + 1.3,
              end_time: t + 1.85,
              fault: true,
              http: { request: { method: "POST", url: "https://payments.example.com/charges" }, response: { status: 503 } },
              cause: {
                working_directory: "/srv/orders",
                exceptions: [
                  { id: hex(0xe2), type: "ChargeFailed", message: "the payment provider refused", cause: hex(0xe3), stack: [{ path: "orders/charge.go", line: 41, label: "orders.Charge" }] },
                  { id: hex(0xe3), type: "Timeout", message: "no answer in 500 ms", remote: true, stack: [{ path: "net/http/client.go", line: 590, label: "http.Do" }] },
                ],
              },
            },
          ],
        },
      ],
    },
    { trace_id, id: hex(0xc4), name: "shipping", parent_id: hex(0xffff), start_time: t + 1, end_time: t + 1.4 },
    { trace_id, id: hex(0xc5), name: "mailer", parent_id: hex(0xc2), start_time: t + 1.5, in_progress: true },
  ];
}

export async function plant(url: string): Promise<void> {
  const t = Math.floor(Date.now() / 1000) - 20;
  const id = (name: Planted) => traceId(t, PLANTED[name]);
  process.env.PLANTED_AT = String(t);
  await put(url, [
    ...hostile(id("hostile"), t),
    ...large(id("large"), t, 5000),
    ...odd(id("odd"), t, id("linked")),
    { trace_id: id("linked"), id: hex(0xd1), name: "queue-worker", start_time: t - 3, end_time: t - 1 },
  ]);
}
