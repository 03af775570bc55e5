import { useEffect, useState, type FormEvent } from "react";
import { Link } from "wouter";
import { endpoint, Problem, request } from "../../api/client";
import { OutcomeMark } from "../../components/Outcome";
import { dateTime, duration } from "../../format";
import { useTime } from "../../state/time";
import { useUrl } from "../../state/url";
import type { Comparison, TraceLine } from "./types";

type Choose = (slot: "a" | "b", id: string) => void;

interface Typical extends TraceLine {
  of: number;
  by: string;
}

/** The two traces that are compared: their ids to type, swap, and "typical". */
export function Slots({ a, b, data, choose }: { a: string; b: string; data: Comparison | undefined; choose: Choose }) {
  const { params, set } = useUrl();
  const time = useTime();
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => setFailed(""), [a, b]);

  const typical = async () => {
    setBusy(true);
    setFailed("");
    try {
      const found = await request<Typical>(
        endpoint("compare/typical", { id: b || a, from: time.from, to: time.to, filter: params.get("filter") }),
      );
      set({ a: found.id, b: b || a, row: null, typical: `${found.of} of ${found.by}` });
    } catch (error) {
      setFailed(error instanceof Problem ? `${error.title}. ${error.detail}` : String(error));
    } finally {
      setBusy(false);
    }
  };
  const note = params.get("typical");
  return (
    <section className="compare-slots" aria-label="The two traces">
      <Slot name="a" id={a} line={data?.a} choose={choose} note={note ? `the median of ${note}` : ""} />
      <Slot name="b" id={b} line={data?.b} choose={choose} note="" />
      <div className="compare-actions">
        <button type="button" className="button" disabled={!a && !b} onClick={() => set({ a: b, b: a, row: null, typical: null })}>
          Swap
        </button>
        <button type="button" className="button" disabled={busy || (!a && !b)} onClick={() => void typical()} title="A becomes the trace with the median duration of those with the same request">
          {b || !a ? "B against a typical one" : "A against a typical one"}
        </button>
        {(a || b) && (
          <button type="button" className="button plain" onClick={() => set({ a: null, b: null, row: null, typical: null })}>
            Choose others
          </button>
        )}
      </div>
      {failed && (
        <p className="compare-failed" role="alert">
          {failed}
        </p>
      )}
    </section>
  );
}

function Slot({ name, id, line, choose, note }: { name: "a" | "b"; id: string; line: TraceLine | undefined; choose: Choose; note: string }) {
  const { href, set } = useUrl();
  const { utc } = useTime();
  const [text, setText] = useState(id);
  useEffect(() => setText(id), [id]);
  const letter = name.toUpperCase();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name === "a") set({ typical: null }, { replace: true });
    choose(name, text.trim());
  };
  return (
    <form className={`compare-slot ${name}`} onSubmit={submit}>
      <label>
        <span className="compare-letter">{letter}</span>
        <span className="hidden">Id of trace {letter}</span>
        <input
          className="input mono"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onBlur={(event) => {
            if (text.trim() && text.trim() !== id) submit(event);
          }}
          placeholder={`id of trace ${letter}, or choose below`}
          spellCheck={false}
          autoComplete="off"
        />
      </label>
      <p className="compare-about">
        {line && id ? (
          <>
            <OutcomeMark outcome={line.outcome} />
            <Link className="cut" href={href(`/trace/${line.id}`)} title={line.url || line.request}>
              {line.request}
            </Link>
            <b>{line.inProgress ? "in progress" : duration(line.duration)}</b>
            <span className="dim cut">
              {dateTime(line.start, utc)}
              {note && ` · ${note}`}
            </span>
          </>
        ) : (
          <span className="dim">{id ? " " : name === "a" ? "what it is compared with: the good one, the one before" : "the one in question"}</span>
        )}
      </p>
    </form>
  );
}
