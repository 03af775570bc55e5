import { useCallback, useEffect, useRef, useState } from "react";
import { endpoint, request, type Params, type Problem } from "../../api/client";
import type { TraceList, TraceRow } from "./types";

export interface More {
  /** Those of the list, and what was read behind them. */
  rows: TraceRow[];
  /** There are more than these. */
  more: boolean;
  /** They can be read now. */
  ready: boolean;
  loading: boolean;
  error: Problem | null;
  /** Reads the next. Does nothing while that goes on, and where nothing follows. */
  load: () => void;
}

interface Behind {
  of: TraceList;
  rows: TraceRow[];
  next: string;
  loading: boolean;
  error: Problem | null;
}

/** The list, and part by part what follows it; from the beginning when the list is another. */
export function useMore(list: TraceList, selection: Params): More {
  const begin = (): Behind => ({ of: list, rows: list.traces, next: list.next, loading: false, error: null });
  const [kept, setKept] = useState(begin);
  const now = kept.of === list ? kept : begin();
  const call = useRef<AbortController | null>(null);
  useEffect(() => () => call.current?.abort(), [list]);

  const load = useCallback(() => {
    if (now.loading || !now.next) return;
    const controller = new AbortController();
    call.current = controller;
    setKept({ ...now, loading: true, error: null });
    request<TraceList>(endpoint("traces", { ...selection, cursor: now.next }), { signal: controller.signal }).then(
      (part) => setKept({ of: now.of, rows: [...now.rows, ...part.traces], next: part.next, loading: false, error: null }),
      (error: Problem) => controller.signal.aborted || setKept({ ...now, loading: false, error }),
    );
  }, [now, selection]);
  return { rows: now.rows, more: list.more && (now.of.next === "" || now.next !== ""), ready: now.next !== "", loading: now.loading, error: now.error, load };
}
