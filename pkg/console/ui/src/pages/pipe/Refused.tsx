import { Fragment } from "react";
import { Link } from "wouter";
import { useApi } from "../../api/client";
import { Copy } from "../../components/Copy";
import { count, dateTime } from "../../format";
import { useTime } from "../../state/time";
import { useUrl } from "../../state/url";
import { bytes, type PipeState, type Refusal } from "./types";

/** The documents that X-Ray Local did not take: why, and as they came. */
export function Refused({ refused }: { refused: PipeState["refused"] }) {
  const { params, set, href } = useUrl();
  const { utc } = useTime();
  const open = params.get("refused") ?? "";
  return (
    <section className="pipe-section" aria-labelledby="pipe-refused">
      <h2 id="pipe-refused">
        Refused documents <span className="dim">{refused.all > refused.newest.length ? `the newest ${refused.newest.length} of ${count(refused.all)}` : count(refused.all)}</span>
      </h2>
      {refused.newest.length === 0 ? (
        <p className="dim">X-Ray Local has taken every document and span. What AWS X-Ray would refuse is listed here, with the reason and the original.</p>
      ) : (
        <table className="pipe-table">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Reason</th>
              <th scope="col" className="wide">
                By
              </th>
              <th scope="col" className="wide">
                Trace
              </th>
              <th scope="col" className="num">
                Size
              </th>
            </tr>
          </thead>
          <tbody>
            {refused.newest.map((r) => {
              const isOpen = open === String(r.number);
              return (
                <Fragment key={r.number}>
                  <tr className={isOpen ? "open" : undefined}>
                    <td className="dim">{dateTime(r.time, utc, 0)}</td>
                    <td className="pipe-reason">
                      <button
                        type="button"
                        aria-expanded={isOpen}
                        disabled={r.size === 0}
                        title={r.size === 0 ? "Of so many spans of one call no originals are kept" : undefined}
                        onClick={() => set({ refused: isOpen ? null : r.number })}
                      >
                        <span aria-hidden="true">{r.size === 0 ? " " : isOpen ? "▾" : "▸"}</span> <b>{r.code || (r.count === 1 ? "Span" : `${count(r.count)} spans`)}</b>{" "}
                        <span className="dim">{r.means || r.reason}</span>
                      </button>
                    </td>
                    <td className="wide dim">{r.by}</td>
                    <td className="wide">
                      {/^1-[0-9a-f]{8}-[0-9a-f]{24}$/.test(r.traceId) ? (
                        <Link className="mono" href={href(`/trace/${r.traceId}`)}>
                          {r.traceId}
                        </Link>
                      ) : (
                        <span className="dim">{r.traceId ? r.traceId.slice(0, 40) : "unknown"}</span>
                      )}
                    </td>
                    <td className="num">{r.size ? bytes(r.size) : "–"}</td>
                  </tr>
                  {isOpen && (
                    <tr className="pipe-open">
                      <td colSpan={5}>
                        <Original refusal={r} />
                      </td>
                    </tr>
                  )}
                </Fragment>
              );
            })}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Original({ refusal }: { refusal: Refusal }) {
  const { data, error } = useApi<{ document: string; size: number }>("pipe/refused", { number: refusal.number });
  if (!data) return <p className="dim">{error ? `${error.title}. ${error.detail}` : "Reading the original …"}</p>;
  let text = data.document;
  try {
    text = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // It is shown as it came: that it is no JSON may be why it was refused.
  }
  return (
    <>
      <p>
        {refusal.reason}
        {data.document.length < data.size && <span className="dim"> The first {bytes(data.document.length)} of {bytes(data.size)}.</span>}
      </p>
      <div className="snippet">
        <pre tabIndex={0} aria-label={`Original of refused document ${refusal.number}`}>
          {text}
        </pre>
        <Copy text={data.document} className="button plain" label="Copy the original" />
      </div>
    </>
  );
}
