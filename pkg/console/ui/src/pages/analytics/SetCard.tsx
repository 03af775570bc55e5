import { useEffect, useState, type FormEvent } from "react";
import { Link } from "wouter";
import { Problem, endpoint, request } from "../../api/client";
import { OutcomeMark } from "../../components/Outcome";
import { count, dateTime, duration, pathOf, percent } from "../../format";
import { useTime } from "../../state/time";
import { useUrl } from "../../state/url";
import type { TraceSet, Which } from "./types";

const OUTCOMES = ["ok", "error", "throttle", "fault"] as const;

/** One of the two sets: what it is, and how its traces fared. */
export function SetCard({ which, set, more, since }: { which: Which; set: TraceSet | null; more: number; since: number }) {
  const url = useUrl();
  const time = useTime();
  const name = which.toUpperCase();
  const own = url.params.get(which) ?? "";
  const [draft, setDraft] = useState(own);
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    setDraft(own);
    setWrong("");
  }, [own]);
  const apply = async (event: FormEvent) => {
    event.preventDefault();
    try {
      // Asked of no time: this is for what is wrong with the expression.
      await request(endpoint("analytics", { a: draft, from: time.to - 1, to: time.to }));
      setWrong("");
      url.set({ [which]: draft });
    } catch (error) {
      setWrong(error instanceof Problem ? error.detail || error.title : String(error));
    }
  };
  const ranged = url.params.get(`${which}from`) !== null;
  const timed = ranged || since > 0;
  const traces = set && url.href("/traces", { filter: set.filter || null, ...(timed ? { from: new Date(set.from * 1000).toISOString(), to: new Date(set.to * 1000).toISOString(), range: null } : {}) });
  return (
    <section className={`analytics-card ${which}`} aria-label={`Set ${name}`}>
      <header>
        <h2>
          <i aria-hidden="true" />
          {name}
        </h2>
        <form onSubmit={(event) => void apply(event)}>
          <input
            className="input mono"
            aria-label={`Filter of set ${name}`}
            aria-invalid={wrong !== ""}
            placeholder={which === "a" ? (set?.rest ? "the rest" : "every trace") : "choose below, or write a filter"}
            value={draft}
            onChange={(event) => setDraft(event.target.value)}
            spellCheck={false}
          />
        </form>
        {(own || ranged) && (
          <button type="button" className="button plain" aria-label={`Clear set ${name}`} title="Clear" onClick={() => url.set({ [which]: null, [`${which}from`]: null, [`${which}to`]: null })}>
            ×
          </button>
        )}
      </header>
      {wrong && (
        <p className="analytics-wrong" role="alert">
          {wrong}
        </p>
      )}
      {set ? (
        <>
          <p className="analytics-total">
            <Link href={traces!}>
              {count(set.traces)} {set.traces === 1 ? "trace" : "traces"}
            </Link>
            {set.more && <span className="dim">, the latest of more than {count(more)}</span>}
            {timed && (
              <span className="dim">
                {dateTime(set.from, time.utc, 0)} – {dateTime(set.to, time.utc, 0).slice(11)}
              </span>
            )}
          </p>
          <ul className="analytics-outcomes">
            {OUTCOMES.map((o) => (
              <li key={o}>
                <OutcomeMark outcome={o} /> <span className="num">{percent(set.traces ? set[o] / set.traces : 0)}</span>
              </li>
            ))}
          </ul>
          <dl className="analytics-times">
            {(["p50", "p90", "p99", "mean"] as const).map((q) => (
              <div key={q}>
                <dt>{q}</dt>
                <dd>{set.timed ? duration(set[q]) : "–"}</dd>
              </div>
            ))}
          </dl>
          {set.slowest.length > 0 && (
            <details className="analytics-slowest">
              <summary>The slowest of {name}</summary>
              <ul>
                {set.slowest.map((t) => (
                  <li key={t.id}>
                    <OutcomeMark outcome={t.outcome} bare />
                    <Link className="cut" href={url.href(`/trace/${t.id}`)}>
                      {[t.method, pathOf(t.url)].filter(Boolean).join(" ") || t.id}
                    </Link>
                    <span className="cut dim">{t.user}</span>
                    <span className="num">{duration(t.seconds)}</span>
                  </li>
                ))}
              </ul>
            </details>
          )}
        </>
      ) : (
        <p className="dim">Nothing is compared yet. Drag over the slow part of the response times, take a row of a table, or start with one of these.</p>
      )}
    </section>
  );
}
