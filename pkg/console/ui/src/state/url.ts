import { useCallback, useMemo } from "react";
import { useLocation, useSearch } from "wouter";

/** Values to set in the query string; null, undefined and "" remove a name. */
export type Changes = Record<string, string | number | boolean | null | undefined>;

/** What all pages share, and links between them keep. */
export const SHARED = ["filter", "range", "from", "to", "live", "tz"] as const;

export function withChanges(search: string | URLSearchParams, changes: Changes): string {
  const params = new URLSearchParams(search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "" || value === false) params.delete(name);
    else params.set(name, value === true ? "1" : String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : "";
}

export interface Url {
  path: string;
  params: URLSearchParams;
  /** Changes the query string of this page. Pushes an entry to the history unless replace is set. */
  set: (changes: Changes, options?: { replace?: boolean }) => void;
  /** The address of a page, with what all pages share and the changes. */
  href: (path: string, changes?: Changes) => string;
  /** Goes to href(path, changes). */
  go: (path: string, changes?: Changes) => void;
}

/** All state of a page is in its URL: this reads and writes it. */
export function useUrl(): Url {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const params = useMemo(() => new URLSearchParams(search), [search]);

  const set = useCallback(
    (changes: Changes, options?: { replace?: boolean }) => {
      // Read anew: two changes in one event must not undo each other.
      const now = window.location.search;
      const next = withChanges(now, changes);
      if (next !== now) navigate(window.location.pathname + next, { replace: options?.replace ?? false });
    },
    [navigate],
  );
  const href = useCallback(
    (to: string, changes: Changes = {}) => {
      const kept = new URLSearchParams();
      for (const name of SHARED) {
        const value = params.get(name);
        if (value) kept.set(name, value);
      }
      return to + withChanges(kept, changes);
    },
    [params],
  );
  const go = useCallback((to: string, changes: Changes = {}) => navigate(href(to, changes)), [navigate, href]);
  return useMemo(() => ({ path, params, set, href, go }), [path, params, set, href, go]);
}
