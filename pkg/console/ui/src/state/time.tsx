import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { useUrl } from "./url";

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

/** How often live data is asked for, in milliseconds. */
export const LIVE_INTERVAL = 3000;

export interface TimeRange {
  /** Seconds since the epoch. */
  from: number;
  to: number;
  /** The range that ends now, or null for one between two fixed times. */
  range: Range | null;
  live: boolean;
  utc: boolean;
  /** Moves a range that ends now to now. */
  refresh: () => void;
}

const Context = createContext<TimeRange | null>(null);

function parse(text: string | null): number | null {
  if (!text) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms / 1000;
}

export function TimeProvider({ children }: { children: ReactNode }) {
  const { params } = useUrl();
  const [now, setNow] = useState(() => Date.now());
  const refresh = useCallback(() => setNow(Date.now()), []);

  const from = parse(params.get("from"));
  const to = parse(params.get("to"));
  const fixed = from !== null && to !== null && from < to;
  const name = params.get("range");
  const live = params.get("live") === "1" && !fixed;
  const utc = params.get("tz") === "utc";

  // Another range begins now. Set while it is drawn: no page asks for the old one first.
  const [of, setOf] = useState({ name, live });
  if (of.name !== name || of.live !== live) {
    setOf({ name, live });
    refresh();
  }
  useEffect(() => {
    if (!live) return;
    const timer = setInterval(() => {
      if (!document.hidden) refresh();
    }, LIVE_INTERVAL);
    return () => clearInterval(timer);
  }, [live, refresh]);

  const value = useMemo<TimeRange>(() => {
    if (fixed) return { from: from!, to: to!, range: null, live, utc, refresh };
    const range = RANGES.find((r) => r.name === name) ?? RANGES.find((r) => r.name === DEFAULT_RANGE)!;
    return { from: now / 1000 - range.seconds, to: now / 1000, range, live, utc, refresh };
  }, [fixed, from, to, name, live, utc, now, refresh]);
  return <Context value={value}>{children}</Context>;
}

/** The time range that all pages show. */
export function useTime(): TimeRange {
  const value = useContext(Context);
  if (!value) throw new Error("useTime outside of TimeProvider");
  return value;
}
