import { age, count, dateTime } from "../../format";
import { useTime } from "../../state/time";
import type { Agent } from "./types";

/** Who sends telemetry records: daemons, collectors, SDKs. */
export function Agents({ agents }: { agents: Agent[] }) {
  const { utc } = useTime();
  return (
    <section className="pipe-section" aria-labelledby="pipe-agents">
      <h2 id="pipe-agents">
        Agents <span className="dim">{count(agents.length)}</span>
      </h2>
      {agents.length === 0 ? (
        <p className="dim">No daemon or collector has sent telemetry records yet. They come once a minute, when there was traffic.</p>
      ) : (
        <table className="pipe-table">
          <thead>
            <tr>
              <th scope="col">Agent</th>
              <th scope="col" className="num">
                Received
              </th>
              <th scope="col" className="num">
                Sent
              </th>
              <th scope="col" className="num">
                Spilled
              </th>
              <th scope="col" className="num">
                Rejected
              </th>
              <th scope="col" className="num">
                Errors
              </th>
              <th scope="col" className="num wide">
                Last seen
              </th>
            </tr>
          </thead>
          <tbody>
            {agents.map((a) => (
              <tr key={`${a.name} ${a.resource}`}>
                <td className="pipe-agent">
                  <span className="cut" title={a.resource}>
                    {a.name} <span className="dim">{a.resource !== a.name && a.resource}</span>
                  </span>
                </td>
                <td className="num">{count(a.received)}</td>
                <td className="num">{count(a.sent)}</td>
                <Bad n={a.spilled} />
                <Bad n={a.rejected} />
                <Bad n={a.errors} by={a.errorsBy} />
                <td className="num wide dim" title={dateTime(a.lastSeen, utc)}>
                  {age(Date.now() / 1000 - a.lastSeen)} ago
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Bad({ n, by }: { n: number; by?: Agent["errorsBy"] }) {
  const kinds = Object.entries(by ?? {}).map(([kind, times]) => `${count(times)} ${kind}`);
  return (
    <td className={`num ${n ? "pipe-bad" : "dim"}`}>
      {n > 0 && <span aria-hidden="true">◆ </span>}
      {count(n)}
      {kinds.length > 0 && <span className="pipe-kinds">{kinds.join(", ")}</span>}
    </td>
  );
}
