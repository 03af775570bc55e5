import { useMemo } from "react";
import { useApi } from "../../api/client";
import { OutcomeShape, WORDS, type Outcome } from "../../components/Outcome";
import { Failed, Loading } from "../../components/states";
import { count, duration } from "../../format";

interface Node {
  id: string;
  name: string;
  type: string;
  kind: string;
  outcome: string;
  x: number;
  y: number;
  size: number;
  total: number;
  mean: number;
  trouble: string;
}

interface Edge {
  id: string;
  points: [number, number][];
  outcome: string;
  link: boolean;
  total: number;
}

/** The answer of /console/api/trace/{id}/map, which is laid out like the service map. */
interface Graph {
  width: number;
  height: number;
  nodes: Node[];
  edges: Edge[];
}

/** The route of an edge as a curve. */
function curve(points: [number, number][]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let [x, y] = first;
  let d = `M${x} ${y}`;
  for (const [nx, ny] of rest) {
    const middle = (x + nx) / 2;
    d += `C${middle} ${y} ${middle} ${ny} ${nx} ${ny}`;
    [x, y] = [nx, ny];
  }
  return d;
}

/** The services of one trace and who called whom, with the row each begins with. */
export default function TraceMap({ id, onSelect }: { id: string; onSelect: (name: string) => void }) {
  const { data, error, refetch } = useApi<Graph>(`trace/${id}/map`);
  const described = useMemo(
    () => data && `${data.nodes.length} nodes: ${data.nodes.map((n) => `${n.name}, ${count(n.total)} ${n.total === 1 ? "request" : "requests"}, ${n.outcome}`).join("; ")}`,
    [data],
  );
  if (error && !data) return <Failed error={error} retry={() => void refetch()} />;
  if (!data) return <Loading what="the map" />;
  const margin = 24;
  return (
    <div className="trace-map" tabIndex={0} role="group" aria-label={`Map of this trace. ${described}`}>
      <svg width={data.width + 2 * margin} height={data.height + 3 * margin} viewBox={`${-margin} ${-margin} ${data.width + 2 * margin} ${data.height + 3 * margin}`}>
        <defs>
          <marker id="trace-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0 8 4 0 8z" className="trace-map-arrow" />
          </marker>
        </defs>
        {data.edges.map((e) => (
          <path key={e.id} className={`trace-map-edge ${e.outcome}${e.link ? " link" : ""}`} d={curve(e.points)} markerEnd="url(#trace-arrow)">
            <title>{`${e.id}: ${count(e.total)} ${e.total === 1 ? "call" : "calls"}`}</title>
          </path>
        ))}
        {data.nodes.map((n) => (
          <g key={n.id} className="trace-map-node" transform={`translate(${n.x} ${n.y})`} onClick={() => onSelect(n.name)}>
            <title>{`${n.name} ${n.type}: ${n.trouble || WORDS[n.outcome as Outcome]}`}</title>
            <circle r={n.size / 2} className={n.outcome} />
            <g transform="translate(-6 -6)" className={`mark ${n.outcome}`}>
              <OutcomeShape outcome={n.outcome as Outcome} />
            </g>
            <text y={n.size / 2 + 14} textAnchor="middle">
              {n.name.length > 24 ? `${n.name.slice(0, 23)}…` : n.name}
            </text>
            <text y={n.size / 2 + 28} textAnchor="middle" className="dim">
              {n.kind === "client" ? "client" : `${n.total > 1 ? `${count(n.total)} × ` : ""}${n.mean < 0.001 ? "<1 ms" : duration(n.mean)}`}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}
