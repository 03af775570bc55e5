import { useEffect, useRef, useState } from "react";
import type { TraceList } from "./types";

/**
 * Live data that do not move what one reads: new ones are shown at once when
 * the reader asked for something else (view changed) or rests, and are counted
 * until they are applied otherwise.
 */
export function useQuiet(data: TraceList, view: string, live: boolean, resting: () => boolean): { shown: TraceList; fresh: number; apply: () => void } {
  const [shown, setShown] = useState(data);
  const last = useRef(view);
  useEffect(() => {
    if (!live || view !== last.current || resting()) {
      last.current = view;
      setShown(data);
    }
  }, [data, view, live, resting]);
  const known = new Set(shown.traces.map((t) => t.id));
  const fresh = shown === data ? 0 : data.traces.filter((t) => !known.has(t.id)).length;
  return { shown, fresh, apply: () => setShown(data) };
}
