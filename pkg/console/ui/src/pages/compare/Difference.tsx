import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { OutcomeShape, WORDS } from "../../components/Outcome";
import { ServiceDot } from "../../components/service";
import { count, duration } from "../../format";
import { useShortcuts } from "../../state/shortcuts";
import { useUrl } from "../../state/url";
import { CHANGES, type Change, type Comparison, type Row, type Side } from "./types";

const ORDER: Change[] = ["outcome", "count", "added", "missing", "slower", "faster", "alike"];
const NARROW = "(max-width: 760px)";

/** The smallest difference in time that is one, in seconds; see compare.Least. */
const LEAST = 0.001;

export function signed(seconds: number): string {
  return `${seconds < 0 ? "−" : "+"}${duration(Math.abs(seconds))}`;
}

/** What differs: in sums, what made it, and row by row. */
export function Difference({ data }: { data: Comparison }) {
  const { params, set, go } = useUrl();
  const only = params.get("only") as Change | null;
  const all = params.get("all") === "1";
  const rows = useMemo(
    () => data.rows.map((row, index) => ({ row, index })).filter(({ row }) => (only ? row.change === only : all || row.shown)),
    [data, only, all],
  );
  const selected = rows.findIndex(({ index }) => String(index) === params.get("row"));
  const [at, setAt] = useState(Math.max(selected, 0));
  const box = useRef<HTMLDivElement>(null);
  const narrow = useMedia(NARROW);
  const list = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => (narrow ? 48 : 28), overscan: 12 });
  useEffect(() => list.measure(), [narrow, list]);

  const select = (to: number) => {
    const i = Math.min(Math.max(to, 0), rows.length - 1);
    if (i < 0) return;
    setAt(i);
    list.scrollToIndex(i);
    set({ row: rows[i]!.index }, { replace: true });
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-row="${i}"]`)?.focus());
  };
  const open = (i: number) => {
    const row = rows[i]?.row;
    const side = row?.b ?? row?.a;
    if (row && side) go(`/trace/${row.b ? data.b.id : data.a.id}`, { segment: side.id });
  };
  useShortcuts([
    { keys: "j", help: "next row", run: () => select(at + 1) },
    { keys: "k", help: "previous row", run: () => select(at - 1) },
    { keys: "x", help: "swap A and B", run: () => set({ a: data.b.id, b: data.a.id, row: null, typical: null }) },
  ]);
  const key = (event: KeyboardEvent) => {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1, PageDown: at + 20, PageUp: at - 20 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      select(to);
    } else if (event.key === "Enter") open(at);
  };

  const differing = data.rows.length - (data.changes.alike ?? 0);
  const longest = Math.max(data.a.duration, data.b.duration, 1e-6);
  const hidden = data.rows.length - rows.length;
  return (
    <>
      <section className="compare-sums" aria-label="What differs">
        <p className="compare-total">
          <b>{duration(data.a.duration)}</b> <span aria-hidden="true">→</span> <b>{duration(data.b.duration)}</b>{" "}
          <Total delta={data.b.duration - data.a.duration} />
        </p>
        <div className="compare-kinds" role="group" aria-label="Show only">
          {ORDER.filter((c) => data.changes[c]).map((c) => (
            <button key={c} type="button" className="button" aria-pressed={only === c} onClick={() => set({ only: only === c ? null : c, row: null })}>
              <ChangeSign change={c} /> {count(data.changes[c] ?? 0)} {CHANGES[c].word}
            </button>
          ))}
        </div>
        <Blame data={data} />
      </section>
      <div className="compare-head" aria-hidden="true">
        <span>Call</span>
        <span className="compare-bars">
          <i className="compare-key a" /> A <i className="compare-key b" /> B, from the start of each
        </span>
        <span className="num">A</span>
        <span className="num">B</span>
        <span className="num">Difference</span>
        <span>Change</span>
      </div>
      <div ref={box} className="compare-rows" role="grid" aria-label="The calls of both traces" aria-rowcount={rows.length} onKeyDown={key}>
        {rows.length === 0 && (
          <div role="row">
            <p role="gridcell" className="compare-none">
              {differing === 0 ? `Nothing differs in ${count(data.rows.length)} rows.` : "No row."}
            </p>
          </div>
        )}
        <div role="presentation" style={{ height: list.getTotalSize(), position: "relative" }}>
          {list.getVirtualItems().map((item) => {
            const { row } = rows[item.index]!;
            return (
              <div
                key={item.key}
                role="row"
                aria-rowindex={item.index + 1}
                aria-selected={item.index === selected}
                data-row={item.index}
                tabIndex={item.index === Math.min(at, rows.length - 1) ? 0 : -1}
                className={`compare-row ${row.change}`}
                style={{ transform: `translateY(${item.start}px)`, height: item.size }}
                onClick={() => select(item.index)}
                onDoubleClick={() => open(item.index)}
              >
                <Cells row={row} data={data} longest={longest} />
              </div>
            );
          })}
        </div>
      </div>
      <p className="compare-foot dim">
        {hidden > 0 && !only && !all && (
          <>
            {count(hidden)} {hidden === 1 ? "row is" : "rows are"} alike.{" "}
            <button type="button" className="button plain" onClick={() => set({ all: true })}>
              Show all
            </button>
          </>
        )}
        {all && !only && (
          <button type="button" className="button plain" onClick={() => set({ all: null })}>
            Show only what differs
          </button>
        )}
        <code>
          bragg compare {data.a.id} {data.b.id}
        </code>
      </p>
    </>
  );
}

function Total({ delta }: { delta: number }) {
  if (Math.abs(delta) < LEAST) return <span className="dim">as long</span>;
  return <span className={delta > 0 ? "compare-slower" : "compare-faster"}>{signed(delta)}</span>;
}

function Cells({ row, data, longest }: { row: Row; data: Comparison; longest: number }) {
  return (
    <>
      <span role="gridcell" className="compare-name" style={{ paddingLeft: Math.min(row.depth, 16) * 14 }}>
        <ServiceDot name={row.service} sorted={data.services} />
        <span className="cut" title={`${row.name} ${row.label}`.trim()}>
          {row.name} <span className="dim">{row.label}</span>
        </span>
        {repeated(row) && (
          <>
            <b className="compare-times">{times(row)}</b>
            <span className="compare-each dim cut">{each(row)}</span>
          </>
        )}
      </span>
      <span role="gridcell" className="compare-bars">
        <Bar side={row.a} longest={longest} name="a" />
        <Bar side={row.b} longest={longest} name="b" />
      </span>
      <Time side={row.a} which="A" />
      <Time side={row.b} which="B" />
      <span role="gridcell" className={`num compare-delta ${row.change === "slower" || row.change === "faster" ? `compare-${row.change}` : ""}`}>
        {row.a && row.b && row.change !== "alike" && Math.abs(row.delta) >= LEAST ? signed(row.delta) : ""}
      </span>
      <span role="gridcell" className="compare-change cut">
        <ChangeSign change={row.change} /> {changed(row)}
      </span>
    </>
  );
}

const repeated = (row: Row) => !!(row.a?.run ?? row.b?.run);

/** "× 48 → 50", "× 48" if there are as many in both. */
function times(row: Row): string {
  const [a, b] = [row.a?.run?.count ?? 0, row.b?.run?.count ?? 0];
  return `× ${a === b || !b ? count(a) : !a ? count(b) : `${count(a)} → ${count(b)}`}`;
}

/** How long one of many took. */
function each(row: Row): string {
  const means = [row.a?.run, row.b?.run].filter((run) => run !== undefined).map((run) => duration(run.mean));
  return `${means[0] === means[1] ? means[0] : means.join(" → ")} each`;
}

function changed({ change, a, b }: Row): string {
  if (change === "outcome" && a && b) return a.run && b.run ? `${count(a.run.failed)} → ${count(b.run.failed)} failed` : `${ended(a)} → ${ended(b)}`;
  return CHANGES[change].word;
}

function ended(side: Side): string {
  return side.status ? `${WORDS[side.outcome]} ${side.status}` : WORDS[side.outcome];
}

function Time({ side, which }: { side: Side | undefined; which: string }) {
  return (
    <span role="gridcell" className="num compare-time">
      <span className="hidden">{which}: </span>
      {side ? (
        <>
          {(side.run ? side.run.failed > 0 : side.outcome !== "ok") && (
            <svg viewBox="0 0 12 12" className={`mark ${side.outcome}`} role="img" aria-label={WORDS[side.outcome]}>
              <OutcomeShape outcome={side.outcome} />
            </svg>
          )}
          {side.inProgress ? "in progress" : duration(side.duration)}
        </>
      ) : (
        <span className="dim">–</span>
      )}
    </span>
  );
}

function Bar({ side, longest, name }: { side: Side | undefined; longest: number; name: "a" | "b" }) {
  if (!side) return <i className="compare-bar" />;
  return (
    <i className={`compare-bar ${name}`}>
      <i style={{ left: `${(side.offset / longest) * 100}%`, width: `${Math.max(((side.run?.span ?? side.duration) / longest) * 100, 0.3)}%` }} />
    </i>
  );
}

function ChangeSign({ change }: { change: Change }) {
  return (
    <span className={`compare-sign ${change}`} aria-hidden="true">
      {CHANGES[change].sign}
    </span>
  );
}

/** The calls that took most more of their own time. */
function Blame({ data }: { data: Comparison }) {
  if (!data.blame.length) return null;
  const most = Math.max(...data.blame.map((i) => data.rows[i]!.self));
  return (
    <div className="compare-blame">
      <h2>Where the time went</h2>
      <ol>
        {data.blame.map((i) => {
          const row = data.rows[i]!;
          return (
            <li key={i}>
              <span className="num">{signed(row.self)}</span>
              <span className="compare-scale">
                <span style={{ width: `${(row.self / most) * 100}%` }} />
              </span>
              <span className="cut">
                {row.name} <span className="dim">{row.label}</span> {repeated(row) && times(row)}
              </span>
            </li>
          );
        })}
      </ol>
      <p className="dim">time of no child, B more than A</p>
    </div>
  );
}

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => window.matchMedia(query).matches);
  useEffect(() => {
    const media = window.matchMedia(query);
    const change = () => setMatches(media.matches);
    media.addEventListener("change", change);
    return () => media.removeEventListener("change", change);
  }, [query]);
  return matches;
}
