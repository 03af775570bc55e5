import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { opened } from "../ahead";
import { rangeOf, type Range } from "./range";
import { useUrl } from "./url";

export { DEFAULT_RANGE, RANGES, type Range } from "./range";

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

export function TimeProvider({ children }: { children: ReactNode }) {
  const { params } = useUrl();
  const [now, setNow] = useState(opened);
  const refresh = useCallback(() => setNow(Date.now()), []);

  const { from, to, range } = useMemo(() => rangeOf(params, now), [params, now]);
  const name = params.get("range");
  const live = params.get("live") === "1" && range !== null;
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

  // Another page or filter is no other time.
  const value = useMemo<TimeRange>(() => ({ from, to, range, live, utc, refresh }), [from, to, range, live, utc, refresh]);
  return <Context value={value}>{children}</Context>;
}

/** The time range that all pages show. */
export function useTime(): TimeRange {
  const value = useContext(Context);
  if (!value) throw new Error("useTime outside of TimeProvider");
  return value;
}
