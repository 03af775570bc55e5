import type { TraceRow } from "./types";

export const COLUMNS = ["outcome", "request", "status", "service", "duration", "services", "segments", "user", "start"] as const;
export type Column = (typeof COLUMNS)[number];

export interface Order {
  by: Column;
  down: boolean;
}

const SEVERITY = ["ok", "progress", "error", "throttle", "fault"];

function key(row: TraceRow, by: Column): string | number {
  switch (by) {
    case "outcome":
      return SEVERITY.indexOf(row.outcome);
    case "duration":
      return row.duration ?? -1;
    case "services":
      return row.services.length;
    default:
      return row[by];
  }
}

/** `sort` of the URL, as in "duration" or "-duration"; the newest first if there is none. */
export function orderOf(params: URLSearchParams): Order {
  const text = params.get("sort") ?? "-start";
  const by = COLUMNS.find((c) => c === text.replace(/^-/, "")) ?? "start";
  return { by, down: text.startsWith("-") };
}

/** The rows in an order; those that are equal stay newest first. */
export function sorted(rows: readonly TraceRow[], order: Order): TraceRow[] {
  if (order.by === "start" && order.down) return [...rows];
  return rows.toSorted((a, b) => {
    const x = key(a, order.by);
    const y = key(b, order.by);
    const n = x < y ? -1 : x > y ? 1 : 0;
    return order.down ? -n : n;
  });
}
