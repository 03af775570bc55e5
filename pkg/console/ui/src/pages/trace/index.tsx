import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link, useParams } from "wouter";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { endpoint, request, type Problem } from "../../api/client";
import { Failed, Loading, Stale } from "../../components/states";
import { count, duration } from "../../format";
import { useShortcuts } from "../../state/shortcuts";
import { LIVE_INTERVAL, useTime } from "../../state/time";
import { useTitle } from "../../state/title";
import { useUrl } from "../../state/url";
import { Details } from "./Details";
import { Header } from "./Header";
import { Minimap } from "./Minimap";
import { Model, positionOf, reveal, visible, type Folding, type TraceView } from "./model";
import { Timeline, type TimelineHandle } from "./Timeline";
import { neighbour } from "./neighbour";
import { useFolding } from "./useFolding";
import { useSearch } from "./useSearch";
import "./trace.css";

const TraceMap = lazy(() => import("./TraceMap"));

export default function TracePage() {
  const id = useParams<{ id: string }>().id ?? "";
  const time = useTime();
  const { href } = useUrl();
  const { data, error, refetch } = useQuery<TraceView, Problem>({
    queryKey: ["trace", id],
    queryFn: ({ signal }) => request<TraceView>(endpoint(`trace/${encodeURIComponent(id)}`), { signal }),
    placeholderData: keepPreviousData,
    // Segments may still arrive; what is complete is read again on demand alone.
    refetchInterval: (query) => (time.live && (query.state.data?.inProgress || query.state.data?.orphans) ? LIVE_INTERVAL : false),
    retry: 0,
  });
  const model = useMemo(() => (data ? new Model(data) : null), [data]);
  useTitle(data?.title ?? "Trace");
  if (!model) {
    return error ? (
      <Failed error={error} retry={() => void refetch()}>
        <p>
          <Link href={href("/traces")}>All traces</Link>
        </p>
      </Failed>
    ) : (
      <Loading what="the trace" />
    );
  }
  return (
    <>
      {error && <Stale error={error} retry={() => void refetch()} />}
      <Trace key={model.view.id} model={model} reread={() => void refetch()} />
    </>
  );
}

function parseZoom(text: string | null, total: number): [number, number] | null {
  const m = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(text ?? "");
  if (!m) return null;
  const from = Math.min(Number(m[1]) * 1000, total);
  const to = Math.min(Number(m[2]) * 1000, total);
  return from < to ? [from, to] : null;
}

function Trace({ model, reread }: { model: Model; reread: () => void }) {
  const { view } = model;
  const url = useUrl();
  const { params, set } = url;
  const timeline = useRef<TimelineHandle>(null);
  const total = Math.max(view.duration, 1);
  const zoom = parseZoom(params.get("zoom"), total);
  const critical = params.get("critical") === "1";
  const [folding, setFolding] = useFolding(model);
  const shown = useMemo(() => visible(model, folding), [model, folding]);

  // The selected row is in the URL, but not as fast as somebody moves.
  const segment = params.get("segment") ?? "";
  const selectedRow = model.index.get(segment) ?? -1;
  const [active, setActive] = useState(-1);
  const pending = useRef<ReturnType<typeof setTimeout>>(undefined);
  const mine = useRef(segment);
  const select = useCallback(
    (row: number, position: number, open: boolean) => {
      setActive(position);
      clearTimeout(pending.current);
      const next = view.rowId[row] ?? "";
      const write = () => {
        mine.current = next;
        set({ segment: next }, { replace: true });
      };
      if (open) write();
      else if (segment) pending.current = setTimeout(write, 120);
    },
    [view, set, segment],
  );
  const activate = useCallback((position: number) => select(shown.rows[position] ?? 0, position, true), [shown, select]);
  const move = useCallback((position: number) => select(shown.rows[position] ?? 0, position, false), [shown, select]);

  /** Selects a row wherever it is, and brings it into view. */
  const goTo = useCallback(
    (row: number, open = true) => {
      const next = reveal(model, folding, row);
      setFolding(next);
      const position = positionOf(visible(model, next), row);
      select(row, position, open);
      requestAnimationFrame(() => timeline.current?.show(position));
    },
    [model, folding, setFolding, select],
  );

  // A link, back or forward chose a row.
  const first = useRef(true);
  useEffect(() => {
    if (segment !== mine.current || first.current) {
      mine.current = segment;
      if (selectedRow >= 0) goTo(selectedRow);
    }
    first.current = false;
  }, [segment, selectedRow, goTo]);
  useEffect(() => () => clearTimeout(pending.current), []);

  const toggle = useCallback(
    (row: number, repeat: number) => {
      const flip = (all: ReadonlySet<number>) => {
        const next = new Set(all);
        if (!next.delete(row)) next.add(row);
        return next;
      };
      setFolding(repeat >= 0 ? { ...folding, opened: flip(folding.opened) } : { ...folding, closed: flip(folding.closed) });
    },
    [folding, setFolding],
  );

  const search = useSearch(view.id, params.get("q") ?? "");
  const here = shown.rows[active] ?? -1;
  const next = (rows: readonly number[], by: 1 | -1) => {
    if (!rows.length) return;
    const row = by > 0 ? (rows.find((r) => r > here) ?? rows[0]!) : (rows.findLast((r) => r < here) ?? rows.at(-1)!);
    goTo(row, !!segment);
    timeline.current?.focus();
  };
  const searchInput = useRef<HTMLInputElement>(null);
  // Of the trace in the URL: the one before it may still be shown while that is read.
  const { id } = useParams<{ id: string }>();
  const neighbours = (by: 1 | -1) => void neighbour(id, params, by).then((other) => other && url.go(`/trace/${other}`, { sort: params.get("sort") }));
  const onMap = params.get("view") === "map";
  const step = (by: number) => {
    const position = Math.min(Math.max(active + by, 0), shown.rows.length - 1);
    move(position);
    timeline.current?.show(position);
  };
  useShortcuts([
    { keys: "j", help: "next row", run: () => step(1) },
    { keys: "k", help: "previous row", run: () => step(-1) },
    { keys: "Enter", help: "details of the row", run: () => active >= 0 && activate(active) },
    { keys: "e", help: "next error", run: () => next(model.troubled, 1) },
    { keys: "E", help: "previous error", run: () => next(model.troubled, -1) },
    { keys: "c", help: "critical path", run: () => set({ critical: !critical }, { replace: true }) },
    { keys: "s", help: "search in the trace", run: () => searchInput.current?.focus() },
    { keys: "n", help: "next match", run: () => next(search.rows, 1) },
    { keys: "N", help: "previous match", run: () => next(search.rows, -1) },
    { keys: "[", help: "previous trace of the list", run: () => neighbours(-1) },
    { keys: "]", help: "next trace of the list", run: () => neighbours(1) },
    ...(onMap ? [] : [{ keys: "0", help: "whole time range of the trace", run: () => set({ zoom: null }) }]),
    { keys: "Escape", help: "close the panel", run: () => set({ segment: null, tab: null }) },
  ]);

  const foldAll = () => {
    const closed = new Set<number>();
    if (!folding.closed.size) for (let i = 0; i < model.count; i++) if (model.hasChildren(i) && model.depth[i]! > 0) closed.add(i);
    setFolding({ ...folding, closed });
  };
  const faults = model.troubled.length;
  return (
    <div className="trace-page">
      <Header view={view} />
      <Notices model={model} reread={reread} />
      <Minimap model={model} zoom={zoom} onZoom={(z) => set({ zoom: z && `${z[0] / 1000}-${z[1] / 1000}` })} />
      <div className="trace-tools">
        <div className="trace-switch" role="group" aria-label="View">
          <button type="button" className="button" aria-pressed={!onMap} onClick={() => set({ view: null })}>
            Timeline
          </button>
          <button type="button" className="button" aria-pressed={onMap} onClick={() => set({ view: "map" })}>
            Map
          </button>
        </div>
        <input
          ref={searchInput}
          className="input"
          type="search"
          aria-label="Search in the trace"
          placeholder="search in the trace (s)"
          defaultValue={params.get("q") ?? ""}
          onChange={(event) => set({ q: event.target.value }, { replace: true })}
          onKeyDown={(event) => {
            if (event.key === "Enter") next(search.rows, event.shiftKey ? -1 : 1);
            if (event.key === "Escape") event.currentTarget.blur();
          }}
        />
        {search.q && (
          <span className="dim" role="status">
            {search.rows.length ? `${count(search.rows.length)} ${search.rows.length === 1 ? "match" : "matches"}` : "no match"}
          </span>
        )}
        {!onMap && (
          <>
            <button type="button" className="button" aria-pressed={critical} onClick={() => set({ critical: !critical }, { replace: true })}>
              Critical path
            </button>
            {view.repeats.length > 0 && (
              <button type="button" className="button" aria-pressed={folding.repeats} onClick={() => setFolding({ ...folding, repeats: !folding.repeats })}>
                Fold repeats
              </button>
            )}
            <button type="button" className="button" onClick={foldAll}>
              {folding.closed.size ? "Expand all" : "Collapse all"}
            </button>
          </>
        )}
        {faults > 0 && (
          <button type="button" className="button" onClick={() => next(model.troubled, 1)}>
            Next of {count(faults)} {faults === 1 ? "error" : "errors"}
          </button>
        )}
        {zoom && !onMap && (
          <button type="button" className="button" onClick={() => set({ zoom: null })}>
            {duration(zoom[0] / 1e6)} – {duration(zoom[1] / 1e6)} ✕
          </button>
        )}
      </div>
      <div className={`trace-body${segment && selectedRow >= 0 ? " with-panel" : ""}`}>
        {onMap ? (
          <Suspense fallback={<Loading what="the map" />}>
            <TraceMap
              model={model}
              row={selectedRow}
              found={search.q ? search.set : null}
              onSelect={goTo}
              onClose={() => set({ segment: null, tab: null })}
              onTimeline={(row) => {
                set({ view: null });
                goTo(row);
              }}
            />
          </Suspense>
        ) : (
          <Timeline
            ref={timeline}
            model={model}
            shown={shown}
            folding={folding}
            active={active}
            found={search.set}
            critical={critical}
            from={zoom?.[0] ?? 0}
            to={zoom?.[1] ?? total}
            onActivate={activate}
            onMove={move}
            onToggle={toggle}
            onOpen={() => active >= 0 && activate(active)}
          />
        )}
        {segment && selectedRow >= 0 && (
          <Details
            trace={view.id}
            segment={segment}
            onSelect={(id) => {
              const row = model.index.get(id);
              if (row !== undefined) goTo(row);
            }}
            onClose={() => set({ segment: null, tab: null })}
          />
        )}
      </div>
    </div>
  );
}

/** What is not as it should be with the trace as a whole. */
function Notices({ model, reread }: { model: Model; reread: () => void }) {
  const { href } = useUrl();
  const { view } = model;
  const lines = [];
  if (view.inProgress) lines.push(`${count(view.inProgress)} in progress`);
  if (view.orphans) lines.push(`${count(view.orphans)} ${view.orphans === 1 ? "row has" : "rows have"} a parent that has not arrived`);
  if (view.limited) lines.push("X-Ray left segments out");
  return (
    <>
      {lines.length > 0 && (
        <p className="notice">
          <span>{lines.join("; ")}.</span>
          <button type="button" className="button" onClick={reread}>
            Read again
          </button>
        </p>
      )}
      {view.links.length > 0 && (
        <nav className="notice" aria-label="Linked traces">
          <span>Linked traces:</span>
          {view.links.slice(0, 8).map((l) => (
            <Link key={l.from + l.trace + l.id} className="mono" href={href(`/trace/${l.trace}`, { segment: l.id })}>
              {l.kind && `${l.kind} `}
              {l.trace}
            </Link>
          ))}
          {view.links.length > 8 && <span className="dim">and {view.links.length - 8} more, on their segments</span>}
        </nav>
      )}
      {view.linkedFrom.all > 0 && (
        <nav className="notice" aria-label="Linked from">
          <span>Linked from:</span>
          {view.linkedFrom.newest.slice(0, 8).map((l) => (
            <Link key={l.trace + l.segment + l.id} className={l.request ? undefined : "mono"} title={l.trace} href={href(`/trace/${l.trace}`, { segment: l.segment })}>
              {l.kind && `${l.kind} `}
              {l.request || l.trace}
            </Link>
          ))}
          {view.linkedFrom.all > 8 && <span className="dim">and {count(view.linkedFrom.all - 8)} more</span>}
        </nav>
      )}
    </>
  );
}

export type { Folding };
