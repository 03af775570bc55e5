export interface Range {
  name: string;
  label: string;
  seconds: number;
}

/** The ranges that end now. */
export const RANGES: readonly Range[] = [
  { name: "5m", label: "last 5 min", seconds: 300 },
  { name: "15m", label: "last 15 min", seconds: 900 },
  { name: "1h", label: "last hour", seconds: 3600 },
  { name: "3h", label: "last 3 hours", seconds: 3 * 3600 },
  { name: "6h", label: "last 6 hours", seconds: 6 * 3600 },
  { name: "1d", label: "last day", seconds: 86400 },
  { name: "7d", label: "last 7 days", seconds: 7 * 86400 },
  { name: "30d", label: "last 30 days", seconds: 30 * 86400 },
];
export const DEFAULT_RANGE = "15m";

function parse(text: string | null): number | null {
  if (!text) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms / 1000;
}

/** The time range that a URL means at a time, in milliseconds since the epoch. */
export function rangeOf(params: URLSearchParams, now: number): { from: number; to: number; range: Range | null } {
  const from = parse(params.get("from"));
  const to = parse(params.get("to"));
  if (from !== null && to !== null && from < to) return { from, to, range: null };
  const range = RANGES.find((r) => r.name === params.get("range")) ?? RANGES.find((r) => r.name === DEFAULT_RANGE)!;
  return { from: now / 1000 - range.seconds, to: now / 1000, range };
}
