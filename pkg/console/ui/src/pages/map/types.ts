import type { Outcome } from "../../components/Outcome";

/** What map.go answers. */
export interface ServiceMap {
  seconds: number;
  /** Nodes are rows with labels at the right, in the place of circles with labels below. */
  dense: boolean;
  /** The rows are one below the other, and end where the first of box does: see layout.Outline. */
  outline: boolean;
  width: number;
  height: number;
  box: [number, number];
  nodes: MapNode[];
  edges: MapEdge[];
  others: NodeName[];
  /** Of how many traces the map is, if the time did not suffice for all. */
  part: { looked: number; all: number } | null;
}

export type Kind = "client" | "service" | "function" | "database" | "storage" | "queue" | "topic" | "resource" | "remote";

export interface NodeName {
  id: string;
  name: string;
  /** Shorter than the name, to be read. */
  label: string;
  type: string;
  kind: Kind;
  outcome: Outcome;
}

export interface Figures {
  filter: string;
  ok: number;
  error: number;
  throttle: number;
  fault: number;
  total: number;
  rate: number;
  mean: number;
  p50: number;
  p90: number;
  p95: number;
  p99: number;
  traffic: string;
  trouble: string;
  spread: { edges: number[]; counts: number[] };
}

export interface MapNode extends NodeName, Figures {
  state: string;
  root: boolean;
  x: number;
  y: number;
  size: number;
  column: number;
  row: number;
}

export interface MapEdge extends Figures {
  id: string;
  from: string;
  to: string;
  link: boolean;
  aliases: string[] | null;
  points: [number, number][];
  back: boolean;
  outcome: Outcome;
}

export interface Series {
  period: number;
  start: number;
  periods: { ok: number; error: number; throttle: number; fault: number; mean: number }[];
  /** Of how many traces it is; null if of all. */
  part: { looked: number; all: number } | null;
}

export const OUTCOMES = ["ok", "error", "throttle", "fault"] as const;
export type Ended = (typeof OUTCOMES)[number];

/** What a node is called where there is room for words. */
export const KINDS: Record<Kind, string> = {
  client: "clients",
  service: "service",
  function: "function",
  database: "database",
  storage: "storage",
  queue: "queue or stream",
  topic: "topic or bus",
  resource: "AWS resource",
  remote: "remote host",
};

/** How a node is called: its clients have the name of the service that they call. */
export function nameOf(node: NodeName): string {
  return node.kind === "client" ? `clients of ${node.label}` : node.label;
}
