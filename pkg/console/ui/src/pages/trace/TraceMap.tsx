import { useMemo, useState } from "react";
import { useApi } from "../../api/client";
import { Failed, Loading, Nothing } from "../../components/states";
import { count } from "../../format";
import { Graph } from "../map/Graph";
import { useScreen } from "../map/screen";
import { nameOf, type ServiceMap } from "../map/types";
import type { Model } from "./model";

/** The answer of /console/api/trace/{id}/map: see traceMapAnswer in trace_map.go. */
interface TraceMapAnswer extends ServiceMap {
  rows: number[];
}

interface Props {
  model: Model;
  /** The selected row, -1 for none. */
  row: number;
  /** Rows that the search found. */
  found: ReadonlySet<number> | null;
  onSelect: (row: number) => void;
  onClose: () => void;
  /** Leads from the map to the row in the timeline. */
  onTimeline: (row: number) => void;
}

/** The services of one trace and who called whom. What is selected here is selected in the timeline, too. */
export default function TraceMap({ model, row, found, onSelect, onClose, onTimeline }: Props) {
  const { data, error, refetch } = useApi<TraceMapAnswer>(`trace/${model.view.id}/map`, { rows: model.count, screen: useScreen() });
  const rows = useMemo(() => (data ? rowsOf(data, model) : new Map<string, number[]>()), [data, model]);
  const [picked, setPicked] = useState("");
  const foundNodes = useMemo(() => (found && data ? new Set([...found].map((r) => data.nodes[data.rows[r] ?? -1]?.id ?? "")) : null), [found, data]);
  if (error && !data) return <Failed error={error} retry={() => void refetch()} />;
  if (!data) return <Loading what="the map" />;
  if (!data.nodes.length) return <Nothing title="Nothing to draw on the map">No segment of this trace has arrived, only subsegments.</Nothing>;

  // An edge, or clients, stay chosen as long as one looks at a row of theirs.
  const chosen = row < 0 ? "" : rows.get(picked)?.includes(row) ? picked : (data.nodes[data.rows[row] ?? -1]?.id ?? "");
  const choose = (id: string | null) => {
    setPicked(id ?? "");
    const theirs = id ? rows.get(id) : undefined;
    if (!theirs?.length) return onClose();
    if (id !== chosen) onSelect(worstOf(model, theirs));
  };
  const show = (id: string) => {
    const theirs = rows.get(id);
    if (theirs?.length) onTimeline(theirs.includes(row) ? row : worstOf(model, theirs));
  };
  const theirs = rows.get(chosen) ?? [];
  const at = theirs.indexOf(row);
  const node = data.nodes.find((n) => n.id === chosen);
  return (
    <Graph map={data} chosen={chosen} found={foundNodes} choose={choose} focus={show}>
      {at >= 0 && (
        <div className="trace-map-rows">
          <span className="cut">{node ? nameOf(node) : "these calls"}:</span>
          <span>
            row {count(at + 1)} of {count(theirs.length)}
          </span>
          <button type="button" className="button" aria-label="Its previous row" disabled={at === 0} onClick={() => onSelect(theirs[at - 1]!)}>
            ‹
          </button>
          <button type="button" className="button" aria-label="Its next row" disabled={at === theirs.length - 1} onClick={() => onSelect(theirs[at + 1]!)}>
            ›
          </button>
          <button type="button" className="button" onClick={() => onTimeline(row)}>
            Show in the timeline
          </button>
        </div>
      )}
    </Graph>
  );
}

/** The rows that nodes and edges stand for, in order. */
function rowsOf(map: TraceMapAnswer, model: Model): Map<string, number[]> {
  const rows = new Map<string, number[]>();
  const add = (id: string, row: number) => {
    const theirs = rows.get(id);
    if (theirs) theirs.push(row);
    else rows.set(id, [row]);
  };
  const clients = new Set(map.nodes.filter((n) => n.kind === "client").map((n) => n.id));
  const calls = new Map(map.edges.map((e) => [`${clients.has(e.from) ? "" : e.from}\n${e.to}`, e]));
  for (let row = 0; row < model.count; row++) {
    const id = map.nodes[map.rows[row] ?? -1]?.id;
    if (!id) continue;
    add(id, row);
    const above = map.nodes[map.rows[model.parent[row]!] ?? -1]?.id ?? "";
    const edge = above !== id ? calls.get(`${above}\n${id}`) : undefined;
    if (!edge) continue;
    add(edge.id, row);
    if (clients.has(edge.from)) add(edge.from, row);
  }
  return rows;
}

/** The first row of those that ended worst. */
function worstOf(model: Model, rows: readonly number[]): number {
  return rows.reduce((worst, row) => (model.view.result[row]! > model.view.result[worst]! ? row : worst), rows[0]!);
}
