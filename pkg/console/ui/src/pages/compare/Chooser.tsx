import { useState } from "react";
import { Link } from "wouter";
import { useApi } from "../../api/client";
import { OutcomeMark } from "../../components/Outcome";
import { NoTraces } from "../../components/NoTraces";
import { Failed, Loading, Stale } from "../../components/states";
import { count, dateTime, duration } from "../../format";
import { useTime } from "../../state/time";
import { useUrl } from "../../state/url";
import type { TraceLine } from "./types";

interface Choices {
  traces: TraceLine[];
  more: boolean;
  /** There is no trace at all, of any time. */
  empty: boolean;
}

/** How many are shown at first. */
const STEP = 30;

/** The traces of the time range and filter, each to be A or B. */
export function Chooser({ a, b, choose }: { a: string; b: string; choose: (slot: "a" | "b", id: string) => void }) {
  const { params, href } = useUrl();
  const { from, to, utc } = useTime();
  const filter = params.get("filter") ?? "";
  const [limit, setLimit] = useState(STEP);
  const { data, error, refetch } = useApi<Choices>("compare/choices", { from, to, filter });
  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <Loading what="the traces" />;
  if (!data.traces.length) return <NoTraces empty={data.empty} error={error} retry={() => void refetch()} />;
  const longest = Math.max(...data.traces.map((t) => t.duration), 1e-6);
  return (
    <section className="compare-chooser" aria-labelledby="compare-choose">
      {error && <Stale error={error} retry={() => void refetch()} />}
      <h2 id="compare-choose">
        Choose two{" "}
        <span className="dim">
          {data.more ? `of the newest ${count(data.traces.length)} traces` : count(data.traces.length) + (data.traces.length === 1 ? " trace" : " traces")}
        </span>
      </h2>
      <table className="compare-choices">
        <thead>
          <tr>
            <th scope="col">Compare</th>
            <th scope="col">Outcome</th>
            <th scope="col">Request</th>
            <th scope="col" className="wide">
              Service
            </th>
            <th scope="col" className="num">
              Duration
            </th>
            <th scope="col" className="wide">
              <span className="hidden">Duration on one scale</span>
            </th>
            <th scope="col" className="wide">
              Time
            </th>
          </tr>
        </thead>
        <tbody>
          {data.traces.slice(0, limit).map((t) => (
            <tr key={t.id} aria-selected={t.id === a || t.id === b}>
              <td className="compare-pick">
                {(["a", "b"] as const).map((slot) => (
                  <button
                    key={slot}
                    type="button"
                    className={`compare-letter ${slot}`}
                    aria-pressed={t.id === (slot === "a" ? a : b)}
                    aria-label={`${slot.toUpperCase()} is ${t.request}, ${duration(t.duration)}, ${t.id}`}
                    onClick={() => choose(slot, t.id)}
                  >
                    {slot.toUpperCase()}
                  </button>
                ))}
              </td>
              <td>
                <OutcomeMark outcome={t.inProgress ? "progress" : t.outcome} />
              </td>
              <td className="compare-request">
                <Link className="cut" href={href(`/trace/${t.id}`)} title={t.url || t.request}>
                  {t.request}
                </Link>
              </td>
              <td className="wide dim compare-service cut">{t.service}</td>
              <td className="num">{t.inProgress ? "–" : duration(t.duration)}</td>
              <td className="wide compare-scale">
                <span style={{ width: `${(t.duration / longest) * 100}%` }} />
              </td>
              <td className="wide dim">{dateTime(t.start, utc)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {data.traces.length > limit && (
        <p className="compare-more">
          <button type="button" className="button" onClick={() => setLimit(data.traces.length)}>
            {count(data.traces.length - limit)} more
          </button>
        </p>
      )}
    </section>
  );
}
