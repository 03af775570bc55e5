import { Link } from "wouter";
import { useApi } from "../../api/client";
import { Copy } from "../../components/Copy";
import { Histogram } from "../../components/Histogram";
import { OutcomeMark, WORDS } from "../../components/Outcome";
import { and, clock, count, dateTime, duration, percent } from "../../format";
import { useTime } from "../../state/time";
import { useUrl } from "../../state/url";
import { expression } from "./expression";
import { KindIcon } from "./icons";
import { KINDS, nameOf, OUTCOMES, type Ended, type Figures, type MapEdge, type MapNode, type Series, type ServiceMap } from "./types";

interface PanelProps {
  map: ServiceMap;
  node?: MapNode | undefined;
  edge?: MapEdge | undefined;
  choose: (id: string | null) => void;
  focus: (id: string | null) => void;
}

/** What is known of the chosen node or edge. */
export function Panel({ map, node, edge, choose, focus }: PanelProps) {
  const thing = node ?? edge!;
  const byId = (id: string) => map.nodes.find((n) => n.id === id);
  const from = edge && byId(edge.from);
  const to = edge && byId(edge.to);
  const title = node ? nameOf(node) : `${from ? nameOf(from) : ""} → ${to ? nameOf(to) : ""}`;
  return (
    <aside className="map-panel" aria-label={title}>
      <header>
        {node && <KindIcon kind={node.kind} />}
        <div>
          <h2>{title}</h2>
          <p className="dim">{node ? about(node) : edge!.link ? "messages that led to other traces" : edge!.aliases?.length ? `called as ${edge!.aliases.join(", ")}` : "calls"}</p>
        </div>
        <button type="button" className="button plain" aria-label="Close" title="Close (Escape)" onClick={() => choose(null)}>
          ×
        </button>
      </header>
      <Numbers of={thing} />
      {thing.total > 0 && <Requests of={thing} hasTimes={thing.spread.counts.length > 0} />}
      <OverTime of={thing} />
      {node && <Calls map={map} node={node} choose={choose} />}
      {edge && (
        <section className="map-part">
          <h3>Between</h3>
          <ul className="map-list">
            {[from, to].map(
              (n) =>
                n && (
                  <li key={n.id}>
                    <button type="button" onClick={() => choose(n.id)}>
                      <OutcomeMark outcome={n.outcome} bare />
                      <span className="cut">{nameOf(n)}</span>
                    </button>
                  </li>
                ),
            )}
          </ul>
        </section>
      )}
      {node && <Focus node={node} focus={focus} />}
    </aside>
  );
}

function about(node: MapNode): string {
  const what = node.type && node.type !== "client" && node.type !== "remote" ? node.type : KINDS[node.kind];
  const how = node.kind === "client" ? "" : node.state === "active" ? "sends traces" : "known from its callers";
  return [what, how, node.root ? "entry point" : ""].filter(Boolean).join(" · ");
}

function Numbers({ of }: { of: Figures }) {
  const failed = of.total ? (of.fault + of.throttle + of.error) / of.total : 0;
  const numbers: [string, string][] = [
    ["traffic", of.traffic],
    ["mean", of.total ? duration(of.mean) : "–"],
    ["not ok", of.total ? percent(failed) : "–"],
    ["p50", of.total ? duration(of.p50) : "–"],
    ["p90", of.total ? duration(of.p90) : "–"],
    ["p99", of.total ? duration(of.p99) : "–"],
  ];
  return (
    <dl className="map-numbers">
      {numbers.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The part of the response times that is chosen, from "0.1-0.25". */
function parseRange(text: string | null): [number, number] | null {
  const [from, to] = (text ?? "").split("-").map(Number);
  return from !== undefined && to !== undefined && Number.isFinite(from) && Number.isFinite(to) && from < to ? [from, to] : null;
}

/** Outcomes and response times, to choose some of the requests: what that means in the filter language goes to other pages. */
function Requests({ of, hasTimes }: { of: Figures; hasTimes: boolean }) {
  const { params, set, href } = useUrl();
  const only = (params.get("only")?.split(",") ?? []).filter((o): o is Ended => (OUTCOMES as readonly string[]).includes(o));
  const range = hasTimes ? parseRange(params.get("rt")) : null;
  const wanted = expression(of.filter, only, range);
  const bar = params.get("filter") ?? "";
  const toggle = (outcome: Ended) => {
    const next = only.includes(outcome) ? only.filter((o) => o !== outcome) : [...only, outcome];
    set({ only: next.length < OUTCOMES.length ? next.join(",") : null }, { replace: true });
  };
  const edges = of.spread.edges;
  const choose = (r: [number, number] | null) => {
    if (!r) return set({ rt: null }, { replace: true });
    // To the limits of bins: what is counted is then what is meant.
    const low = edges.findLast((e) => e <= r[0] + 1e-9) ?? r[0];
    const high = edges.find((e) => e >= r[1] - 1e-9) ?? r[1];
    set({ rt: `${low}-${high}` }, { replace: true });
  };
  const inRange = range ? of.spread.counts.reduce((n, c, i) => (edges[i]! >= range[0] - 1e-9 && edges[i + 1]! <= range[1] + 1e-9 ? n + c : n), 0) : of.total;
  return (
    <>
      <section className="map-part">
        <h3>Requests</h3>
        <ul className="map-outcomes">
          {OUTCOMES.map((outcome) => (
            <li key={outcome}>
              <label>
                <input type="checkbox" checked={only.includes(outcome)} disabled={!of[outcome]} onChange={() => toggle(outcome)} />
                <OutcomeMark outcome={outcome} />
              </label>
              <span className="map-share" aria-hidden="true">
                <i className={outcome} style={{ width: `${of.total ? (100 * of[outcome]) / of.total : 0}%` }} />
              </span>
              <Link
                href={href("/traces", { filter: and(bar, expression(of.filter, [outcome], range)) })}
                aria-label={`${count(of[outcome])} ${WORDS[outcome]}, ${percent(of.total ? of[outcome] / of.total : 0)}: their traces`}
              >
                {count(of[outcome])}
              </Link>
              <span className="num dim">{percent(of.total ? of[outcome] / of.total : 0)}</span>
            </li>
          ))}
        </ul>
      </section>
      {hasTimes && (
        <section className="map-part">
          <h3>
            Response times
            {range && (
              <button type="button" className="map-clear" onClick={() => choose(null)}>
                clear
              </button>
            )}
          </h3>
          <Histogram edges={edges} counts={of.spread.counts} selected={range} onSelect={choose} label="Response times of these requests" height={96} />
          <p className="map-note" role="status">
            {range ? `${count(inRange)} of ${count(of.total)} took ${duration(range[0])} to ${duration(range[1])}` : "Drag over a part of it to choose that."}
          </p>
        </section>
      )}
      <section className="map-part map-means">
        <h3>
          As a filter <Copy text={wanted} className="map-clear" children="copy" label="Copy the filter" />
        </h3>
        <code className="map-code">{wanted}</code>
        <div className="map-actions">
          <Link className="button primary" href={href("/traces", { filter: and(bar, wanted) })}>
            View traces
          </Link>
          <Link className="button" href={href("/analytics", { b: wanted })}>
            Analyse against the rest
          </Link>
          {hasTimes && !range && of.p90 > of.p50 && (
            <Link className="button" href={href("/analytics", { b: `${of.filter} { responsetime >= ${slow(of.p90)} }`, a: `${of.filter} { responsetime < ${slow(of.p90)} }` })}>
              What is different about the slow ones
            </Link>
          )}
        </div>
      </section>
    </>
  );
}

const slow = (p90: number) => String(Number(p90.toPrecision(3)));

/** Requests over time: see Traces for what each was. */
function OverTime({ of }: { of: Figures }) {
  const time = useTime();
  const { params } = useUrl();
  const { data } = useApi<Series>("map/series", { from: time.from.toFixed(3), to: time.to.toFixed(3), filter: params.get("filter"), select: of.filter }, { enabled: of.total > 0 });
  if (!of.total) return <p className="map-part dim">No request of it has ended in this time range.</p>;
  const periods = data?.periods ?? [];
  const most = periods.reduce((m, p) => Math.max(m, p.ok + p.error + p.throttle + p.fault), 1);
  const slowest = periods.reduce((m, p) => Math.max(m, p.mean), 0);
  return (
    <section className="map-part">
      <h3>Over time</h3>
      <div className="map-series" role="img" aria-label={data ? `Requests in each ${duration(data.period)}: up to ${count(most)}; mean response time up to ${duration(slowest)}` : "Requests over time"}>
        {data && (
          <svg viewBox={`0 0 ${periods.length} 40`} preserveAspectRatio="none" aria-hidden="true">
            {periods.map((p, i) => {
              let y = 40;
              return OUTCOMES.map((outcome) => {
                const h = (38 * p[outcome]) / most;
                y -= h;
                return h > 0 && <rect key={`${i}${outcome}`} className={outcome} x={i + 0.08} width={0.84} y={y} height={h} />;
              });
            })}
          </svg>
        )}
      </div>
      <p className="map-ends">
        <span>{clock(time.from, time.utc)}</span>
        <span>{data ? `up to ${count(most)} in ${duration(data.period)}` : ""}</span>
        <span title={dateTime(time.to, time.utc)}>{clock(time.to, time.utc)}</span>
      </p>
      {data?.part && <p className="dim">{`Of ${count(data.part.looked)} of ${count(data.part.all)} traces: a shorter time range has fewer.`}</p>}
    </section>
  );
}

function Calls({ map, node, choose }: { map: ServiceMap; node: MapNode; choose: (id: string) => void }) {
  const name = (id: string) => {
    const n = map.nodes.find((other) => other.id === id);
    return n ? nameOf(n) : "";
  };
  const part = (title: string, edges: MapEdge[], end: (e: MapEdge) => string) =>
    edges.length > 0 && (
      <section className="map-part">
        <h3>{title}</h3>
        <ul className="map-list">
          {[...edges]
            .sort((a, b) => b.total - a.total)
            .map((e) => (
              <li key={e.id}>
                <button type="button" onClick={() => choose(e.id)}>
                  <OutcomeMark outcome={e.outcome} bare />
                  <span className="cut" title={name(end(e))}>
                    {name(end(e))}
                  </span>
                  <span className="num dim">{e.traffic}</span>
                  <span className="num">{e.total ? duration(e.mean) : "–"}</span>
                </button>
              </li>
            ))}
        </ul>
      </section>
    );
  return (
    <>
      {part("Called by", map.edges.filter((e) => e.to === node.id), (e) => e.from)}
      {part("Calls", map.edges.filter((e) => e.from === node.id), (e) => e.to)}
    </>
  );
}

function Focus({ node, focus }: { node: MapNode; focus: (id: string | null) => void }) {
  const { params, set } = useUrl();
  const focused = params.get("focus") === node.id;
  const hops = params.get("hops") ?? "1";
  return (
    <section className="map-part">
      <h3>Focus</h3>
      <div className="map-actions">
        <button type="button" className="button" aria-pressed={focused} onClick={() => focus(focused ? null : node.id)}>
          Show only this and
        </button>
        <select className="input" aria-label="Calls away" value={hops} onChange={(event) => set({ hops: event.target.value === "1" ? null : event.target.value, at: focused ? null : params.get("at") })}>
          {["1", "2", "3", "4", "5"].map((n) => (
            <option key={n} value={n}>
              {n === "1" ? "1 call around" : `${n} calls around`}
            </option>
          ))}
        </select>
      </div>
    </section>
  );
}
