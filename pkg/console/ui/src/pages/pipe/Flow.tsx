import type { ReactNode } from "react";
import { count, duration, percent } from "../../format";
import { perSecond, type Collector, type Figure, type Pipe, type Receiver } from "./types";

/** Receive, queue, export, for each backend: figures on the pipes, losses below them. */
export function Flow({ collector, stale }: { collector: Collector; stale: boolean }) {
  const on = collector.pipes.filter((p) => !p.off);
  const off = collector.pipes.filter((p) => p.off);
  const rates = collector.receivers.map((r) => r.accepted?.rate ?? null);
  const received = rates.every((r) => r === null) ? null : rates.reduce<number>((sum, r) => sum + (r ?? 0), 0);
  return (
    <section className={`pipe-flow ${stale ? "stale" : ""}`} aria-label="The collector">
      <div className="pipe-receive">
        <h2>Receive</h2>
        {collector.receivers.map((r) => (
          <ReceiverBox key={r.id} receiver={r} />
        ))}
        {collector.receivers.length === 0 && <p className="dim">Nothing has come yet.</p>}
        <Loss name="memory limiter refused" figure={collector.refused} />
        <Lacks what={collector.lacks} by="this collector" />
      </div>
      <div className="pipe-lanes">
        {on.map((p) => (
          <Lane key={p.exporter} pipe={p} received={received} />
        ))}
        {on.length === 0 && <p className="dim pipe-nothing">No exporter has sent anything yet. One that has no queue shows itself with its first span.</p>}
        {off.length > 0 && (
          <p className="dim pipe-off">
            Switched off: {off.map((p) => `${p.exporter} throws away what it gets (${p.sent ? count(p.sent.total) : "?"} spans)`).join(", ")}.
          </p>
        )}
      </div>
    </section>
  );
}

function ReceiverBox({ receiver: r }: { receiver: Receiver }) {
  return (
    <section className="pipe-receiver" aria-label={`Receiver ${r.id}`}>
      <h3 className="mono">{r.id}</h3>
      <Amount figure={r.accepted} unit="spans" />
      {r.datagrams && <p className="dim">{count(r.datagrams.total)} datagrams</p>}
      <div className="pipe-losses">
        <Loss name="refused" figure={r.refused} />
        <Loss name="failed" figure={r.failed} />
        <Reasons name="lost" reasons={r.dropped} />
      </div>
      <Lacks what={r.lacks} />
    </section>
  );
}

function Lane({ pipe: p, received }: { pipe: Pipe; received: number | null }) {
  const rate = p.sent?.rate ?? null;
  const share = p.queue && p.queue.capacity > 0 ? p.queue.size / p.queue.capacity : null;
  return (
    <section className="pipe-lane" aria-label={`To ${p.backend}`}>
      <div className="pipe-stages">
        <Stream rate={received} />
        <Stage name="Queue">
          {p.queue && share !== null ? (
            <>
              <p className="pipe-figure">{percent(share)}</p>
              <span className="pipe-gauge" role="img" aria-label={`${percent(share)} of the queue is full`}>
                <i className={share > 0.8 ? "bad" : ""} style={{ width: `${Math.min(share * 100, 100)}%` }} />
              </span>
              <p className="dim">
                {count(Math.round(p.queue.size))} of {short(p.queue.capacity)}
              </p>
            </>
          ) : (
            <p className="dim">has none that it reports</p>
          )}
        </Stage>
        <Stream rate={rate} />
        <Stage name="Export">
          <Amount figure={p.sent} unit="spans" />
          <p className="dim">
            {p.inFlight !== null && `${count(p.inFlight)} in flight`}
            {p.inFlight !== null && p.latency !== null && " · "}
            {p.latency !== null && `${duration(p.latency)} each`}
          </p>
        </Stage>
        <Stream rate={rate} arrow />
        <div className="pipe-backend">
          <h2>{p.backend}</h2>
          <p className="mono dim">{p.exporter}</p>
          <Spark pipe={p} />
        </div>
      </div>
      <div className="pipe-losses">
        <Loss name="failed" figure={p.failed} />
        <Loss name="queue was full" figure={p.overflown} />
        <Loss name="throttled" figure={p.throttled} warn />
        <Loss name="retried" figure={p.retried} warn />
        <Loss name="trimmed to 64 KB" figure={p.trimmed} warn />
        <Reasons name="dropped" reasons={p.dropped} />
        <Reasons name="unprocessed" reasons={p.unprocessed} />
      </div>
      <Lacks what={p.lacks} />
    </section>
  );
}

/** Large numbers of a queue's capacity, such as bytes, in short. */
function short(n: number): string {
  return n >= 1e6 ? `${(n / 1e6).toFixed(1)} M` : count(n);
}

function Stage({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="pipe-stage">
      <h3>{name}</h3>
      {children}
    </div>
  );
}

/** A stretch of pipe, the thicker the more flows. */
function Stream({ rate, arrow = false }: { rate: number | null; arrow?: boolean }) {
  const thick = rate === null || rate === 0 ? 1 : Math.min(2 + Math.log10(1 + rate) * 3, 12);
  return (
    <div className={`pipe-stream ${rate ? "" : "still"} ${arrow ? "arrow" : ""}`} aria-hidden="true">
      <span>{rate === null ? "" : perSecond(rate)}</span>
      <i style={{ height: thick }} />
    </div>
  );
}

function Amount({ figure, unit }: { figure: Figure | null; unit: string }) {
  if (!figure) return <p className="dim">not reported</p>;
  return (
    <p>
      <span className="pipe-figure">{figure.rate === null ? count(figure.total) : perSecond(figure.rate)}</span>{" "}
      <span className="dim">{figure.rate === null ? unit : `${count(figure.total)} ${unit}`}</span>
    </p>
  );
}

/** A figure that should be zero. One that is not reported is named by Lacks. */
function Loss({ name, figure, warn = false }: { name: string; figure: Figure | null; warn?: boolean }) {
  if (!figure) return null;
  return (
    <span className={`pipe-loss ${figure.total === 0 ? "none" : warn ? "warn" : "bad"}`}>
      {figure.total > 0 && <span aria-hidden="true">{warn ? "▲" : "◆"} </span>}
      {name} <b>{count(figure.total)}</b>
      {!!figure.rate && <span> · {perSecond(figure.rate)}</span>}
    </span>
  );
}

function Reasons({ name, reasons }: { name: string; reasons: Record<string, number> | null }) {
  if (!reasons) return null;
  const all = Object.entries(reasons).filter(([, n]) => n > 0);
  if (!all.length)
    return (
      <span className="pipe-loss none">
        {name} <b>0</b>
      </span>
    );
  return all.map(([why, n]) => (
    <span key={why} className="pipe-loss bad">
      <span aria-hidden="true">◆ </span>
      {name}, {why || "other"} <b>{count(n)}</b>
    </span>
  ));
}

function Lacks({ what, by = "this component" }: { what: string[]; by?: string }) {
  if (!what.length) return null;
  return (
    <p className="dim pipe-lacks">
      Not reported by {by}: {what.join(", ")}.
    </p>
  );
}

/** What was sent a second, since somebody looks. */
function Spark({ pipe }: { pipe: Pipe }) {
  const points = pipe.history.slice(-60);
  if (points.length < 2) return <svg className="pipe-spark" viewBox="0 0 120 24" aria-hidden="true" />;
  const most = Math.max(...points.map((p) => p.sent), 1e-9);
  const line = points.map((p, i) => `${i ? "L" : "M"}${((i / (points.length - 1)) * 120).toFixed(1)} ${(23 - (p.sent / most) * 21).toFixed(1)}`).join("");
  return (
    <svg className="pipe-spark" viewBox="0 0 120 24" role="img" aria-label={`Spans sent a second, at most ${perSecond(most)}`} preserveAspectRatio="none">
      <path d={line} />
    </svg>
  );
}
