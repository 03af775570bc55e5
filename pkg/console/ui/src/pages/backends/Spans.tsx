import { Fragment, useMemo, useState } from "react";
import { Link } from "wouter";
import { useApi } from "../../api/client";
import { Copy } from "../../components/Copy";
import { Failed, Loading, Stale } from "../../components/states";
import { count, duration } from "../../format";
import { useUrl } from "../../state/url";
import type { Side, SpanPair, TraceDetail, TraceRow } from "./types";

const STEP = 200;

/** The spans of one trace side by side: those with a difference, or all. */
export function Spans({ row }: { row: TraceRow }) {
  const { params, set, href } = useUrl();
  const { data, error, refetch } = useApi<TraceDetail>("backends/trace", { id: row.id });
  const [limit, setLimit] = useState(STEP);
  const current = data?.id === row.id ? data : undefined;
  const faulty = useMemo(() => current?.spans.filter((s) => s.faulty).length ?? 0, [current]);
  if (!current) return error ? <Failed error={error} retry={() => void refetch()} /> : <Loading what="the spans" />;

  const all = params.get("only") === "all" || faulty === 0;
  const shown = all ? current.spans : current.spans.filter((s) => s.faulty);
  const { cause, links } = current;
  return (
    <section className="backends-spans" aria-label={`Spans of ${row.id}`}>
      {error && <Stale error={error} retry={() => void refetch()} />}
      {current.error && (
        <p className="backends-error" role="alert">
          <b>{current.error.title}.</b> {current.error.detail}
        </p>
      )}
      {cause.why && (
        <p className="backends-why">
          <b>{cause.why}</b> {cause.do}
        </p>
      )}
      <div className="backends-tools">
        <code className="cut">{row.id}</code>
        <Copy text={row.id} className="button plain" label="Copy the trace id">
          Copy id
        </Copy>
        <Link className="button" href={href(`/trace/${row.id}`)}>
          Timeline
        </Link>
        <a className="button" href={links.aws} target="_blank" rel="noreferrer">
          Open in AWS
        </a>
        <a className="button" href={links.newRelic} target="_blank" rel="noreferrer">
          Open in New Relic
        </a>
        <Copy text={links.nrql} className="button plain" label="Copy the NRQL query for this trace">
          Copy NRQL
        </Copy>
        {faulty > 0 && (
          <button type="button" className="button" aria-pressed={all} onClick={() => set({ only: all ? null : "all" }, { replace: true })}>
            {all ? `Only what differs (${count(faulty)})` : `All ${count(current.spans.length)} spans`}
          </button>
        )}
      </div>
      <table className="backends-pairs">
        <thead>
          <tr>
            <th scope="col">Span id</th>
            <th scope="col">X-Ray</th>
            <th scope="col">New Relic</th>
          </tr>
        </thead>
        <tbody>
          {shown.slice(0, limit).map((span) => (
            <Pair key={span.id} span={span} indent={all} id={row.id} />
          ))}
        </tbody>
      </table>
      {shown.length > limit && (
        <button type="button" className="button" onClick={() => setLimit(limit + 5 * STEP)}>
          {count(shown.length - limit)} more
        </button>
      )}
    </section>
  );
}

function Pair({ span, indent, id }: { span: SpanPair; indent: boolean; id: string }) {
  const { href } = useUrl();
  const twice = span.times > 1;
  return (
    <Fragment>
      <tr className={span.faulty ? "faulty" : undefined}>
        <td>
          <span className="backends-id" style={{ paddingLeft: indent ? Math.min(span.depth, 12) * 12 : 0 }}>
            <span className={`backends-sign ${span.faulty ? "bad" : "good"}`} aria-hidden="true">
              {span.faulty ? "≠" : span.state === "both" ? "=" : "·"}
            </span>
            {span.xray ? (
              <Link className="mono" href={href(`/trace/${id}`, { segment: span.id })}>
                {span.id}
              </Link>
            ) : (
              <span className="mono">{span.id}</span>
            )}
          </span>
        </td>
        <Cell side={span.xray} missing="missing in X-Ray" />
        <Cell side={span.newRelic} missing={span.reason ? `X-Ray's own: ${REASONS[span.reason] ?? span.reason}` : "missing in New Relic"} calm={!!span.reason} />
      </tr>
      {(span.differences.length > 0 || twice) && (
        <tr className={`backends-fields ${span.faulty ? "faulty" : ""}`}>
          <td />
          <td colSpan={2}>
            <ul>
              {twice && <li className="fault">received {span.times} times</li>}
              {span.differences.map((d, i) => (
                <li key={i} className={d.expected ? "dim" : "fault"}>
                  <span className="backends-field">{d.field}</span>
                  <span>
                    {d.got} <span className="dim">in X-Ray,</span> {d.want} <span className="dim">in New Relic</span>
                    {d.expected && <> · no fault: {d.expected}</>}
                  </span>
                </li>
              ))}
            </ul>
          </td>
        </tr>
      )}
    </Fragment>
  );
}

const REASONS: Record<string, string> = {
  inferred: "the other end of a call",
  "service segment": "the service's segment around its first span",
  "AWS service": "a segment of an AWS service",
};

function Cell({ side, missing, calm = false }: { side: Side | null; missing: string; calm?: boolean }) {
  if (!side) return <td className={calm ? "backends-own dim" : "backends-missing"}>{missing}</td>;
  return (
    <td>
      <span className="backends-side">
        <span className="cut" title={side.service}>
          {side.name}
        </span>
        <span className="dim backends-status">{side.status.toLowerCase()}</span>
        <span className="num">{side.inProgress ? "in progress" : duration(side.duration)}</span>
      </span>
    </td>
  );
}
