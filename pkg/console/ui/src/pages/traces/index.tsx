import { useCallback, useMemo, useRef, useState } from "react";
import { useApi } from "../../api/client";
import { Histogram } from "../../components/Histogram";
import { NoTraces } from "../../components/NoTraces";
import { Failed, FirstTrace, Loading, Stale } from "../../components/states";
import { count } from "../../format";
import { useShortcuts } from "../../state/shortcuts";
import { useTime } from "../../state/time";
import { useTitle } from "../../state/title";
import { useUrl } from "../../state/url";
import { brushed, withBrush } from "./brush";
import { Different } from "./Different";
import { Files } from "./Files";
import { List, type ListHandle } from "./List";
import { Refiners } from "./Refiners";
import { question } from "./question";
import { orderOf, sorted, type Column } from "./sort";
import type { TraceCounts, TraceList } from "./types";
import { useCounts } from "./useCounts";
import { useMore } from "./useMore";
import { useQuiet } from "./useQuiet";
import "./traces.css";

export default function TracesPage() {
  useTitle("Traces");
  const time = useTime();
  const { params } = useUrl();
  const filter = params.get("filter") ?? "";
  const selection = { from: time.from, to: time.to, filter };
  const all = useApi<TraceList>("traces", selection);
  const { error, refetch, isFetching } = all;
  // What fits the window comes first, the rest a moment later.
  const first = useApi<TraceList>("traces", question(params, time), { enabled: !all.data });
  const data = all.data ?? first.data;

  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <Loading what="the traces" />;
  if (data.empty && !filter) return <FirstTrace error={error} retry={() => void refetch()} />;
  return (
    <div className="traces-page">
      <h1 className="hidden">Traces</h1>
      {error && <Stale error={error} retry={() => void refetch()} />}
      {data.traces.length === 0 && !isFetching ? (
        <NoTraces empty={false} error={error} retry={() => void refetch()} />
      ) : (
        <Traces data={data} complete={!!all.data} view={`${filter} ${time.range?.name ?? `${time.from} ${time.to}`} ${time.live}`} />
      )}
    </div>
  );
}

function Traces({ data, complete, view }: { data: TraceList; complete: boolean; view: string }) {
  const time = useTime();
  const url = useUrl();
  const { params, set, href, go } = url;
  const filter = params.get("filter") ?? "";
  const order = orderOf(params);
  const list = useRef<ListHandle>(null);
  const box = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(-1);

  // What arrives is shown when nobody reads: at the top, without pointer or selection.
  const resting = useCallback(() => !!list.current?.atTop() && active < 0 && !box.current?.matches(":hover"), [active]);
  const { shown, fresh, apply } = useQuiet(data, `${view} ${complete}`, time.live, resting);
  const now = useCounts({ from: time.from, to: time.to, filter }, complete, time.live);
  const held = useRef(now);
  if (shown === data || !held.current.counts) held.current = now; // else somebody reads
  const { counts, counting } = held.current;
  const behind = useMore(shown, { from: time.from, to: time.to, filter });
  const rows = useMemo(() => sorted(behind.rows, order), [behind.rows, order.by, order.down]);

  const services = useMemo(() => [...new Set(behind.rows.flatMap((r) => r.services))].toSorted(), [behind.rows]);

  const sort = (column: Column) => {
    const down = order.by === column ? !order.down : column !== "request" && column !== "service" && column !== "user";
    set({ sort: column === "start" && down ? null : `${down ? "-" : ""}${column}` }, { replace: true });
    setActive(-1);
  };
  const link = useCallback((id: string) => href(`/trace/${id}`, { sort: params.get("sort") }), [href, params]);
  const open = (position: number) => {
    const row = rows[position];
    if (row) go(`/trace/${row.id}`, { sort: params.get("sort") });
  };
  const step = (to: number) => {
    const position = Math.min(Math.max(to, 0), rows.length - 1);
    setActive(position);
    list.current?.show(position);
  };
  const bad = (from: number, by: number) => {
    for (let i = from + by; i >= 0 && i < rows.length; i += by) if (!["ok", "progress"].includes(rows[i]!.outcome)) return step(i);
  };
  useShortcuts([
    { keys: "j", help: "next trace", run: () => step(active + 1) },
    { keys: "k", help: "previous trace", run: () => step(active - 1) },
    { keys: "Enter", help: "open the trace", run: () => open(active) },
    { keys: "e", help: "next trace with an error", run: () => bad(active, 1) },
    { keys: "E", help: "previous trace with an error", run: () => bad(active, -1) },
    { keys: "Escape", help: "let go of the selection", run: () => setActive(-1) },
  ]);
  return (
    <div className="traces-body">
      <details className="traces-side" open={window.innerWidth > 900}>
        <summary>Refine</summary>
        <Refiners
          refiners={counts?.refiners ?? shown.refiners}
          total={counts?.traces ?? shown.traces.length}
          of={said(counts, counting, shown)}
          services={services}
        />
      </details>
      <section className="traces-main" aria-label="Traces" ref={box}>
        <div className="traces-distribution">
          <header>
            <h2>Response time</h2>
            <Different filter={filter} rows={shown.traces} counts={counts} />
          </header>
          <Histogram
            edges={counts?.edges ?? shown.edges}
            counts={counts?.counts ?? shown.counts}
            selected={brushed(filter)}
            onSelect={(range) => set({ filter: withBrush(filter, range) })}
            label="Distribution of response times"
            height={72}
          />
        </div>
        <div className="traces-bar-top">
          <span role="status">
            {!complete || behind.loading ? "reading more …" : behind.more ? (counts && !counts.part ? `the newest ${count(rows.length)} of ${count(counts.traces)} traces` : `the newest ${count(rows.length)} traces; there are more`) : `${count(rows.length)} ${rows.length === 1 ? "trace" : "traces"}`}
          </span>
          {behind.error && <span role="alert">{behind.error.message}</span>}
          {complete && behind.more && behind.ready && (
            <button type="button" className="button" onClick={behind.load} disabled={behind.loading}>
              Read more
            </button>
          )}
          {fresh > 0 && (
            <button type="button" className="button primary" onClick={apply}>
              {count(fresh)} new
            </button>
          )}
          <Files />
        </div>
        <List ref={list} rows={rows} services={services} order={order} now={time.to} utc={time.utc} active={active} href={link} onActive={setActive} onOpen={open} onSort={sort} onEnd={order.by === "start" && order.down && !behind.error ? behind.load : undefined} />
      </section>
    </div>
  );
}

/** What refiners and response times are of. */
function said(counts: TraceCounts | null, counting: boolean, list: TraceList): string {
  const traces = (n: number) => `${count(n)} ${n === 1 ? "trace" : "traces"}`;
  if (!counts) return `Of ${list.more ? "the newest " : ""}${traces(list.traces.length)}${counting && list.more ? "; counting all …" : ""}`;
  const rest = counts.uncounted ? ". There are too many different values to count all" : "";
  if (counts.part) return `Of ${traces(counts.traces)} among the newest ${count(counts.part.looked)} of ${count(counts.part.all)}: a shorter time range has fewer${rest}`;
  return `Of ${counts.traces === 1 ? "the one trace" : `all ${traces(counts.traces)}`}${rest}`;
}
