import { useEffect, useRef, useState } from "react";
import { useApi } from "../../api/client";
import type { TraceCounts } from "./types";

interface Selection {
  from: number;
  to: number;
  filter: string;
}

export interface Counts {
  /** Of all that match; null while there is none of this selection. */
  counts: TraceCounts | null;
  counting: boolean;
}

/**
 * What all traces of a selection have in common. It begins when the list is there,
 * which it does not keep waiting. Live data come faster than a million are counted:
 * then the next count begins when one has ended, and the last is shown until then.
 */
export function useCounts(selection: Selection, ready: boolean, live: boolean): Counts {
  const { from, to, filter } = selection;
  const [asked, setAsked] = useState<Selection | null>(null);
  const call = useApi<TraceCounts>("traces/counts", { ...(asked ?? selection) }, { enabled: asked !== null });
  const busy = asked !== null && call.isFetching;
  useEffect(() => {
    if (ready) setAsked((last) => (live && busy && last?.filter === filter ? last : { from, to, filter }));
  }, [ready, live, busy, from, to, filter]);

  const last = useRef<{ filter: string; counts: TraceCounts } | null>(null);
  const own = asked !== null && call.data && !call.isPlaceholderData && !call.error ? call.data : null;
  useEffect(() => {
    if (own && asked) last.current = { filter: asked.filter, counts: own };
  }, [own, asked]);
  const current = own && asked?.filter === filter && (live || (asked.from === from && asked.to === to)) ? own : null;
  const kept = live && last.current?.filter === filter ? last.current.counts : null;
  return { counts: current ?? kept, counting: !call.error && !current };
}
