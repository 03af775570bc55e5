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
}

export interface Refiner {
  name: string;
  values: { value: string; count: number; filter: string }[];
  more: number;
}
