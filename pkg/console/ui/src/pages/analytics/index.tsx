import { useMemo } from "react";
import { useApi } from "../../api/client";
import { Histogram } from "../../components/Histogram";
import { Failed, FirstTrace, Loading, Stale } from "../../components/states";
import { and, clock, count, dateTime, duration, percent } from "../../format";
import { useShortcuts } from "../../state/shortcuts";
import { useTime } from "../../state/time";
import { useTitle } from "../../state/title";
import { useUrl } from "../../state/url";
import { pValue, splitRange, withRange } from "./expression";
import { SetCard } from "./SetCard";
import { Rows, Tables } from "./Tables";
import type { Comparison, Row, TraceSet, Which } from "./types";
import "./analytics.css";

const seconds = (iso: string | null) => (iso ? (Date.parse(iso) / 1000 || 0).toFixed(3) : null);

/** How many traces of a set are compared to begin with. */
const FIRST = 500;

export default function AnalyticsPage() {
  useTitle("Analytics");
  const { params, set } = useUrl();
  const time = useTime();
  const own = (name: string) => params.get(name);
  const selection = {
    from: time.from.toFixed(3),
    to: time.to.toFixed(3),
    filter: own("filter"),
    a: own("a"),
    b: own("b"),
    afrom: seconds(own("afrom")),
    ato: seconds(own("ato")),
    bfrom: seconds(own("bfrom")),
    bto: seconds(own("bto")),
  };
  // Of many traces some are compared at once, the rest when it is read.
  const all = useApi<Comparison>("analytics", selection);
  const waiting = !all.data || (all.isPlaceholderData && !time.live);
  const first = useApi<Comparison>("analytics", { ...selection, limit: FIRST }, { enabled: waiting });
  const { error, refetch } = all;
  const some = first.isPlaceholderData ? undefined : first.data;
  const data = waiting ? (some ?? all.data) : all.data;
  const swap = () => set({ a: own("b"), b: own("a") || data?.a.own, afrom: own("bfrom"), ato: own("bto"), bfrom: own("afrom"), bto: own("ato") });
  useShortcuts([{ keys: "x", help: "exchange A and B", run: swap }]);

  if (!data) {
    if (error) return <Failed error={error} retry={() => void refetch()} />;
    return <Loading what="the traces" />;
  }
  if (data.empty) return <FirstTrace error={error} retry={() => void refetch()} />;
  return (
    <div className="analytics">
      <header className="analytics-head">
        <h1>What is different?</h1>
        <div className="analytics-starts">
          {data.a.timed > 0 && !data.b && (
            <button type="button" className="button primary" onClick={() => set({ b: `responsetime >= ${Number(data.a.p90.toPrecision(3))}` })}>
              The slowest tenth
            </button>
          )}
          {!data.b && (
            <>
              <button type="button" className="button" onClick={() => set({ b: "fault" })}>
                Faults
              </button>
              <button type="button" className="button" onClick={() => set({ b: "error" })}>
                Errors
              </button>
            </>
          )}
          {data.b && (
            <>
              <button type="button" className="button" title="Exchange A and B (x)" onClick={swap}>
                ⇄ A and B
              </button>
              <button type="button" className="button" onClick={() => set({ filter: data.b!.filter, a: null, b: null, afrom: null, ato: null, bfrom: null, bto: null })}>
                Go on with B alone
              </button>
            </>
          )}
        </div>
      </header>
      {error && <Stale error={error} retry={() => void refetch()} />}
      {!data.a.traces && !data.b?.traces && <p className="analytics-note">No trace in this time range matches. Choose a longer one at the top, or another filter.</p>}
      <div className="analytics-cards">
        <SetCard which="a" set={data.a} more={data.limit} since={data.since} />
        <SetCard which="b" set={data.b} more={data.limit} since={data.since} />
      </div>
      {data === some && data.since > 0 && (
        <p className="analytics-note" role="status">
          The newest {count(FIRST)} are compared; reading the rest …
        </p>
      )}
      {data !== some && data.since > 0 && (
        <p className="analytics-note">
          More traces match than the {count(data.limit)} that are read of a set: both sets are compared from {dateTime(data.since, time.utc, 0)} on. Choose a shorter time range, or a filter, for less.
        </p>
      )}
      <Charts data={data} />
      {data.b && <Findings data={data} b={data.b} />}
      <Tables data={data} />
    </div>
  );
}

/** Response times and traces over time, of both sets, with a brush that narrows one of them. */
function Charts({ data }: { data: Comparison }) {
  const { params, set } = useUrl();
  const time = useTime();
  const brush: Which = params.get("brush") === "a" ? "a" : "b";
  const compared = data.b !== null;
  const shares = (counts: number[], of: number) => (compared && of ? counts.map((n) => n / of) : counts);
  const perBucket = (s: TraceSet) => s.series.map((x) => x.ok + x.error + x.throttle + x.fault);
  const edges = useMemo(() => Array.from({ length: data.a.series.length + 1 }, (_, i) => data.from + ((data.to - data.from) * i) / (data.a.series.length || 1)), [data]);
  const [from, to] = [Date.parse(params.get(`${brush}from`) ?? "") / 1000, Date.parse(params.get(`${brush}to`) ?? "") / 1000];
  const { range } = splitRange(params.get(brush) ?? "");
  const iso = (s: number) => new Date(Math.round(s) * 1000).toISOString();
  const write = compared ? percent : count;
  return (
    <section className="analytics-charts" aria-label="Distributions">
      <div>
        <h3>
          Response times <span className="dim">{compared ? "share of A (bars) and of B (line)" : "traces"}</span>
        </h3>
        <Histogram
          edges={data.edges}
          counts={shares(data.a.counts, data.a.timed)}
          other={data.b ? shares(data.b.counts, data.b.timed) : undefined}
          selected={range}
          onSelect={(r) => set({ [brush]: withRange(params.get(brush) ?? "", r, and) })}
          label="Response times"
          height={140}
          write={write}
        />
      </div>
      <div>
        <h3>
          Over time <span className="dim">{compared ? "share of A (bars) and of B (line)" : "traces"}</span>
        </h3>
        <Histogram
          edges={edges}
          counts={shares(perBucket(data.a), data.a.traces)}
          other={data.b ? shares(perBucket(data.b), data.b.traces) : undefined}
          selected={from < to ? [from, to] : null}
          onSelect={(r) => set({ [`${brush}from`]: r && iso(r[0]), [`${brush}to`]: r && iso(Math.max(r[1], r[0] + 1)) })}
          label="Traces over time"
          height={140}
          format={(s) => (data.to - data.from < 30 ? dateTime(s, time.utc).slice(11, 21) : clock(s, time.utc))}
          write={write}
        />
      </div>
      <div className="analytics-brush" role="group" aria-label="What a drag narrows">
        <span className="dim">Dragging narrows</span>
        {(["a", "b"] as const).map((which) => (
          <button key={which} type="button" className="button" aria-pressed={brush === which} onClick={() => set({ brush: which === "a" ? "a" : null }, { replace: true })}>
            {which.toUpperCase()}
          </button>
        ))}
      </div>
    </section>
  );
}

/** What chance does not explain. */
function Findings({ data, b }: { data: Comparison; b: TraceSet }) {
  const t = data.times;
  const isCause = (row: Row) => row.dimension.endsWith(" cause");
  // Beside each other: what such traces are, and what became of them.
  const causes = data.findings.filter(isCause).toSorted((x, y) => x.p - y.p);
  const others = data.findings.filter((row) => !isCause(row));
  return (
    <section className="analytics-findings" aria-label="What is different">
      <h2>{data.findings.length ? `What is different in B: ${count(data.findings.length)}` : "Nothing is different that chance does not explain"}</h2>
      {t && (
        <p>
          {t.p >= data.level
            ? `Response times do not differ by more than chance (p ${pValue(t.p)}).`
            : `${t.slower > 0.5 ? "B is slower" : "B is faster"}: p50 ${duration(data.a.p50)} in A, ${duration(b.p50)} in B; of two traces, that of ${t.slower > 0.5 ? "B" : "A"} takes longer in ${percent(Math.max(t.slower, 1 - t.slower))} (Mann–Whitney, p ${pValue(t.p)}).`}
        </p>
      )}
      {others.length > 0 && <Rows rows={others} data={data} label="Findings" named />}
      {causes.length > 0 && (
        <>
          <h3>
            Root causes <span className="dim">where their time goes, and what failed</span>
          </h3>
          <Rows rows={causes} data={data} label="Root causes" named few={5} />
        </>
      )}
      <p className="dim">
        {`${count(data.tested)} values were tested by Fisher's exact test. p is adjusted for all of them by Holm's method: in sets that do not differ, the chance of any finding is at most ${percent(data.level)}. Values of fewer than ${data.minCount} traces, and what the sets were chosen by, are not tested.`}
      </p>
    </section>
  );
}
