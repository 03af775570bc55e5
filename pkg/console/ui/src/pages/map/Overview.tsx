import { OutcomeMark } from "../../components/Outcome";
import { count } from "../../format";
import { useUrl } from "../../state/url";
import { KindIcon } from "./icons";
import { KINDS, nameOf, type Kind, type ServiceMap } from "./types";

/** How many are listed. */
const MOST = 12;
const WORST = { fault: 0, throttle: 1, error: 2 } as Record<string, number>;

/** What is not well, and how to read the map: shown while nothing is chosen. */
export function Overview({ map, choose }: { map: ServiceMap; choose: (id: string) => void }) {
  const { set } = useUrl();
  const sick = map.nodes
    .filter((n) => n.outcome !== "ok" && n.kind !== "client")
    .sort((a, b) => WORST[a.outcome]! - WORST[b.outcome]! || b.fault / (b.total || 1) - a.fault / (a.total || 1) || b.total - a.total);
  const kinds = (Object.keys(KINDS) as Kind[]).filter((kind) => map.nodes.some((n) => n.kind === kind));
  return (
    <aside className="map-panel" aria-label="About this map">
      <section className="map-part">
        <h2>{sick.length ? `Not well: ${count(sick.length)}` : "All is well"}</h2>
        {sick.length ? (
          <ul className="map-list">
            {sick.slice(0, MOST).map((n) => (
              <li key={n.id}>
                <button type="button" onClick={() => choose(n.id)}>
                  <OutcomeMark outcome={n.outcome} bare />
                  <span className="cut" title={nameOf(n)}>
                    {nameOf(n)}
                  </span>
                  <span className="num dim">{n.trouble.split(", ")[0]}</span>
                </button>
              </li>
            ))}
            {sick.length > MOST && (
              <li>
                <button type="button" className="map-clear" onClick={() => set({ view: "table", sort: "-fault" })}>
                  All {count(sick.length)} in the table
                </button>
              </li>
            )}
          </ul>
        ) : (
          <p className="dim">No service, resource or host has one request in a hundred that failed.</p>
        )}
      </section>
      <Legend kinds={kinds} dense={map.dense} />
    </aside>
  );
}

function Legend({ kinds, dense }: { kinds: Kind[]; dense: boolean }) {
  return (
    <section className="map-part map-legend" aria-label="Legend">
      <h3>How to read it</h3>
      <ul className="map-pairs">
        {(["ok", "error", "throttle", "fault"] as const).map((outcome) => (
          <li key={outcome}>
            <OutcomeMark outcome={outcome} />
            <span className="dim">{{ ok: "", error: "4xx", throttle: "429", fault: "5xx" }[outcome]}</span>
          </li>
        ))}
      </ul>
      <p className="dim">
        A ring shows the shares of outcomes. A line, and a word, takes the colour of the worst that one request in a hundred has.
        {dense ? "" : " Circles grow with the traffic."} A dashed ring has no request that ended.
      </p>
      <ul className="map-pairs">
        {kinds.map((kind) => (
          <li key={kind}>
            <KindIcon kind={kind} />
            {KINDS[kind]}
          </li>
        ))}
        <li>
          <svg className="map-kind" viewBox="-10 -10 20 20" aria-hidden="true">
            <path className="map-icon" d="M-10 0h20" strokeDasharray="5 3" />
          </svg>
          messages to other traces
        </li>
      </ul>
      <p className="dim">Click for figures, double-click for what is around. Arrow keys go along the edges from node to node; Enter opens either.</p>
    </section>
  );
}
