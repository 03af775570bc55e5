import { useState } from "react";
import { Link } from "wouter";
import { and, count, percent } from "../../format";
import { useUrl } from "../../state/url";
import { pValue } from "./expression";
import type { Comparison, Row, TraceSet, Which } from "./types";

const TITLES: Record<string, string> = {
  url: "URL",
  method: "Method",
  status: "Status",
  user: "User",
  service: "Service",
  "responsetime cause": "Response time root cause",
  "fault cause": "Fault root cause",
  "error cause": "Error root cause",
};

/** How a dimension is called. */
export function titleOf(dimension: string): string {
  return TITLES[dimension] ?? dimension;
}

const FEW = 8;

/** Rows of values: how many traces of A and B have each, and whether that differs by more than chance. */
export function Rows({ rows, data, label, named = false, few = FEW }: { rows: Row[]; data: Comparison; label: string; named?: boolean; few?: number }) {
  const url = useUrl();
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, few);
  const compared = data.b !== null;
  const refine = (which: Which, row: Row) => url.set({ [which]: and(which === "a" && data.a.rest ? data.a.own : (url.params.get(which) ?? ""), row.filter) });
  const traces = (set: TraceSet, row: Row) => {
    const own = url.params.has(set === data.a ? "afrom" : "bfrom") || data.since > 0;
    const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
    return url.href("/traces", { filter: and(set.filter, row.filter), ...(own ? { from: iso(set.from), to: iso(set.to), range: null } : {}) });
  };
  const number = (set: TraceSet | null, row: Row, n: number) =>
    set && row.filter ? <Link href={traces(set, row)}>{count(n)}</Link> : count(n);
  return (
    <div className="analytics-scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            <th scope="col">{named ? "What" : "Value"}</th>
            <th scope="col" className="num">
              A
            </th>
            <th scope="col" className="num">
              %
            </th>
            {compared && (
              <>
                <th scope="col" className="num">
                  B
                </th>
                <th scope="col" className="num">
                  %
                </th>
                <th scope="col" className="analytics-middle">
                  A · difference · B
                </th>
                <th scope="col" className="num">
                  p
                </th>
              </>
            )}
            <th scope="col">
              <span className="hidden">refine</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={`${row.dimension} ${row.value}`}>
              <th scope="row" title={row.value}>
                {named && <span className="dim">{titleOf(row.dimension)} </span>}
                {row.value}
              </th>
              <td className="num">{number(data.a, row, row.a)}</td>
              <td className="num dim">{percent(row.shareA)}</td>
              {compared && (
                <>
                  <td className="num">{number(data.b, row, row.b)}</td>
                  <td className="num dim">{percent(row.shareB)}</td>
                  <td className="analytics-middle">
                    <Difference row={row} sure={row.tested && row.p < data.level} />
                  </td>
                  <td className="num" title={row.given ? "The sets were chosen by this" : row.tested ? "adjusted for all values tested" : `fewer than ${data.minCount} traces: not tested`}>
                    {row.given ? <span className="dim">chosen</span> : row.tested ? pValue(row.p) : <span className="dim">–</span>}
                  </td>
                </>
              )}
              <td className="analytics-refine">
                {row.filter &&
                  (["a", "b"] as const).map((which) => (
                    <button key={which} type="button" aria-label={`Refine ${which.toUpperCase()} to ${titleOf(row.dimension)} ${row.value}`} title={`Refine ${which.toUpperCase()} to this`} onClick={() => refine(which, row)}>
                      {which.toUpperCase()}
                    </button>
                  ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > few && (
        <button type="button" className="analytics-all" onClick={() => setAll(!all)}>
          {all ? "Fewer" : `All ${count(rows.length)}`}
        </button>
      )}
    </div>
  );
}

/** A bar to the left for what A has more of, to the right for B. */
function Difference({ row, sure }: { row: Row; sure: boolean }) {
  const size = Math.min(50, Math.abs(row.difference) * 50);
  const points = `${row.difference > 0 ? "+" : row.difference < 0 ? "−" : ""}${(Math.abs(row.difference) * 100).toFixed(1)}`;
  return (
    <span className={`analytics-bar${sure ? " sure" : ""}`}>
      <span aria-hidden="true">
        <i className={row.difference < 0 ? "a" : "b"} style={row.difference < 0 ? { right: "50%", width: `${size}%` } : { left: "50%", width: `${size}%` }} />
      </span>
      <span className="num">{points}</span>
    </span>
  );
}

/** All tables, one for each dimension. */
export function Tables({ data }: { data: Comparison }) {
  const { params, set } = useUrl();
  const compared = data.b !== null;
  const order = params.get("order") === "count" || !compared ? "count" : "difference";
  const sorted = (rows: Row[]) =>
    order === "count" ? rows : [...rows].sort((x, y) => Number(x.given) - Number(y.given) || x.p - y.p || Math.abs(y.difference) - Math.abs(x.difference));
  return (
    <section className="analytics-tables" aria-label="Tables">
      <header>
        <h2>By value</h2>
        {compared && (
          <label className="dim">
            sorted by{" "}
            <select className="input" value={order} onChange={(event) => set({ order: event.target.value === "count" ? "count" : null }, { replace: true })}>
              <option value="difference">most different first</option>
              <option value="count">most traces first</option>
            </select>
          </label>
        )}
      </header>
      <div className="analytics-grid">
        {data.tables.map((table) => (
          <section key={table.dimension}>
            <h3>
              {titleOf(table.dimension)} <span className="dim">{count(table.rows.length + table.left)}</span>
            </h3>
            <Rows rows={sorted(table.rows)} data={data} label={titleOf(table.dimension)} />
          </section>
        ))}
      </div>
    </section>
  );
}
