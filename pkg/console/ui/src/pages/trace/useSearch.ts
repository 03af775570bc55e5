import { useDeferredValue, useMemo } from "react";
import { useApi } from "../../api/client";

const NONE: number[] = [];

/** The rows that have a text in any member: found by the server, which has the documents. */
export function useSearch(trace: string, text: string): { q: string; rows: number[]; set: ReadonlySet<number> } {
  const q = useDeferredValue(text.trim());
  const { data } = useApi<number[]>(`trace/${trace}/search`, { q }, { enabled: q !== "" });
  const rows = q && data ? data : NONE;
  const set = useMemo(() => new Set(rows), [rows]);
  return { q, rows, set };
}
