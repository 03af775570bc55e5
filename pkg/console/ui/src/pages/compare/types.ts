import type { Outcome } from "../../components/Outcome";

/** What a list says of a trace; see compare.go. Times are in seconds. */
export interface TraceLine {
  id: string;
  start: number;
  duration: number;
  inProgress: boolean;
  outcome: Outcome;
  request: string;
  url: string;
  status: number;
  service: string;
  services: number;
}

export type Change = "alike" | "slower" | "faster" | "outcome" | "count" | "missing" | "added";

export interface Side {
  id: string;
  offset: number;
  duration: number;
  inProgress: boolean;
  outcome: Outcome;
  status: number;
  /** Of repeated siblings, which are one row: duration is of all together, id of the slowest. */
  run?: Run;
}

export interface Run {
  count: number;
  failed: number;
  mean: number;
  /** From the first start to the last end. */
  span: number;
}

export interface Row {
  depth: number;
  name: string;
  label: string;
  service: string;
  change: Change;
  shown: boolean;
  delta: number;
  self: number;
  a?: Side;
  b?: Side;
}

export interface Comparison {
  a: TraceLine;
  b: TraceLine;
  rows: Row[];
  changes: Partial<Record<Change, number>>;
  blame: number[];
  services: string[];
}

/** The sign and the word of each change. */
export const CHANGES: Record<Change, { sign: string; word: string }> = {
  outcome: { sign: "!", word: "other outcome" },
  count: { sign: "×", word: "other number" },
  added: { sign: "+", word: "added" },
  missing: { sign: "−", word: "missing" },
  slower: { sign: "▲", word: "slower" },
  faster: { sign: "▼", word: "faster" },
  alike: { sign: "=", word: "alike" },
};
