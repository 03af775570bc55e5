import { useCallback, useMemo, useState } from "react";
import { useUrl } from "../../state/url";
import type { Folding, Model } from "./model";

/** How many single rows the URL names; beyond, a reload forgets. */
const MOST = 40;

/**
 * What is folded away. The URL has it as ids: `closed` rows and `opened`
 * repeats; `fold=all` for all rows closed but the top; `repeats=0`.
 */
export function useFolding(model: Model): [Folding, (next: Folding) => void] {
  const { params, set } = useUrl();
  const initial = useMemo<Folding>(() => {
    const rows = (name: string) =>
      new Set(
        (params.get(name) ?? "")
          .split(",")
          .map((id) => model.index.get(id))
          .filter((row) => row !== undefined),
      );
    const closed = rows("closed");
    if (params.get("fold") === "all") for (let i = 0; i < model.count; i++) if (model.hasChildren(i) && model.depth[i]! > 0) closed.add(i);
    return { closed, opened: rows("opened"), repeats: params.get("repeats") !== "0" };
    // The URL is read once for a trace: after that, it follows.
  }, [model.view.id]);
  const [folding, setFolding] = useState(initial);
  const change = useCallback(
    (next: Folding) => {
      setFolding(next);
      const ids = (rows: ReadonlySet<number>) => [...rows].slice(-MOST).map((row) => model.view.rowId[row]).join(",");
      const all = next.closed.size > MOST;
      set({ fold: all ? "all" : null, closed: all ? null : ids(next.closed), opened: ids(next.opened), repeats: next.repeats ? null : "0" }, { replace: true });
    },
    [model, set],
  );
  return [folding, change];
}
