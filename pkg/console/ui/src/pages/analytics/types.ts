import type { Outcome } from "../../components/Outcome";

/** What analytics.go answers. */
export interface Comparison {
  /** There is no trace at all, of any time. */
  empty: boolean;
  a: TraceSet;
  b: TraceSet | null;
  limit: number;
  level: number;
  minCount: number;
  tested: number;
  times: { slower: number; p: number } | null;
  findings: Row[];
  tables: { dimension: string; rows: Row[]; left: number }[];
  edges: number[];
  since: number;
  from: number;
  to: number;
}

export interface TraceSet {
  filter: string;
  own: string;
  rest: boolean;
  from: number;
  to: number;
  traces: number;
  more: boolean;
  ok: number;
  error: number;
  throttle: number;
  fault: number;
  timed: number;
  mean: number;
  p50: number;
  p90: number;
  p99: number;
  counts: number[];
  series: { ok: number; error: number; throttle: number; fault: number; mean: number }[];
  slowest: { id: string; start: number; seconds: number; outcome: Outcome; method: string; url: string; status: number; user: string }[];
}

export interface Row {
  dimension: string;
  value: string;
  filter: string;
  a: number;
  b: number;
  shareA: number;
  shareB: number;
  difference: number;
  given: boolean;
  tested: boolean;
  p: number;
}

export type Which = "a" | "b";
