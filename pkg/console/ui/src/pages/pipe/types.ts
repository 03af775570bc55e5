/** See pipe.go and pipe_figures.go. What is null the collector does not report. */
export interface Figure {
  total: number;
  /** A second; null until there are two readings. */
  rate: number | null;
}

export interface Receiver {
  id: string;
  accepted: Figure | null;
  refused: Figure | null;
  failed: Figure | null;
  datagrams: Figure | null;
  dropped: Record<string, number> | null;
  lacks: string[];
}

export interface Pipe {
  exporter: string;
  backend: string;
  off: boolean;
  queue: { size: number; capacity: number } | null;
  inFlight: number | null;
  sent: Figure | null;
  failed: Figure | null;
  overflown: Figure | null;
  retried: Figure | null;
  throttled: Figure | null;
  trimmed: Figure | null;
  dropped: Record<string, number> | null;
  unprocessed: Record<string, number> | null;
  latency: number | null;
  lacks: string[];
  history: { at: number; sent: number; queue: number | null }[];
}

export interface Collector {
  version: string;
  name: string;
  uptime: number | null;
  memory: number | null;
  over: number;
  receivers: Receiver[];
  refused: Figure | null;
  pipes: Pipe[];
  lacks: string[];
}

export interface Refusal {
  number: number;
  time: number;
  by: string;
  count: number;
  code: string;
  reason: string;
  means: string;
  traceId: string;
  segmentId: string;
  size: number;
}

export interface Agent {
  name: string;
  resource: string;
  lastSeen: number;
  received: number;
  sent: number;
  spilled: number;
  rejected: number;
  errors: number;
  /** By how the connection to X-Ray failed. */
  errorsBy: Record<string, number> | null;
}

export interface PipeState {
  metrics: string;
  collector: Collector | null;
  read: number;
  error?: { title: string; detail?: string };
  refused: { all: number; newest: Refusal[] };
  agents: Agent[];
}

export interface Rule {
  name: string;
  priority: number;
  fixedRate: number;
  reservoir: number;
  serviceName: string;
  serviceType: string;
  host: string;
  method: string;
  path: string;
  resourceARN: string;
  attributes: Record<string, string>;
  boost: { maxRate: number; cooldown: number } | null;
  create?: boolean;
  default: boolean;
  modified: number;
  trend: { matched: number; sampled: number; borrowed: number }[];
  matched: number;
  sampled: number;
  borrowed: number;
}

export interface Rules {
  rules: Rule[];
  window: number;
  points: number;
}

/** A rate with three significant digits: "12.3 /s". */
export function perSecond(rate: number): string {
  const text = rate >= 100 || rate === 0 ? rate.toFixed(0) : rate >= 10 ? rate.toFixed(1) : rate.toFixed(2);
  return `${text}\u202f/s`;
}

export function bytes(n: number): string {
  const units = ["B", "KB", "MB", "GB"];
  let i = 0;
  while (n >= 999.5 && i < units.length - 1) {
    n /= 1024;
    i++;
  }
  return `${i === 0 || n >= 99.95 ? n.toFixed(0) : n.toFixed(1)} ${units[i]}`;
}
