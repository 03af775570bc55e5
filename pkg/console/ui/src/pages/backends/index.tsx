import { Fragment, useCallback, useRef, useState } from "react";
import { useApi } from "../../api/client";
import { Snippet } from "../../components/Copy";
import { OutcomeMark } from "../../components/Outcome";
import { NoTraces } from "../../components/NoTraces";
import { Failed, Loading, Stale } from "../../components/states";
import { age, count, dateTime, duration } from "../../format";
import { useShortcuts } from "../../state/shortcuts";
import { useTime } from "../../state/time";
import { useTitle } from "../../state/title";
import { useUrl } from "../../state/url";
import { Spans } from "./Spans";
import { STATES, type Backends, type State, type TraceRow } from "./types";
import { useHeld } from "./useHeld";
import "./backends.css";

const ORDER: State[] = ["only X-Ray", "only New Relic", "differs", "unread", "arriving", "equal"];

/** What arrived in X-Ray Local and what in New Relic, trace by trace: what differs comes first. */
export default function BackendsPage() {
  useTitle("Backends");
  const { params } = useUrl();
  const time = useTime();
  const filter = params.get("filter") ?? "";
  const limit = params.get("compared");
  const { data, error, refetch } = useApi<Backends>("backends", { from: time.from, to: time.to, filter, limit });
  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <Loading what="both backends" />;
  return (
    <div className="backends-page">
      {error && <Stale error={error} retry={() => void refetch()} />}
      <Sources data={data} filter={filter} />
      {data.rows.length === 0 ? (
        <NoTraces empty={data.empty} error={null} retry={() => void refetch()} />
      ) : (
        <List data={data} busy={!error && data.more && data.compared < Math.min(Number(limit), data.most)} />
      )}
    </div>
  );
}

function Sources({ data, filter }: { data: Backends; filter: string }) {
  const { kind, where, error, listed } = data.newRelic;
  return (
    <header className="backends-sources">
      <h1>Backends</h1>
      <dl>
        <div>
          <dt>X-Ray</dt>
          <dd>X-Ray Local, at this address</dd>
        </div>
        <div>
          <dt>New Relic</dt>
          <dd>{kind === "sink" ? `local sink, ${where}` : kind === "account" ? where : "not known"}</dd>
        </div>
      </dl>
      <p className="dim">
        Spans are matched by id. What X-Ray shows in another way by design (names by service, segments of its own) is no difference.
        {listed && filter && " The filter speaks of what X-Ray has: what only New Relic has is listed whatever it says."}
        {listed && kind === "account" && " Of what only the account has, traces are listed whose id begins with a time, as X-Ray's do."}
      </p>
      {error && (
        <div className="backends-error" role="alert">
          <p>
            <b>{error.title}.</b> {error.detail}
          </p>
          {!kind && <Snippet label="start with a New Relic sink" text={"bragg sink &\nbragg local --newrelic-sink http://127.0.0.1:4319"} />}
        </div>
      )}
    </header>
  );
}

function List({ data: latest, busy }: { data: Backends; busy: boolean }) {
  const { params, set } = useUrl();
  const { utc, to, from, range, live } = useTime();
  const only = params.get("state") as State | null;
  const open = params.get("trace") ?? "";
  const box = useRef<HTMLTableElement>(null);
  const reading = useCallback(() => !!open || !!box.current?.matches(":hover, :focus-within"), [open]);
  const view = `${params.get("filter")} ${busy} ${range ? range.name : `${from} ${to}`} ${live}`;
  const { shown: data, fresh, apply } = useHeld(latest, view, live, reading);
  const chosen = only ? data.rows.filter((r) => r.state === only) : data.rows;
  // What differs is shown however much it is; of the rest the newest.
  const [limit, setLimit] = useState(30);
  const rows = chosen.filter((r, i) => i < limit || STATES[r.state].bad || r.id === open);
  const [at, setAt] = useState(-1);
  const toggle = (id: string) => set({ trace: open === id ? null : id, only: null });
  const move = (by: number) => {
    const next = Math.min(Math.max(at + by, 0), rows.length - 1);
    setAt(next);
    document.getElementById(`backends-${rows[next]?.id}`)?.focus();
  };
  useShortcuts([
    { keys: "j", help: "next trace", run: () => move(1) },
    { keys: "k", help: "previous trace", run: () => move(-1) },
  ]);
  const bad = ORDER.filter((s) => STATES[s].bad).reduce((n, s) => n + (data.counts[s] ?? 0), 0);
  return (
    <>
      <div className="backends-counts">
        <p>
          {data.counts.unread === data.rows.length ? (
            <>{count(data.rows.length)} traces, not compared.</>
          ) : bad === 0 ? (
            <>
              <b>No difference</b> in {count(data.rows.length)} {data.rows.length === 1 ? "trace" : "traces"}.
            </>
          ) : (
            <>
              <b>{count(bad)}</b> of {count(data.rows.length)} {data.rows.length === 1 ? "trace differs" : "traces differ"}.
            </>
          )}
          {fresh > 0 && (
            <>
              {" "}
              <button type="button" className="button" onClick={apply}>
                {count(fresh)} new
              </button>
            </>
          )}
          {data.more && <Further data={data} busy={busy} />}
        </p>
        <div role="group" aria-label="Show only">
          {ORDER.filter((s) => data.counts[s]).map((s) => (
            <button key={s} type="button" className="button" aria-pressed={only === s} onClick={() => set({ state: only === s ? null : s, trace: null })}>
              <Sign state={s} /> {count(data.counts[s] ?? 0)} {STATES[s].word}
            </button>
          ))}
        </div>
      </div>
      <table className="backends-list" ref={box}>
        <thead>
          <tr>
            <th scope="col">Comparison</th>
            <th scope="col">Trace</th>
            <th scope="col" className="num">
              X-Ray
            </th>
            <th scope="col" className="num">
              New Relic
            </th>
            <th scope="col" className="wide">
              Likely cause
            </th>
            <th scope="col" className="num wide">
              Duration
            </th>
            <th scope="col" className="num wide">
              Age
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <Fragment key={row.id}>
              <tr className={open === row.id ? "open" : undefined} onClick={() => toggle(row.id)}>
                <td>
                  <button
                    type="button"
                    id={`backends-${row.id}`}
                    className="backends-state"
                    aria-expanded={open === row.id}
                    aria-label={`${STATES[row.state].word}: ${row.request}, ${row.id}`}
                    onFocus={() => setAt(i)}
                    onClick={(event) => {
                      event.stopPropagation();
                      toggle(row.id);
                    }}
                  >
                    <span className="backends-arrow" aria-hidden="true">
                      {open === row.id ? "▾" : "▸"}
                    </span>
                    <Sign state={row.state} /> {STATES[row.state].word}
                  </button>
                </td>
                <td className="backends-request">
                  <span className="backends-trace">
                    <OutcomeMark outcome={row.inProgress ? "progress" : row.outcome} bare />
                    <span className="cut" title={`${row.request}, ${row.service}`}>
                      {row.request} <span className="dim">{row.service !== row.request && row.service}</span>
                    </span>
                  </span>
                </td>
                <Count n={row.xray} lost={STATES[row.state].bad ? row.missingXRay : 0} where="X-Ray" made={row.made} />
                <Count n={row.newRelic} lost={STATES[row.state].bad ? row.missingNewRelic : 0} where="New Relic" made={0} />
                <td className="wide backends-cause">
                  <span className="cut" title={row.cause.why ? `${row.cause.why} ${row.cause.do}` : undefined}>
                    {row.cause.why || <span className="dim">–</span>}
                  </span>
                </td>
                <td className="num wide">{row.inProgress ? "–" : duration(row.duration)}</td>
                <td className="num wide dim" title={dateTime(row.start, utc)}>
                  {age(to - row.start)}
                </td>
              </tr>
              {open === row.id && (
                <tr className="backends-open">
                  <td colSpan={7}>
                    <Spans row={row} />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
      {rows.length < chosen.length && (
        <p className="backends-more">
          <button type="button" className="button" onClick={() => setLimit(limit + 500)}>
            {count(chosen.length - rows.length)} more
          </button>
        </p>
      )}
      {only && rows.length === 0 && <p className="loading">No trace is “{STATES[only]?.word ?? only}” any more.</p>}
    </>
  );
}

/** Older traces that were not compared: on with them. */
function Further({ data, busy }: { data: Backends; busy: boolean }) {
  const { set } = useUrl();
  if (data.compared >= data.most) return <span className="dim"> Of X-Ray's these are the newest {count(data.compared)}; choose an earlier time range, or a filter, for others.</span>;
  return (
    <>
      <span className="dim"> Of X-Ray's the newest {count(data.compared)} were compared. </span>
      <button type="button" className="button" aria-disabled={busy} onClick={() => !busy && set({ compared: data.compared + data.step }, { replace: true })}>
        {busy ? "Comparing …" : `Compare the next ${count(data.step)}`}
      </button>
    </>
  );
}

function Count({ n, lost, where, made }: { n: number; lost: number; where: string; made: number }) {
  return (
    <td className="num backends-count" title={made ? `${count(made)} of them were made by X-Ray or its exporter` : undefined}>
      {count(n)}
      {lost > 0 && (
        <span className="backends-lost">
          {" "}
          −{count(lost)}
          <span className="hidden"> missing in {where}</span>
        </span>
      )}
    </td>
  );
}

export function Sign({ state }: { state: TraceRow["state"] }) {
  return (
    <span className={`backends-sign ${STATES[state].bad ? "bad" : state === "equal" ? "good" : ""}`} aria-hidden="true">
      {STATES[state].sign}
    </span>
  );
}
