/** The answer of /console/api/traces; see traceList in traces.go. */
export interface TraceList {
  traces: TraceRow[];
}

export interface TraceRow {
  id: string;
}
