import { useCallback, useMemo } from "react";
import { useApi, type Problem } from "../../api/client";
import { LookElsewhere } from "../../components/NoTraces";
import { Failed, FirstTrace, Loading, Nothing, Stale } from "../../components/states";
import { count } from "../../format";
import { useShortcuts } from "../../state/shortcuts";
import { useTime } from "../../state/time";
import { useTitle } from "../../state/title";
import { useUrl } from "../../state/url";
import { Graph } from "./Graph";
import { Overview } from "./Overview";
import { Panel } from "./Panel";
import { question } from "./question";
import { useScreen } from "./screen";
import { has, Search } from "./Search";
import { Table } from "./Table";
import { nameOf, type ServiceMap } from "./types";
import { useHeld } from "./useHeld";
import "./map.css";

/** What belongs to the chosen node or edge. */
const OF_CHOSEN = { only: null, rt: null };

export default function MapPage() {
  useTitle("Service map");
  const { params, set } = useUrl();
  const time = useTime();
  const filter = params.get("filter");
  const focusId = params.get("focus");
  const hops = params.get("hops");
  // What can be read in a second is shown first; if that is not all, the rest is waited for.
  const screen = useScreen();
  const asked = question(params, time, screen);
  const soon = useApi<ServiceMap>("map", asked);
  const all = useApi<ServiceMap>("map", { ...asked, patience: null }, { enabled: !!soon.data?.part && !soon.isPlaceholderData });
  const data = soon.data?.part && all.isSuccess && !all.isPlaceholderData ? all.data : soon.data;
  const error = soon.error ?? all.error;
  const refetch = soon.refetch;
  const { map, changed, show } = useHeld(data, time.live, [filter, time.range?.name ?? time.from, focusId, hops, screen].join("\n"));

  const chosen = params.get("sel") ?? "";
  const find = params.get("find") ?? "";
  const asTable = params.get("view") === "table";
  const choose = useCallback((id: string | null) => set({ sel: id, ...OF_CHOSEN }), [set]);
  const focus = useCallback((id: string | null) => set({ focus: id, sel: id ?? (params.get("sel") || null), at: null, find: null, ...(id ? {} : { hops: null }) }), [set, params]);
  const found = useMemo(() => (map && find ? new Set(map.nodes.filter((n) => has(n, find)).map((n) => n.id)) : null), [map, find]);

  useShortcuts([
    {
      keys: "Escape",
      help: "let go of what is chosen, then of the focus",
      run: () => {
        if (chosen) choose(null);
        else if (focusId) focus(null);
      },
    },
    { keys: "f", help: "only what is around the chosen node", run: () => chosen && map?.nodes.some((n) => n.id === chosen) && focus(focusId === chosen ? null : chosen) },
    { keys: "v", help: "map or table", run: () => set({ view: asTable ? null : "table" }) },
  ]);

  if (!map) {
    if (error) return <Failed error={error} retry={() => void refetch()} />;
    return <Loading what="the service map" />;
  }
  if (map.nodes.length === 0) return <Empty filter={filter ?? ""} error={error} retry={() => void refetch()} />;

  const node = map.nodes.find((n) => n.id === chosen);
  const edge = map.edges.find((e) => e.id === chosen);
  const focused = map.nodes.find((n) => n.id === focusId);
  const pick = (id: string) => {
    const here = map.nodes.find((n) => n.id === id);
    if (here) set({ sel: id, ...OF_CHOSEN, ...(map.nodes.length > 12 && !asTable ? { at: `${here.x.toFixed(0)},${here.y.toFixed(0)},1` } : {}) });
    else focus(id);
  };
  return (
    <div className="map">
      <div className="map-bar">
        <h1>Service map</h1>
        <span className="dim map-count" role="status">
          {`${count(map.nodes.length)} nodes`}
          {found && `, ${count(found.size)} found`}
        </span>
        {map.part && (
          <span className="map-part" role="note">
            {`of ${count(map.part.looked)} of ${count(map.part.all)} traces; ${all.isFetching ? "reading the rest …" : "a shorter time range has fewer"}`}
          </span>
        )}
        {focused && (
          <button type="button" className="button" onClick={() => focus(null)} title="Show the whole map">
            <span className="cut">around {nameOf(focused)}</span> <span aria-hidden="true">×</span>
          </button>
        )}
        {changed && (
          <button type="button" className="button primary" onClick={show}>
            The map has changed: show
          </button>
        )}
        <div className="map-tools">
          <Search nodes={[...map.nodes, ...map.others]} text={find} change={(text) => set({ find: text }, { replace: true })} choose={pick} />
          <div className="map-views" role="group" aria-label="View">
            <button type="button" className="button" aria-pressed={!asTable} onClick={() => set({ view: null })}>
              Map
            </button>
            <button type="button" className="button" aria-pressed={asTable} onClick={() => set({ view: "table" })}>
              Table
            </button>
          </div>
        </div>
      </div>
      {error && data && <Stale error={error} retry={() => void refetch()} />}
      {asTable ? <Table map={map} chosen={chosen} found={found} choose={choose} /> : <Graph map={map} chosen={node || edge ? chosen : ""} found={found} choose={choose} focus={focus} />}
      {node || edge ? <Panel map={map} node={node} edge={edge} choose={choose} focus={focus} /> : <Overview map={map} choose={choose} />}
    </div>
  );
}

const LONG = 30 * 86400;

/** Nothing to draw: the filter, the time range, or no traces at all. With error, what failed since. */
function Empty({ filter, error, retry }: { filter: string; error: Problem | null; retry: () => void }) {
  const time = useTime();
  const ever = useApi<ServiceMap>("map", { from: (time.to - LONG).toFixed(0), to: time.to.toFixed(0) }, { enabled: !filter });
  if (!filter && ever.data?.nodes.length === 0) return <FirstTrace error={error} retry={retry} />;
  if (!filter && !ever.data && !ever.error) return <Loading what="the service map" />;
  return (
    <Nothing title="Nothing to draw on the map">
      <p>{filter ? "No trace that arrived in this time range matches the filter." : "No trace arrived in this time range."}</p>
      <LookElsewhere />
    </Nothing>
  );
}
