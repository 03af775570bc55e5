import { useCallback, useMemo, useState } from "react";
import { useUrl } from "../../state/url";
import { readSet, writeSet } from "./folds";
import type { Folding, Model } from "./model";

/** How many rows the URL names by their ids, which mean the same when more of the trace has arrived. */
const MOST = 40;

/**
 * What is folded away. The URL has it: `closed` rows and `opened` repeats, as ids,
 * or where they are too many as their places among all rows that can be folded;
 * `repeats=0` if repeats are not folded at all.
 */
export function useFolding(model: Model): [Folding, (next: Folding) => void] {
  const { params, set } = useUrl();
  const names = useMemo(() => {
    const foldable: number[] = [];
    for (let row = 0; row < model.count; row++) if (model.hasChildren(row)) foldable.push(row);
    return { closed: new Names(model, foldable), opened: new Names(model, model.view.repeats.map((r) => r.rows[0]!)) };
  }, [model]);
  const initial = useMemo<Folding>(
    () => ({ closed: names.closed.read(params.get("closed") ?? ""), opened: names.opened.read(params.get("opened") ?? ""), repeats: params.get("repeats") !== "0" }),
    // The URL is read once for a trace: after that, it follows.
    [model.view.id],
  );
  const [folding, setFolding] = useState(initial);
  const change = useCallback(
    (next: Folding) => {
      setFolding(next);
      set({ closed: names.closed.write(next.closed), opened: names.opened.write(next.opened), repeats: next.repeats ? null : "0" }, { replace: true });
    },
    [names, set],
  );
  return [folding, change];
}

/** Names some of the rows of a trace. */
class Names {
  private readonly places: Map<number, number>;

  constructor(
    private readonly model: Model,
    private readonly rows: readonly number[],
  ) {
    this.places = new Map(rows.map((row, place) => [row, place]));
  }

  write(some: ReadonlySet<number>): string {
    if (some.size <= MOST) return [...some].map((row) => this.model.view.rowId[row]).join(",");
    return writeSet(this.rows.length, new Set([...some].map((row) => this.places.get(row) ?? -1)));
  }

  read(text: string): Set<number> {
    const places = readSet(this.rows.length, text);
    if (places) return new Set([...places].map((place) => this.rows[place]!));
    return new Set(
      text
        .split(",")
        .map((id) => this.model.index.get(id))
        .filter((row) => row !== undefined),
    );
  }
}
