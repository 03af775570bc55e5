import type { Outcome } from "../../components/Outcome";

/** See backends.go. Times are in seconds. */
export type State = "only X-Ray" | "only New Relic" | "differs" | "unread" | "arriving" | "equal";

export interface Links {
  aws: string;
  newRelic: string;
  nrql: string;
}

export interface TraceRow {
  id: string;
  start: number;
  duration: number;
  inProgress: boolean;
  outcome: Outcome;
  request: string;
  url: string;
  service: string;
  state: State;
  xray: number;
  newRelic: number;
  made: number;
  missingXRay: number;
  missingNewRelic: number;
  duplicates: number;
  differing: number;
  cause: { why: string; do: string };
  links: Links;
}

export interface ServerProblem {
  title: string;
  detail?: string;
}

export interface Backends {
  /** There is no trace at all in X-Ray Local, of any time, nor one of this time in New Relic. */
  empty: boolean;
  newRelic: { kind: "" | "sink" | "account"; where: string; error?: ServerProblem; listed: boolean };
  rows: TraceRow[];
  counts: Partial<Record<State, number>>;
  /** Traces of X-Ray, the newest. */
  compared: number;
  more: boolean;
  step: number;
  most: number;
}

export interface Side {
  name: string;
  service: string;
  kind: string;
  status: string;
  offset: number;
  duration: number;
  inProgress: boolean;
}

export interface SpanPair {
  id: string;
  parentId: string;
  depth: number;
  state: "both" | "xray" | "newRelic";
  reason: string;
  times: number;
  xray: Side | null;
  newRelic: Side | null;
  differences: { field: string; want: string; got: string; expected?: string }[];
  faulty: boolean;
}

export interface TraceDetail extends TraceRow {
  spans: SpanPair[];
  error?: ServerProblem;
}

export const STATES: Record<State, { sign: string; word: string; bad: boolean }> = {
  "only X-Ray": { sign: "◧", word: "only in X-Ray", bad: true },
  "only New Relic": { sign: "◨", word: "only in New Relic", bad: true },
  differs: { sign: "≠", word: "differs", bad: true },
  unread: { sign: "?", word: "not compared", bad: false },
  arriving: { sign: "…", word: "arriving", bad: false },
  equal: { sign: "=", word: "equal", bad: false },
};
