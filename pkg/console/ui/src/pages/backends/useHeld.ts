import { useEffect, useRef, useState } from "react";
import type { Backends } from "./types";

/** While data are live and somebody reads (a trace is open, the pointer or the focus is on the list), what is shown stays; fresh counts the traces that came. */
export function useHeld(data: Backends, view: string, live: boolean, reading: () => boolean): { shown: Backends; fresh: number; apply: () => void } {
  const [shown, setShown] = useState(data);
  const last = useRef(view);
  useEffect(() => {
    if (!live || view !== last.current || !reading()) {
      last.current = view;
      setShown(data);
    }
  }, [data, view, live, reading]);
  const known = new Set(shown.rows.map((r) => r.id));
  return { shown, fresh: shown === data ? 0 : data.rows.filter((r) => !known.has(r.id)).length, apply: () => setShown(data) };
}
