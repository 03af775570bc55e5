/** The answer of /console/api/traces; see traceList in traces.go. */
export interface TraceList {
  traces: TraceRow[];
  more: boolean;
  /** `cursor` of what follows; "" if nothing does. */
  next: string;
  empty: boolean;
  limit: number;
  edges: number[];
  counts: number[];
  refiners: Refiner[];
}

/** The answer of /console/api/traces/counts; see tracesCount in traces_counts.go. */
export interface TraceCounts {
  /** How many match. */
  traces: number;
  /** Of how many of the range that is; null if it is of all. */
  part: { looked: number; all: number } | null;
  edges: number[];
  counts: number[];
  refiners: Refiner[];
  /** The least response time of the slowest tenth; null if there are too few traces. */
  slow: number | null;
  /** Values that are in no refiner. */
  uncounted: number;
}

export interface TraceRow {
  id: string;
  start: number;
  duration: number | null;
  responseTime: number | null;
  outcome: string;
  partial: boolean;
  method: string;
  url: string;
  request: string;
  status: number;
  service: string;
  services: string[];
  user: string;
  annotations: number;
  segments: number;
}

export interface Refiner {
  name: string;
  values: { value: string; count: number; filter: string }[];
  more: number;
}
